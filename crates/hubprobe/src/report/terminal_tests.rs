//! What a person reads of the fixed runs.

use super::super::samples;
use super::super::wrap::columns;
use super::*;

const LOOK: Look = Look {
    width: 80,
    color: false,
    unicode: true,
};

#[test]
fn a_run_that_passed_fits_on_a_screen() {
    let text = report(&samples::passed(), &LOOK);
    assert_eq!(
        text,
        "\
normal: servuser @ https://jupyter.example.org/ (JupyterHub 6.1.1)
  ✓ reach     ▏                         0.02 s  JupyterHub 6.1.1
  ✓ identify  ▎                         0.03 s  servuser, token until 2027-02-19
  ✓ spawn     █████████████             3.40 s  ready after 3.40 s
  ✓ open                   ▎            0.06 s  jupyter_server 2.17.0, started
                                                after we asked
  ✓ kernel                 ███▋         0.90 s  python3
  ✓ execute                   █▊        0.31 s  the nonce came back
  ✓ stop                       ██████▍  1.51 s  202, then stopped
  ✓ gone                             █  0.15 s  no model, no route

1 probe passed in 6.40 s
"
    );
    let ascii = report(
        &samples::passed(),
        &Look {
            unicode: false,
            ..LOOK
        },
    );
    assert!(
        ascii.contains("\n  + spawn     #############             3.40 s  ready after 3.40 s\n"),
        "{ascii}"
    );
    assert!(
        ascii.contains("\n  + reach     |                         0.02 s  JupyterHub 6.1.1\n"),
        "{ascii}"
    );
}

#[test]
fn many_visits_fit_on_a_screen_and_what_did_not_pass_is_told() {
    let text = report(&samples::fifty(), &LOOK);
    let begin = "\
✓ every[partition=p07]    46.4 s  servuser  flaky: spawn.never-answered
✗ every[partition=p20]    30.8 s  servuser  spawn.never-answered
✗ every[partition=p21]    30.8 s  servuser  spawn.never-answered
- every[partition=p49]            serv4  not tried
✓ the other 46 passed, in 6.40 s each (--format html=FILE has a line for each)

every[partition=p20]: servuser @ https://jupyter.example.org/ (JupyterHub 6.1.1)
FAILED spawn.never-answered (deployment)
";
    assert!(text.starts_with(begin), "{text}");
    // Both failed alike.
    assert_eq!(text.matches("FAILED spawn.never-answered").count(), 1);
    let end = "
  likewise: every[partition=p21]

  warning: token expires in 6 days (47 probes)
  warning: not tried: 2 spawns in a row failed on this hub
    (every[partition=p49])

2 probes of 50 failed (spawn.never-answered), 1 was not tried, 47 passed (1
  flaky) in 1m04s; 5m13s of 1h00m node time
";
    assert!(text.ends_with(end), "{text}");
    // As many as have a line each; then, when all passed.
    let mut run = samples::fifty();
    run.visits
        .retain(|visit| visit.verdict == Verdict::Passed && !visit.flaky);
    let all = report(&run, &LOOK);
    assert!(
        all.starts_with("✓ all 46 passed, in 6.40 s each ("),
        "{all}"
    );
    assert!(all.lines().count() < 24, "{all}");
    run.visits.truncate(20);
    run.visits[3].duration_s = 7.0;
    let text = report(&run, &LOOK);
    assert_eq!(text.matches("\n✓ every[partition=").count(), 19, "{text}");
    // What failed otherwise is told by itself.
    let mut run = samples::fifty();
    let finding = run.visits[21].finding.as_mut().unwrap();
    finding.summary.push_str(" Twice.");
    let text = report(&run, &LOOK);
    assert_eq!(text.matches("FAILED spawn.never-answered").count(), 2);
}

#[test]
fn a_pass_after_a_failure_says_what_failed() {
    let text = report(&samples::flaky(), &LOOK);
    assert!(text.contains("✓ reach     ▏ "), "{text}");
    assert!(
        text.contains(
            "  flaky: it passed only at attempt 2; before that spawn.never-answered: The"
        ),
        "{text}"
    );
    assert!(
        text.ends_with("\n1 probe passed (1 flaky) in 46.4 s\n"),
        "{text}"
    );
}

#[test]
fn visits_of_one_name_are_told_apart() {
    let text = report(&samples::merged(), &LOOK);
    let begin = "\
✓ normal  11-21 20:45    6.40 s  servuser @ jupyter.example.org
✓ normal  11-21 20:55    6.40 s  servuser @ other.example.org/jupyter
✓ total   11-21 20:56    6.40 s  servuser @ other.example.org/jupyter
✗ normal  11-22 20:45    30.8 s  servuser @ jupyter.example.org  spawn.never-an…

normal: servuser @ https://jupyter.example.org/ (JupyterHub 6.1.1), 2026-11-22
  20:45 UTC
FAILED ";
    assert!(text.starts_with(begin), "{text}");
    let end = "
not read: wednesday.jsonl: it ends before the run begins

1 probe of 4 failed (spawn.never-answered), 3 passed in 3 runs, 50.0 s in all;
  1 file cannot be read
";
    assert!(text.ends_with(end), "{text}");
    let wide = report(&samples::merged(), &Look { width: 100, ..LOOK });
    let line = "✗ normal  2026-11-22 20:45    30.8 s  servuser @ jupyter.example.org  spawn.never-answered\n";
    assert!(wide.contains(line), "{wide}");
}

