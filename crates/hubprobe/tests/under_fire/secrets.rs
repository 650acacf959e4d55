//! No token in anything that is written: every command, every report, every log level, on a hub that says the token
//! back in errors, headers, redirects, progress messages and the kernel's output.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::time::Duration;

use fakehub::{Act, Place, Rule, Script, Stop};

use crate::Case;
use crate::fire::{ACCOUNT, Fire, MADE};
use crate::hubs::{Hubs, wait_for};
use crate::world::Call;

pub const ALWAYS: &[Case] = &[
    (
        "secrets::in_nothing_that_a_check_writes",
        in_nothing_that_a_check_writes,
    ),
    (
        "secrets::in_nothing_that_account_commands_write",
        in_nothing_that_account_commands_write,
    ),
    (
        "secrets::in_nothing_that_keeping_an_account_writes",
        in_nothing_that_keeping_an_account_writes,
    ),
    ("secrets::not_to_another_origin", not_to_another_origin),
    (
        "secrets::not_in_a_dump_nor_a_command_line",
        not_in_a_dump_nor_a_command_line,
    ),
];

/// Which files may hold a token: those that were made for it.
const OURS: &[&str] = &["token", "admin", "made", "refresh", "access"];

/// What is written in its place.
const HIDDEN: &str = "[token]";

/// A hub that knows the token of the account, and says it wherever it can.
fn hostile() -> Fire {
    // Long enough for all of its words.
    let fire = Fire::new(Script {
        spawn: Duration::from_millis(400),
        ..Script::default()
    });
    let token = fire.token.clone();
    fire.hub.world.script(|script| {
        script.echo = Some(token.clone());
        script.progress.push(format!("the token is {token}"));
    });
    fire
}

/// All that could give a token away: itself, and itself in other clothes.
fn forms(token: &str) -> Vec<String> {
    use base64::Engine as _;
    let base64 = base64::engine::general_purpose::STANDARD.encode(token);
    vec![
        token.to_owned(),
        token.to_uppercase(),
        base64.trim_end_matches('=').to_owned(),
    ]
}

/// Nothing below the directory, and nothing that was said, holds one.
fn assert_silent(fire: &Fire, what: &str, said: &[&str]) {
    let tokens: Vec<String> = OURS
        .iter()
        .filter_map(|name| std::fs::read_to_string(fire.dir.join(name)).ok())
        .flat_map(|token| forms(token.trim()))
        .collect();
    assert!(tokens.len() >= 6);
    let mut texts: Vec<(String, String)> = said
        .iter()
        .map(|text| ("the screen".to_owned(), (*text).to_owned()))
        .collect();
    files(&fire.dir, &mut texts);
    for (place, text) in texts {
        for token in &tokens {
            let found = text.find(token.as_str());
            assert!(
                found.is_none(),
                "{what}: a token in {place}: …{}",
                &text[found.unwrap().saturating_sub(200)..found.unwrap()]
            );
        }
    }
}

fn files(dir: &Path, texts: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() {
            files(&path, texts);
        } else if !OURS.iter().any(|ours| name == *ours) {
            let bytes = std::fs::read(&path).unwrap();
            texts.push((
                path.display().to_string(),
                String::from_utf8_lossy(&bytes).into_owned(),
            ));
        }
    }
}

/// Runs it at every log level, with every report, and looks at all that it wrote.
fn everywhere(fire: &Fire, what: &str, call: impl Fn() -> Call) {
    for (level, format) in [
        ("trace", "terminal"),
        ("debug", "json"),
        ("trace", "junit"),
        ("warn", "json=report.json"),
    ] {
        let said = call()
            .and(&[
                "--log",
                level,
                "--format",
                format,
                "--deadline",
                "stop=2s",
                "--deadline",
                "total=20s",
            ])
            .run();
        assert_ne!(said.code, Some(2), "{what}: {said:?}");
        assert_ne!(said.code, Some(70), "{what}: {said:?}");
        // The hub did say it, the first time: something stands in its place.
        let written = format!("{}{}", said.out, said.err);
        let quiet = matches!(what, "refused" | "dry run") || format != "terminal";
        assert!(quiet || written.contains(HIDDEN), "{what}: {written}");
        assert_silent(fire, what, &[&said.out, &said.err]);
    }
    let said = fire
        .clean()
        .and(&["--log", "trace", "--deadline", "2s"])
        .run();
    assert_silent(fire, what, &[&said.out, &said.err]);
}

