//! Notebooks: the same verdicts as nbclient's and nbval's, on the same kernel, in the same run; and what is kept of them.
//!
//! The notebooks stand in tests/notebooks: plots, widgets, errors, streams, large outputs, a question, a kernel that ends. The
//! table says what each comes to; that it is so is asked of those programs as well as of hubprobe.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use jupyterhub_sandbox::{Modules, Places};

use crate::Case;
use crate::hubs::{Hubs, block_on};
use crate::world::World;

/// On the newest version alone: what is compared is not the hub's.
pub const EDGES: &[Case] = &[
    ("notebooks::as_nbclient_and_nbval", as_nbclient_and_nbval),
    ("notebooks::what_is_kept", what_is_kept),
];

/// The kernel in which all run, and the programs that judge beside us.
const ENVIRONMENT: Modules<'_> = Modules {
    name: "nbval, nbclient and what notebooks show",
    directory: "notebooks",
    requirements: include_str!("../notebooks/requirements.txt"),
};

/// Each notebook, and its cause with `compare: none`, as nbclient has it, and with `compare: outputs`, as nbval does.
const TABLE: &[(&str, Option<&str>, Option<&str>)] = &[
    ("plot", None, None),
    ("expected_error", None, None),
    ("streams", None, None),
    ("large", None, None),
    ("table", None, None),
    ("sanitised", None, None),
    // An Output widget wants a page that takes what it shows, which nbclient makes up and nbval does not.
    ("widgets", None, Some("notebook.differs")),
    ("differs", None, Some("notebook.differs")),
    ("updates", None, Some("notebook.differs")),
    // A mark of nbval's, of which nbclient knows nothing.
    ("marked", Some("notebook.error"), None),
    (
        "unexpected_error",
        Some("notebook.error"),
        Some("notebook.error"),
    ),
    ("input", Some("notebook.error"), Some("notebook.error")),
    ("crash", Some("kernel.died"), Some("kernel.died")),
];

/// The same with `compare: marked`, as nbval --nbval-lax, of those that tell the two apart.
const LAX: &[(&str, Option<&str>)] = &[("differs", None), ("marked", None)];

/// What fails in the same way whether outputs are compared or not; hubprobe is asked once.
const NONE_ALONE: [&str; 2] = ["input", "crash"];
const OUTPUTS_ALONE: [&str; 1] = ["unexpected_error"];

type Expected = Vec<(&'static str, Option<&'static str>)>;

