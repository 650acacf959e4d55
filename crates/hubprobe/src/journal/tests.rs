//! What is written is told again, whole or cut off.

use serde_json::Map;

use super::*;
use crate::vocabulary::Verdict;
use crate::vocabulary::run::later;

fn events() -> Vec<Event> {
    let step = |step| What::StepStarted { visit: 0, step };
    let passed = |step| What::StepFinished {
        visit: 0,
        step,
        verdict: Verdict::Passed,
        summary: "well".to_owned(),
        finding: None,
    };
    let started = What::RunStarted {
        run: "019a9b5e-7c3a-7000-8000-00000000002a".parse().unwrap(),
        started: "2026-11-21T20:45:55Z".parse().unwrap(),
        hubprobe: "0.1.0".to_owned(),
        dry_run: false,
        state_dir: None,
    };
    let visit = What::VisitStarted {
        visit: 0,
        probe: "normal".to_owned(),
        hub: "https://h/".to_owned(),
        account: "servuser".to_owned(),
        server: String::new(),
        options: Map::new(),
    };
    let planned = |probe: &str| {
        What::Planned(run::Planned {
            probe: probe.to_owned(),
            hub: "https://h/".to_owned(),
            account: "servuser".to_owned(),
            server: String::new(),
        })
    };
    let all = [
        started,
        planned("normal"),
        visit,
        step(StepName::Reach),
        passed(StepName::Reach),
        step(StepName::Spawn),
        What::Progress {
            visit: 0,
            percent: Some(50.0),
            message: "spawning".to_owned(),
        },
        passed(StepName::Spawn),
        step(StepName::Stop),
        passed(StepName::Stop),
        step(StepName::Gone),
        passed(StepName::Gone),
        What::VisitFinished { visit: 0 },
        What::RunFinished,
    ];
    let at = (0_u32..).map(|number| f64::from(number) / 4.0);
    at.zip(all).map(|(at, what)| Event { at, what }).collect()
}

fn journal(events: &[Event]) -> String {
    let lines = events.iter().map(|event| line(event).unwrap());
    head() + &lines.collect::<String>()
}

#[test]
fn a_journal_tells_the_run_again() {
    let mut run = Run::new();
    events().iter().for_each(|event| run.apply(event));
    assert_eq!(read(&journal(&events())).unwrap(), run);
    let json = serde_json::to_string_pretty(&run).unwrap();
    assert_eq!(read(&json).unwrap().visits, run.visits);
}

#[test]
fn cut_off_anywhere_it_is_never_green_and_says_what_may_be_left() {
    let whole = journal(&events());
    let begun = whole.match_indices('\n').nth(1).unwrap().0;
    for end in (begun..whole.len() - 1).filter(|at| whole.is_char_boundary(*at)) {
        let run = read(&whole[..end]).unwrap();
        assert_ne!(run.verdict, Verdict::Passed, "{}", &whole[..end]);
        // Else the visit has ended, and only the run has not.
        if !whole[..end].contains("visit-finished\",\"visit\":0}") {
            let begun =
                whole[..end].contains("\"event\":\"step-started\",\"visit\":0,\"step\":\"spawn\"}");
            let gone = whole[..end].contains(
                "\"step\":\"gone\",\"verdict\":\"passed\",\"summary\":\"well\",\"finding\":null}",
            );
            assert_eq!(run.left_behind(), begun && !gone, "{}", &whole[..end]);
        }
        assert!(run.interrupted.is_some());
    }
}

#[test]
fn what_had_not_begun_is_told_where_the_journal_ends_before() {
    let mut events = events();
    let mut other = events[1].clone();
    if let What::Planned(planned) = &mut other.what {
        planned.probe = "other".to_owned();
    }
    events.insert(2, other);
    let end = events.len() - 1;
    let run = read(&journal(&events[..end])).unwrap();
    let told: Vec<_> = run
        .visits
        .iter()
        .map(|visit| (visit.probe.as_str(), visit.verdict))
        .collect();
    assert_eq!(
        told,
        [
            ("normal", Verdict::Passed),
            ("other", Verdict::Inconclusive)
        ]
    );
    let cause = run.visits[1].finding.as_ref().map(|finding| finding.cause);
    assert_eq!(cause, Some(Cause::ProberInterrupted));
    assert_eq!(run.verdict, Verdict::Inconclusive);
}

#[test]
fn what_is_no_journal_is_said() {
    let begin = format!("{}{}", head(), line(&events()[0]).unwrap());
    let later = r#"{"at":1.5,"event":"moon-phase","phase":"full"}"#;
    assert!(
        read(&format!("{begin}{later}\n")).is_ok(),
        "events are only ever added"
    );
    for (text, words) in [
        (String::new(), "it is no journal and no JSON report"),
        ("hello\n".to_owned(), "it is no journal and no JSON report"),
        ("{}".to_owned(), "it names no schema"),
        (
            "{\"schema\":\"hubprobe.report/2\"}".to_owned(),
            "its shape is \"hubprobe.report/2\"",
        ),
        (
            "{\"schema\":\"hubprobe.journal/9\"}\n".to_owned(),
            "its shape is \"hubprobe.journal/9\"",
        ),
        (head(), "it ends before the run begins"),
        (
            format!("{begin}oops\n{later}\n"),
            "line 3 is no event of a run",
        ),
        (
            format!("{begin}{{\"at\":1.5,\"event\":\"progress\"}}\n"),
            "line 3 is no event of a run",
        ),
    ] {
        let said = read(&text).unwrap_err().to_string();
        assert!(said.contains(words), "{text}: {said}");
    }
}