fn in_nothing_that_a_check_writes(_: &Hubs) {
    let check = |fire: &Fire| {
        let url = fire.hub.url();
        fire.hubprobe(&[
            "check",
            "--url",
            &url,
            "--user",
            ACCOUNT,
            "--token-file",
            "token",
            "--files",
            "1KiB",
        ])
    };
    let passing = hostile();
    everywhere(&passing, "passing", || check(&passing));
    everywhere(&passing, "dry run", || check(&passing).and(&["--dry-run"]));
    let token = passing.token.clone();
    // The answer to the token as an option, of all things.
    everywhere(&passing, "an option", || {
        check(&passing).and(&["--option", &format!("key={token}")])
    });
    let echo = |status: &str| {
        let fields =
            format!("Location: http://elsewhere.invalid/?token={token}\r\nServer: {token}\r\n");
        let body = format!(
            "{{\"status\": 500, \"message\": \"{token}\", \"reason\": \"<b>{token}</b>\"}}"
        );
        (fields, body, status.to_owned())
    };
    for place in Place::VISIT {
        for status in ["500 No", "403 No", "302 Found"] {
            let (fields, body, status) = echo(status);
            let fire = hostile();
            // The one hub's echo is another's token: this fire's own is what it must not say.
            let own = |text: &str| text.replace(&token, &fire.token);
            let act = Act::answer(&own(&status), &own(&fields), own(&body).as_bytes());
            fire.hub.gate.rule(Rule::every(place, act));
            let what = format!("{place:?}: {status}");
            let said = check(&fire)
                .and(&[
                    "--log",
                    "trace",
                    "--format",
                    "terminal",
                    "--format",
                    "json=r.json",
                    "--format",
                    "junit=r.xml",
                    "--format",
                    "html=r.html",
                    "--format",
                    "markdown=r.md",
                    "--format",
                    "prometheus=r.prom",
                    "--journal",
                    "run.journal",
                    "--artifacts",
                    "kept",
                ])
                .and(&["--deadline", "stop=2s", "--deadline", "total=4s"])
                .run();
            assert_silent(&fire, &what, &[&said.out, &said.err]);
            // The hub's words are in it, and something stands in the token's place.
            let kept = std::fs::read_to_string(fire.dir.join("kept/check/requests.har"));
            assert!(
                said.code == Some(0) || kept.unwrap().contains(HIDDEN),
                "{what}: {said:?}"
            );
        }
    }
    for stop in [Stop::Fails, Stop::Ignored] {
        let fire = hostile();
        fire.hub.world.script(|script| script.stop = stop);
        everywhere(&fire, &format!("{stop:?}"), || check(&fire));
    }
    // From the environment, and with a token that the hub does not know.
    let fire = hostile();
    let url = fire.hub.url();
    let token = fire.token.clone();
    let by_env = || {
        fire.hubprobe(&["check", "--url", &url, "--user", ACCOUNT])
            .env("HUBPROBE_TOKEN", &token)
    };
    everywhere(&fire, "from the environment", by_env);
    fire.hub.world.revoke(&token);
    everywhere(&fire, "refused", by_env);
}