#[test]
fn a_failure_says_its_cause_first() {
    let text = report(&samples::failed(), &LOOK);
    // The advice is the table of causes', and may be reworded there.
    let (advice_before, advice_after) = text.split_once("  What to do:\n").unwrap();
    assert_eq!(
        advice_before,
        "\
normal: servuser @ https://jupyter.example.org/ (JupyterHub 6.1.1)
FAILED spawn.never-answered (deployment)
  The server process started, but the hub never got an answer from it within its
  http_timeout of 30 s.

  ✓ reach     ▏                         0.02 s  JupyterHub 6.1.1
  ✓ identify  ▏                         0.03 s  servuser, token until 2027-02-19
  ✗ spawn     ███████████████████████▊  30.4 s  started, but never answered
  - not tried: open, kernel, execute
  ✓ stop                             ▉  0.20 s  nothing to stop
  ✓ gone                             █  0.10 s

  Seen:
    - the hub said: Spawn failed: Server at http://10.0.0.7:41231/user/servuser/
      didn't respond in 30 seconds
    - last progress 100 % after 30.4 s
  The hub's last words:
    - 0.30 s, 10 %: Server requested
    - 0.90 s, 40 %: Spawning server...
  Options sent:
    - {\"reservation\":[\"\"],\"account\":[\"test-group\"],\"runtime\":[\"00:05:00\"]}
  When:
    - 2026-11-21 20:46:25 UTC, in the step spawn
"
    );
    let (_, end) = advice_after.split_once("  To see it again:\n").unwrap();
    assert_eq!(
        end,
        "    printf 'Authorization: token %s' \"$(cat /etc/hubprobe/alps.token)\" | curl \\
      -sS -i \\
      https://jupyter.example.org/hub/api/users/servuser/server/progress -H @-

  warning: token expires in 6 days

1 probe failed (spawn.never-answered) in 30.8 s
"
    );
}

#[test]
fn what_the_cause_says_is_not_said_again_by_the_step() {
    let mut run = samples::failed();
    let said = run.visits[0].finding.as_ref().unwrap().summary.clone();
    run.visits[0].steps[2].summary = said;
    let text = report(&run, &LOOK);
    assert_eq!(text.matches("The server process started").count(), 1);
    assert!(
        text.contains("███▊  30.4 s  spawn.never-answered\n"),
        "{text}"
    );
}

#[test]
fn no_line_is_too_wide_and_nothing_escapes() {
    for (name, run) in samples::all() {
        for width in [40, 60, 80, 132] {
            for unicode in [true, false] {
                let text = report(
                    &run,
                    &Look {
                        width,
                        color: false,
                        unicode,
                    },
                );
                assert!(text.ends_with('\n'), "{name}");
                for line in text.lines() {
                    // A command substitution is not broken, see `command`.
                    let fits = columns(line) <= width || (width < 60 && line.contains("$("));
                    assert!(fits, "{name} at {width}: {line:?}");
                    assert!(!line.chars().any(char::is_control), "{name}: {line:?}");
                    assert!(!line.contains('\u{202e}'), "{name}: {line:?}");
                    assert!(!line.ends_with(' '), "{name}: {line:?}");
                }
            }
        }
    }
}

#[test]
fn ascii_is_ascii_and_colour_only_adds_colour() {
    for (name, run) in samples::all() {
        let ascii = report(
            &run,
            &Look {
                unicode: false,
                ..LOOK
            },
        );
        if name != "hostile" {
            assert!(ascii.is_ascii(), "{name}: {ascii}");
        }
        let plain_text = report(&run, &LOOK);
        let colored = report(
            &run,
            &Look {
                color: true,
                ..LOOK
            },
        );
        assert!(colored.contains('\u{1b}'), "{name}");
        assert_eq!(plain::block(&colored), plain_text, "{name}");
    }
}

#[test]
fn the_last_line_says_it_all() {
    let wide = Look { width: 120, ..LOOK };
    let last = |run: Run| report(&run, &wide).lines().last().unwrap().to_owned();
    assert_eq!(last(samples::passed()), "1 probe passed in 6.40 s");
    assert_eq!(
        last(samples::failed()),
        "1 probe failed (spawn.never-answered) in 30.8 s"
    );
    assert_eq!(
        last(samples::inconclusive()),
        "1 probe is inconclusive (spawn.queued) in 20m01s"
    );
    assert_eq!(
        last(samples::left_behind()),
        "1 probe failed (stop.timeout) in 6.40 s; something may be left behind"
    );
    let mut interrupted = samples::passed();
    interrupted.interrupted = Some("SIGINT".to_owned());
    interrupted.dry_run = true;
    assert_eq!(
        last(interrupted),
        "1 probe passed in 6.40 s; a dry run: nothing was changed on a hub; interrupted by SIGINT"
    );
    let text = report(&samples::several(), &LOOK);
    assert!(
        text.ends_with("1 probe of 3 failed (spawn.never-answered), 1 is inconclusive (spawn.queued),\n  1 passed in 20m38s\n"),
        "{text}"
    );
}

#[test]
fn what_is_left_behind_is_loud_and_what_is_kept_is_said() {
    let text = report(&samples::left_behind(), &LOOK);
    assert!(
        text.contains("LEFT BEHIND: this may still be on the hub\n  - server `gpu` of servuser on"),
        "{text}"
    );
    assert!(text.contains("\n    hubprobe clean\n"), "{text}");
    let text = report(&samples::kept(), &LOOK);
    assert!(
        text.starts_with("normal: servuser, server gpu @ https://"),
        "{text}"
    );
    assert!(
        text.contains("\n  kept, as asked: server `gpu` of servuser:\n"),
        "{text}"
    );
    assert!(text.contains("  - not tried: stop, gone\n"), "{text}");
    assert!(!text.contains("LEFT BEHIND"), "{text}");
}