/// The run of `events`, begun at another time, of another id and length.
fn begun(started: &str, number: u128, duration_s: f64) -> Run {
    let mut run = read(&journal(&events())).unwrap();
    run.started = started.parse().unwrap();
    run.run = uuid::Uuid::from_u128(number);
    run.duration_s = duration_s;
    run.visits[0].duration_s = duration_s;
    run
}

#[test]
fn runs_are_merged_on_one_clock_by_when_they_began() {
    let monday = begun("2026-11-21T20:45:55Z", 1, 3.0);
    let mut tuesday = begun("2026-11-22T20:46:55Z", 2, 4.5);
    tuesday.verdict = Verdict::Failed;
    tuesday.visits[0].verdict = Verdict::Failed;
    let all = merged(vec![tuesday.clone(), monday.clone()], Vec::new()).unwrap();
    assert_eq!(
        all,
        merged(vec![monday.clone(), tuesday.clone()], Vec::new()).unwrap()
    );
    assert_eq!((all.started, all.run), (monday.started, monday.run));
    assert_eq!(all.verdict, Verdict::Failed);
    // Not the day between them.
    assert!((all.duration_s - 7.5).abs() < 0.0001, "{}", all.duration_s);
    let began: Vec<f64> = all.visits.iter().map(|visit| visit.started_s).collect();
    assert_eq!(began, [0.5, 86_460.5]);
    assert_eq!(all.visits[1].verdict, Verdict::Failed);
    let parts = all.merged.iter();
    let parts: Vec<_> = parts
        .map(|part| (part.run, part.started, part.duration_s))
        .collect();
    assert_eq!(
        parts,
        [
            (monday.run, monday.started, 3.0),
            (tuesday.run, tuesday.started, 4.5)
        ]
    );
    // A run and one of its visits alone, as artifacts have it.
    let mut alone = monday.clone();
    alone.started = later(monday.started, 0.5);
    alone.visits[0].started_s = 0.0;
    for named in [
        vec![monday.clone(), monday.clone()],
        vec![alone, monday.clone()],
    ] {
        let once = merged(named, Vec::new()).unwrap();
        assert_eq!(once.visits.len(), 1);
        assert!(once.merged.is_empty(), "one run");
    }
    // What was merged, beside one of those that it consists of.
    for named in [
        vec![all.clone(), tuesday.clone()],
        vec![monday.clone(), all.clone()],
        vec![all.clone(), monday.clone(), all.clone()],
    ] {
        assert_eq!(merged(named, Vec::new()).unwrap(), all);
    }
    assert_eq!(merged(Vec::new(), Vec::new()), None);
    assert_eq!(merged(vec![monday.clone()], Vec::new()), Some(monday));
}

#[test]
fn what_was_merged_is_merged_again_in_its_place() {
    let [monday, tuesday, wednesday] =
        [21_u8, 22, 23].map(|day| begun(&format!("2026-11-{day}T20:45:55Z"), day.into(), 3.0));
    let ends = merged(vec![monday.clone(), wednesday.clone()], Vec::new()).unwrap();
    let again = read(&serde_json::to_string_pretty(&ends).unwrap()).unwrap();
    let all = merged(vec![again, tuesday.clone()], Vec::new()).unwrap();
    let days = merged(vec![monday, tuesday, wednesday], Vec::new()).unwrap();
    assert_eq!(all.visits, days.visits);
    assert_eq!(all.merged, days.merged);
    assert_eq!(all.merged.len(), 3);
}

#[test]
fn what_cannot_be_read_is_never_green() {
    let passed = || begun("2026-11-21T20:45:55Z", 1, 3.0);
    assert_eq!(passed().verdict, Verdict::Passed);
    let all = merged(vec![passed()], vec!["x: no".to_owned()]).unwrap();
    assert_eq!(all.verdict, Verdict::Inconclusive);
    assert_eq!(all.unread, ["x: no"]);
    assert!(all.merged.is_empty());
    // It is not forgotten either.
    let again = merged(vec![passed(), all], Vec::new()).unwrap();
    assert_eq!(again.verdict, Verdict::Inconclusive);
    assert_eq!(again.unread, ["x: no"]);
    let mut failed = passed();
    failed.verdict = Verdict::Failed;
    let all = merged(vec![failed], vec!["x: no".to_owned()]).unwrap();
    assert_eq!(all.verdict, Verdict::Failed);
}

#[test]
fn a_merged_run_says_of_what_is_left_which_ledger_has_it() {
    let run = |dir: Option<&str>, what: Option<&str>| {
        let mut run = read(&journal(&events())).unwrap();
        run.state_dir = dir.map(str::to_owned);
        run.visits[0].left_behind.extend(what.map(str::to_owned));
        run
    };
    let all = merged(
        vec![
            run(Some("/clean"), None),
            run(Some("/one"), Some("a")),
            run(Some("/one"), Some("b")),
            run(None, Some("c")),
            run(Some("/two"), None),
        ],
        Vec::new(),
    )
    .unwrap();
    let left: Vec<&String> = all.visits.iter().flat_map(|it| &it.left_behind).collect();
    assert_eq!(all.state_dir.as_deref(), Some("/one"));
    assert_eq!(left, ["a", "b", "c (in the ledger of: hubprobe clean)"]);
}

#[test]
fn what_was_cut_off_is_taken_away_where_its_ledger_is() {
    let mut events = events();
    if let What::RunStarted { state_dir, .. } = &mut events[0].what {
        *state_dir = Some("/srv/a state".to_owned());
    }
    let run = read(&journal(&events[..5])).unwrap();
    assert_eq!(run.state_dir.as_deref(), Some("/srv/a state"));
    let advice = run.visits[0].finding.as_ref().unwrap().advice.clone();
    assert!(
        advice.ends_with("hubprobe clean --state-dir '/srv/a state'"),
        "{advice}"
    );
}