fn in_nothing_that_account_commands_write(_: &Hubs) {
    let fire = hostile();
    let admin = std::fs::read_to_string(fire.dir.join("admin")).unwrap();
    fire.hub
        .world
        .script(|script| script.echo = Some(admin.clone()));
    let url = fire.hub.url();
    let run = |args: &[&str]| {
        let said = fire.hubprobe(args).and(&["--log", "trace"]).run();
        assert_ne!(said.code, Some(2), "{said:?}");
        assert_silent(&fire, args[1], &[&said.out, &said.err]);
        said
    };
    let hub = ["--url", &url, "--admin-token-file", "admin"];
    let with = |words: &[&'static str], hub: &[&str; 4]| -> Vec<String> {
        words
            .iter()
            .chain(hub.iter())
            .map(|word| (*word).to_owned())
            .collect()
    };
    for words in [
        ["account", "create", MADE, "--out=made"].as_slice(),
        &["account", "show", MADE],
        &["account", "revoke", MADE],
        // There is a file by now.
        &["account", "create", MADE, "--out=made", "--force"],
    ] {
        let args = with(words, &hub);
        run(&args.iter().map(String::as_str).collect::<Vec<_>>());
    }
    for place in [
        Place::Root,
        Place::Whoami,
        Place::Model,
        Place::Users,
        Place::Tokens,
    ] {
        let body = format!("{{\"status\": 400, \"message\": \"{admin}\"}}");
        let fields = format!(
            "Location: /x?{admin}\r\nX-JupyterHub-Version: 6.1.1\r\nContent-Type: application/json\r\n"
        );
        fire.hub.gate.rule(Rule::every(
            place,
            Act::answer("400 No", &fields, body.as_bytes()),
        ));
        for words in [
            ["account", "create", MADE, "--out=made", "--force"].as_slice(),
            &["account", "show", MADE],
        ] {
            let args = with(words, &hub);
            run(&args.iter().map(String::as_str).collect::<Vec<_>>());
        }
        fire.hub.gate.clear();
    }
}

/// Rotated, demoted, deleted; and the login secrets, which are longer than any token.
fn in_nothing_that_keeping_an_account_writes(_: &Hubs) {
    let fire = hostile();
    let refresh = format!("refresh.{}.token", "R3fr3sh".repeat(12));
    fire.write("refresh", &refresh);
    fire.write("access", "an-access-token-of-the-provider");
    let url = fire.hub.url();
    let run = |words: &[&str], codes: &[i32]| {
        let said = fire
            .hubprobe(&["account"])
            .and(words)
            .and(&[
                "--url",
                &url,
                "--admin-token-file",
                "admin",
                "--log",
                "trace",
            ])
            .run();
        assert!(codes.contains(&said.code.unwrap()), "{words:?}: {said:?}");
        assert_silent(&fire, &format!("{words:?}"), &[&said.out, &said.err]);
    };
    let echo = |file: &str| {
        let text = std::fs::read_to_string(fire.dir.join(file)).unwrap();
        let text = text.trim().to_owned();
        fire.hub
            .world
            .script(|script| script.echo = Some(text.clone()));
        format!("{{\"status\": 400, \"message\": \"{text}\"}}")
    };
    let create = [
        "create",
        MADE,
        "--out=made",
        "--force",
        "--demote-admin=ada",
    ];
    let rotate = ["rotate", MADE];
    let store = ["auth-state", MADE, "--refresh-token-file=refresh"];
    let forced = [&store[..], &["--force", "--access-token-file=access"]].concat();
    // Said back by the hub: the administrator's, and the one that is to be replaced.
    for file in ["admin", "made"] {
        if file == "made" {
            fire.hub.world.script(|script| script.echo = None);
        } else {
            echo(file);
        }
        run(&create, &[0]);
        echo(file);
        run(&rotate, &[0]);
        echo(file);
        run(&["auth-state", MADE], &[0]);
        run(&forced, &[0]);
        run(&["auth-state", MADE], &[0]);
        run(&store, &[2]);
        run(&["doctor", MADE], &[0]);
        // This hub does not say which scopes a scope implies.
        run(&["doctor", MADE, "--token-file=made"], &[0, 1]);
        run(&["delete", MADE], &[0]);
    }
    fire.hub.world.script(|script| script.echo = None);
    run(&create, &[0]);
    // Refused, in words that hold the secret.
    for place in [Place::Whoami, Place::Model, Place::Users, Place::Tokens] {
        for file in ["admin", "made", "refresh", "access"] {
            let body = echo(file);
            for status in ["400 No", "500 Internal Server Error"] {
                let fields = "X-JupyterHub-Version: 6.1.1\r\nContent-Type: application/json\r\n";
                fire.hub.gate.rule(Rule::every(
                    place,
                    Act::answer(status, fields, body.as_bytes()),
                ));
                let failed = [0, 1, 3, 4];
                if matches!(file, "admin" | "made") {
                    run(&["doctor", MADE, "--token-file=made"], &failed);
                    run(&rotate, &failed);
                    run(&["delete", MADE], &failed);
                } else {
                    run(&forced, &failed);
                }
                fire.hub.gate.clear();
            }
        }
    }
}