fn expected(compare: &str) -> Expected {
    let all = TABLE.iter();
    match compare {
        "none" => all.map(|(name, none, _)| (*name, *none)).collect(),
        "outputs" => all.map(|(name, _, outputs)| (*name, *outputs)).collect(),
        _ => LAX.to_vec(),
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/notebooks")
}

/// A kernelspec `notebooks` in a directory of data.
fn offer_kernel(python: &Path, data: &Path) {
    let place = data.join("kernels/notebooks");
    std::fs::create_dir_all(&place).unwrap();
    let spec = serde_json::json!({
        "argv": [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "notebooks",
        "language": "python",
    });
    std::fs::write(place.join("kernel.json"), spec.to_string()).unwrap();
}

fn copied(to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(source()).unwrap().flatten() {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// An account whose servers have the kernel, with the notebooks in its directory.
fn world(hubs: &Hubs, version: &str, account: &str, python: &Path) -> World {
    let world = World::new(hubs, version, account);
    let home = hubs.of(version).sandbox.dir().join("homes").join(account);
    offer_kernel(python, &home.join(".local/share/jupyter"));
    copied(&world.dir.join("notebooks"));
    world
}

fn python() -> PathBuf {
    let places = Places::from_env().unwrap();
    let modules = block_on(ENVIRONMENT.ensure(&places, &mut |_| {})).unwrap();
    let environment = modules.ancestors().nth(3).unwrap();
    environment.join("bin/python")
}

/// What one of the other programs says of notebooks.
fn theirs(python: &Path, dir: &Path, how: &str, names: &[&str]) -> BTreeMap<String, String> {
    let mut command = Command::new(python);
    command
        .arg("verdicts.py")
        .arg(how)
        .args(names.iter().map(|name| format!("{name}.ipynb")))
        .current_dir(dir)
        .env("JUPYTER_PATH", dir)
        .env("HOME", dir)
        .env("MPLCONFIGDIR", dir);
    let said = command.output().unwrap();
    let out = String::from_utf8(said.stdout).unwrap();
    let err = String::from_utf8_lossy(&said.stderr);
    let last = out.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{how}: {error}: {out}\n{err}"))
}

/// Our verdicts: those that pass in one visit, each other in its own.
fn ours(world: &World, compare: &str, notebooks: &[(&str, Option<&str>)], passing: bool) {
    let sanitize = match compare {
        "none" => "",
        _ => ", sanitize: notebooks/sanitize.cfg",
    };
    let step = |name: &str| {
        format!(
            "      - notebook: {{ path: notebooks/{name}.ipynb, compare: {compare}, kernel: notebooks{sanitize} }}\n"
        )
    };
    let mut probes = String::new();
    if passing {
        let green = notebooks.iter().filter(|(_, cause)| cause.is_none());
        let steps: String = green.map(|(name, _)| step(name)).collect();
        probes.push_str(&format!("  green:\n    steps:\n{steps}"));
    } else {
        for (name, _) in notebooks.iter().filter(|(_, cause)| cause.is_some()) {
            probes.push_str(&format!("  {name}:\n    steps:\n{}", step(name)));
        }
    }
    world.write(
        "suite.yaml",
        &format!(
            "hubs:\n  here:\n    url: {}\n    accounts:\n      {}: {{ token: {{ file: token }} }}\nprobes:\n{probes}",
            world.url, world.account
        ),
    );
    let kept = format!("kept-{compare}-{passing}");
    let run = world
        .hubprobe(&["check", "--suite", "suite.yaml", "--format", "json"])
        .and(&["--artifacts", &kept])
        .run();
    let report = run.report();
    for visit in report["visits"].as_array().unwrap() {
        let probe = visit["probe"].as_str().unwrap();
        let cause = notebooks.iter().find(|(name, _)| *name == probe);
        let cause = cause.and_then(|(_, cause)| *cause);
        assert_eq!(
            visit["finding"]["cause"].as_str(),
            cause,
            "{compare}: {visit:#}"
        );
    }
    world.assert_nothing_left();
}

fn as_nbclient_and_nbval(hubs: &Hubs, version: &str) {
    let python = python();
    let worlds: Vec<World> = (1..=3)
        .map(|number| world(hubs, version, &format!("notebooks-{number}"), &python))
        .collect();
    let [one, two, three] = worlds.as_slice() else {
        unreachable!()
    };
    let (none, outputs, lax) = (expected("none"), expected("outputs"), expected("marked"));
    let but = |all: &Expected, not: &[&str]| -> Expected {
        let all = all.iter().filter(|(name, _)| !not.contains(name));
        all.copied().collect()
    };
    let agree = |how: &str, expected: &Expected| {
        let holder = tempfile::tempdir().unwrap();
        let dir = holder.path().join("notebooks");
        copied(&dir);
        offer_kernel(&python, &dir);
        let names: Vec<&str> = expected.iter().map(|(name, _)| *name).collect();
        let verdicts = theirs(&python, &dir, how, &names);
        let wanted: BTreeMap<String, String> = expected
            .iter()
            .map(|(name, cause)| {
                let verdict = if cause.is_some() { "failed" } else { "passed" };
                ((*name).to_owned(), verdict.to_owned())
            })
            .collect();
        assert_eq!(verdicts, wanted, "{how}");
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            agree("nbclient", &none);
            agree("--nbval-lax", &lax);
        });
        scope.spawn(|| agree("--nbval", &outputs));
        scope.spawn(|| {
            ours(one, "none", &none, true);
            ours(one, "marked", &lax, true);
        });
        scope.spawn(|| {
            ours(two, "outputs", &outputs, true);
            ours(two, "none", &but(&none, &OUTPUTS_ALONE), false);
        });
        scope.spawn(|| ours(three, "outputs", &but(&outputs, &NONE_ALONE), false));
    });
    // What was kept of all of them are notebooks, the failed ones too.
    let mut kept = Vec::new();
    for world in &worlds {
        for entry in walk(&world.dir).iter().filter(|path| {
            let is_kept = |part: &OsStr| part.to_string_lossy().starts_with("kept-");
            path.extension() == Some(OsStr::new("ipynb"))
                && path.components().any(|part| is_kept(part.as_os_str()))
        }) {
            kept.push(entry.with_extension("").display().to_string());
        }
    }
    let once = NONE_ALONE.len() + OUTPUTS_ALONE.len();
    assert_eq!(kept.len(), TABLE.len() * 2 + LAX.len() - once, "{kept:?}");
    let names: Vec<&str> = kept.iter().map(String::as_str).collect();
    theirs(&python, &source(), "valid", &names);
}

/// All files below a directory.
fn walk(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().flatten();
    entries
        .flat_map(|entry| {
            let path = entry.path();
            if path.is_dir() {
                walk(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

/// The notebook as it ran, without the token; and a directory that cannot be.
fn what_is_kept(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "notebooks-kept");
    let cell = |source: String| serde_json::json!({"cell_type": "code", "metadata": {}, "execution_count": null, "outputs": [], "source": source});
    let notebook = serde_json::json!({
        "nbformat": 4, "nbformat_minor": 4, "metadata": {},
        "cells": [cell(format!("token = '{}'\nprint(token, 6*7)", world.token)), cell("1/0".to_owned()), cell("8".to_owned())],
    });
    world.write("n.ipynb", &notebook.to_string());
    let steps = "- notebook: { path: n.ipynb }\n      - notebook: { path: n.ipynb }";
    let unwritable = world.check_steps(steps).and(&["--artifacts", "token"]);
    unwritable.run().exits(2).complains("nothing was sent");
    let run = world.check_steps(steps).and(&["--artifacts", "kept"]).run();
    let finding = run.exits(1).finds("notebook.error");
    let summary = finding["summary"].as_str().unwrap();
    assert_eq!(
        summary,
        "n.ipynb: code cell 2 of 3 raised ZeroDivisionError: division by zero"
    );
    assert!(!format!("{}{}", run.out, run.err).contains(&world.token));
    let kept = std::fs::read_to_string(world.dir.join("kept/code/n.ipynb")).unwrap();
    assert!(!kept.contains(&world.token), "{kept}");
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(
        kept["cells"][0]["outputs"][0]["text"].as_str(),
        Some("[token] 42\n")
    );
    assert_eq!(kept["cells"][1]["outputs"][0]["ename"], "ZeroDivisionError");
    assert_eq!(kept["cells"][2]["outputs"], serde_json::json!([]));
    // What was kept may be a suite's notebook one day, and is not written over then.
    let steps = "- notebook: { path: kept/code/n.ipynb }";
    let over = world.check_steps(steps).and(&["--artifacts", "kept"]);
    over.run().exits(2).complains("would take the place of");
    world.assert_nothing_left();
}
