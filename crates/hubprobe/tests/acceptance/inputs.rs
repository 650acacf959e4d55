//! Bad input: a clear error that names the place, the reason and the remedy;
//! and no token in any output.

use crate::Case;
use crate::hubs::Hubs;
use crate::world::{World, bare};

mod mistakes;

pub const EDGES: &[Case] = &[
    ("inputs::tokens", tokens),
    ("inputs::options", options),
    ("inputs::urls", urls),
    ("inputs::suites", suites),
    (
        "inputs::every_kind_of_mistake_in_a_suite",
        mistakes::every_kind_of_mistake_in_a_suite,
    ),
    (
        "inputs::places_that_cannot_be_written",
        places_that_cannot_be_written,
    ),
    ("inputs::no_token_in_any_output", no_token_in_any_output),
];

fn tokens(hubs: &Hubs, version: &str) {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new(hubs, version, "tokens");
    let check = |token: &str| {
        world
            .hubprobe(&["check", "--url", &world.url, "--user", &world.account])
            .and(&["--format", "json", "--token-file", token])
    };
    let finding = check("nowhere").run().exits(3).finds("token.missing");
    assert!(finding["summary"].to_string().contains("nowhere"));
    check(".").run().exits(3).finds("token.missing");
    world.write("two-lines", &format!("{}\nmore\n", world.token));
    let said = check("two-lines").run();
    said.exits(3).finds("token.missing");
    assert!(!said.out.contains(&world.token) && !said.err.contains(&world.token));
    world.write("empty", "\n");
    check("empty").run().exits(3).finds("token.missing");
    // No token at all.
    let said = world
        .hubprobe(&[
            "check", "--url", &world.url, "--user", "x", "--format", "json",
        ])
        .run();
    said.exits(3).finds("token.missing");
    // One newline at the end is how files end; others can read it: a warning.
    let path = world.write("open", &format!("{}\n", world.token));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = check("open").and(&["--dry-run"]).run();
    said.exits(0);
    assert!(said.visit()["warnings"].to_string().contains("chmod 600"));
    // As an argument, everybody on the machine could read it.
    let said = world.check().and(&["--token", &world.token]).run();
    said.exits(2).complains("--token-file");
    assert!(!said.err.contains(&world.token));
    // The same mistake, with another flag: it is not repeated anywhere.
    let said = check(&world.token).run();
    said.exits(2).complains("looks like the token itself");
    assert!(!said.err.contains(&world.token) && !said.out.contains(&world.token));
    // An environment variable for a header that is not there is not the token's fault.
    let said = check("token")
        .and(&["--header", "X-Access=NOPE_NOT_SET"])
        .run();
    let finding = said.exits(3).finds("token.missing");
    assert!(finding.to_string().contains("--header"), "{finding}");
    // From the environment and from standard input.
    let call = world
        .hubprobe(&[
            "check",
            "--url",
            &world.url,
            "--user",
            &world.account,
            "--dry-run",
        ])
        .env("HUBPROBE_TOKEN", &world.token);
    call.run().exits(0);
    let mut call = check("-").and(&["--dry-run"]);
    call.0
        .stdin(std::fs::File::open(world.dir.join("token")).unwrap());
    call.run().exits(0);
}

fn options(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "options");
    let refused = |args: &[&str], words: &str| {
        let said = world.check().and(args).run();
        said.exits(2).complains(words);
    };
    refused(&["--options", "[1, 2]"], "object");
    refused(&["--options", "{"], "--options");
    refused(&["--option", "novalue"], "KEY=VALUE");
    refused(&["--deadline", "start"], "WHAT=TIME");
    refused(&["--deadline", "lunch=1h"], "lunch");
    refused(&["--format", "pdf"], "pdf");
    refused(&["--format", "terminal"], "standard output");
    let said = world
        .check()
        .and(&["--dry-run", "--option", "id=0012"])
        .run();
    said.exits(0).complains("0012");
}

fn urls(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "urls");
    let check = |url: &str| {
        world
            .hubprobe(&["check", "--user", &world.account, "--token-file", "token"])
            .and(&["--format", "json", "--dry-run", "--url", url])
            .run()
    };
    check("127.0.0.1:8000").exits(2).complains("http");
    check("ftp://127.0.0.1/").exits(2).complains("ftp");
    for end in ["hub", "hub/", "hub/api", "hub/api/"] {
        let said = check(&format!("{}{end}", world.url));
        said.exits(0).complains("note:");
        assert_eq!(said.visit()["hub"], world.url.as_str());
    }
    let said = world.hubprobe(&["check", "--user", "x"]).run();
    said.exits(2).complains("--url");
    let said = world.hubprobe(&["check", "--url", &world.url]).run();
    said.exits(2).complains("--user");
}