/// Whoever is redirected to takes no token with it.
fn not_to_another_origin(_: &Hubs) {
    for place in Place::VISIT {
        for status in [
            "301 Moved Permanently",
            "302 Found",
            "307 Temporary Redirect",
            "308 Permanent Redirect",
        ] {
            let (fire, other) = (Fire::new(Script::default()), Fire::new(Script::default()));
            let to = format!("Location: {}hub/api/user\r\n", other.hub.url());
            fire.hub
                .gate
                .rule(Rule::every(place, Act::answer(status, &to, b"")));
            let said = fire
                .check()
                .and(&["--deadline", "total=3s", "--deadline", "stop=1s"])
                .run();
            for passing in other.hub.gate.passed() {
                assert_eq!(
                    passing.authorization, None,
                    "{place:?} {status}: {}: {said:?}",
                    passing.line
                );
            }
            // And what went to the hub itself had it, or the test proves nothing.
            assert!(
                place == Place::Root
                    || fire
                        .hub
                        .gate
                        .passed()
                        .iter()
                        .any(|passing| passing.authorization.is_some())
            );
        }
    }
}

fn not_in_a_dump_nor_a_command_line(_: &Hubs) {
    let fire = Fire::new(Script {
        spawn: Duration::from_secs(30),
        ..Script::default()
    });
    let url = fire.hub.url();
    let dump = |program: &str| format!("ulimit -c unlimited; cd {}; {program}", fire.dir.display());
    // Whether this machine dumps at all.
    let dumps = std::process::Command::new("sh")
        .args(["-c", &dump("exec sh -c 'kill -ABRT $$'")])
        .status()
        .unwrap();
    let hubprobe = env!("CARGO_BIN_EXE_hubprobe");
    let mut child = std::process::Command::new("sh")
        .args(["-c", &dump(&format!("exec {hubprobe} check --quiet --url {url} --user {ACCOUNT} --token-file token --state-dir state"))])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    wait_for("our spawn", Duration::from_secs(10), || {
        fire.hub
            .world
            .servers(ACCOUNT)
            .contains_key("")
            .then_some(())
    });
    let line = std::fs::read_to_string(format!("/proc/{}/cmdline", child.id())).unwrap();
    assert!(
        line.contains("check") && !line.contains(&fire.token),
        "{line}"
    );
    crate::killed::signal(child.id(), rustix::process::Signal::ABORT);
    let status = child.wait().unwrap();
    assert_eq!(status.signal(), Some(6), "{status:?}");
    assert!(!status.core_dumped(), "{status:?}");
    if !dumps.core_dumped() {
        eprintln!(
            "secrets: this machine writes no core dumps, so that ours writes none proves nothing"
        );
    }
    fire.hub
        .world
        .script(|script| script.spawn = Duration::ZERO);
    fire.clean().run().exits(0);
    assert_eq!(fire.left(), Vec::<String>::new());
}