fn suites(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "suites");
    let check = |suite: &str| {
        world.write("suite.yaml", suite);
        world.hubprobe(&["check", "--suite", "suite.yaml"]).run()
    };
    let said = check("hubs:\n  here:\n    url: http://127.0.0.1/\n    colour: blue\n");
    said.exits(2)
        .complains("suite.yaml:4:5")
        .complains("colour");
    let said = check("hubs: [\n");
    said.exits(2).complains("suite.yaml:");
    let said = world.hubprobe(&["check", "--suite", "nowhere.yaml"]).run();
    said.exits(2).complains("nowhere.yaml");
    let good = format!(
        "hubs:\n  here:\n    url: {}\n    accounts:\n      suites: {{ token: {{ file: token }} }}\nprobes:\n  normal: {{}}\n",
        world.url
    );
    world.write("suite.yaml", &good);
    let said = world
        .hubprobe(&["check", "normel", "--suite", "suite.yaml"])
        .run();
    said.exits(2).complains("normel").complains("normal");
}

fn places_that_cannot_be_written(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "places");
    let said = world
        .check()
        .and(&["--format", "junit=no/such/dir/out.xml"])
        .run();
    said.exits(2).complains("no/such/dir/out.xml");
    world.write("file", "");
    let said = world.check().and(&["--state-dir", "file"]).run();
    said.exits(2).complains("--state-dir");
    let mut call = world.check();
    call.0
        .env_remove("HUBPROBE_STATE_DIR")
        .env_remove("HOME")
        .env_remove("XDG_STATE_HOME");
    call.run().exits(2).complains("--state-dir");
    // Nothing was sent.
    assert!(!world.runs(""));
}

/// Every command at the highest level of telling, passing and failing.
fn no_token_in_any_output(hubs: &Hubs, version: &str) {
    let world = World::new(hubs, version, "hushed");
    let admin_token = world.admin_token_file.display().to_string();
    let admin_secret = std::fs::read_to_string(&world.admin_token_file).unwrap();
    // The kernel says the token aloud, and so does an error.
    let echo = format!("print('{0}'); raise ValueError('{0}')", world.token);
    let calls = [
        world.check(),
        world
            .check()
            .option(&format!("note={}", world.token))
            .option("fault=raise"),
        world.check_code(&echo, None),
        world.check_code(&format!("print('{}')", world.token), Some("x")),
        world
            .check()
            .and(&["--format", "junit=out.xml", "--format", "terminal=out.txt"]),
        world.check().and(&["--dry-run"]),
        world.hubprobe(&["clean"]),
        world
            .hubprobe(&["account", "show", &world.account, "--url", &world.url])
            .and(&["--token-file", "token"]),
        world
            .hubprobe(&["account", "create", "hushed-too", "--url", &world.url])
            .and(&[
                "--admin-token-file",
                &admin_token,
                "--out",
                "hushed-too.token",
            ]),
        world
            .hubprobe(&["account", "revoke", "hushed-too", "--url", &world.url])
            .and(&["--admin-token-file", &admin_token]),
    ];
    for call in calls {
        let said = call.and(&["--log", "trace"]).run();
        for secret in [world.token.as_str(), admin_secret.trim()] {
            assert!(
                !said.out.contains(secret),
                "on standard output: {}",
                said.out
            );
            assert!(
                !said.err.contains(secret),
                "on standard error: {}",
                said.err
            );
        }
    }
    let mut files = 0;
    let mut look = vec![world.dir.clone()];
    while let Some(dir) = look.pop() {
        for file in std::fs::read_dir(dir).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                look.push(path);
            } else if !["token", "suite.yaml", "hushed-too.token"].contains(&name.as_str()) {
                files += 1;
                let text = std::fs::read_to_string(&path).unwrap();
                assert!(!text.contains(&world.token), "in {}", path.display());
                assert!(!text.contains(admin_secret.trim()), "in {}", path.display());
            }
        }
    }
    assert!(files >= 2, "the reports are not there");
    let help = bare(&["check", "--help"])
        .env("HUBPROBE_TOKEN", &world.token)
        .output()
        .unwrap();
    assert!(!String::from_utf8_lossy(&help.stdout).contains(&world.token));
}
