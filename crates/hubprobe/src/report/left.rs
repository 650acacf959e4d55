//! What to do about what is left behind: which command takes it away, or that none does. Used by all reports, so that they
//! say the same.

use crate::vocabulary::Run;
use crate::vocabulary::run::Visit;

/// What is to be done before a command, and the command.
pub(super) struct Advice {
    /// Words that end with a colon.
    pub(super) words: &'static str,
    /// To be typed.
    pub(super) command: String,
}

/// What to do about what is left, in the order in which it is best done.
pub(super) fn advice(run: &Run) -> Vec<Advice> {
    let command = command(run);
    let mut all = Vec::new();
    if run.can_be_cleaned() {
        all.push(Advice {
            words: "To take it away, once the hub is well again:",
            command: command.clone(),
        });
    }
    if run.lives_on() {
        all.push(Advice {
            words: "What lives on must be ended by hand; hubprobe clean cannot. Once it is gone, to strike it from the ledger:",
            command,
        });
    }
    all
}

/// The same in a line, for reports that have no more.
pub(super) fn line(run: &Run) -> String {
    let command = command(run);
    let by_hand = "end what lives on by hand, hubprobe clean cannot";
    match (run.can_be_cleaned(), run.lives_on()) {
        (true, true) => format!("{command}; {by_hand}"),
        (false, true) => format!("{by_hand}; then {command}"),
        _ => command,
    }
}

/// The same of one thing that is left.
pub(super) fn about(run: &Run, visit: &Visit, what: &String) -> String {
    let command = command(run);
    if visit.by_hand.contains(what) {
        format!(
            "To be ended by hand, hubprobe clean cannot. Once it is gone, this strikes it out: {command}"
        )
    } else {
        format!("To take it away: {command}")
    }
}

fn command(run: &Run) -> String {
    run.clean_command()
}

#[cfg(test)]
mod tests {
    use super::super::terminal::{self, Look};
    use super::super::{annotations, html, junit, markdown, nagios, samples, tap};
    use super::*;

    fn reports(run: &Run) -> Vec<(&'static str, String)> {
        let look = Look {
            width: 200,
            color: false,
            unicode: true,
        };
        vec![
            ("terminal", terminal::report(run, &look)),
            ("junit", junit::report(run).unwrap()),
            ("html", html::report(run).unwrap()),
            ("markdown", markdown::report(run)),
            ("tap", tap::report(run)),
            ("nagios", nagios::report(run)),
            ("annotations", annotations::report(run)),
        ]
    }

    /// What a person would read of it.
    fn read(text: &str) -> String {
        text.replace("&#39;", "'").replace("&apos;", "'")
    }

    #[test]
    fn every_report_names_the_state_directory_where_it_is_another() {
        let command = "hubprobe clean --state-dir '/var/lib/hubprobe/nightly checks'";
        for (name, text) in reports(&samples::survived()) {
            assert!(read(&text).contains(command), "{name}: {text}");
        }
        for (name, text) in reports(&samples::left_behind()) {
            assert!(text.contains("hubprobe clean"), "{name}: {text}");
            assert!(!text.contains("--state-dir"), "{name}: {text}");
            assert!(!text.contains("by hand; hubprobe"), "{name}: {text}");
        }
    }

    #[test]
    fn what_lives_on_is_not_for_clean() {
        let mut run = samples::survived();
        run.visits.truncate(1);
        run.state_dir = None;
        assert_eq!(advice(&run).len(), 1);
        for (name, text) in reports(&run) {
            assert!(text.contains("by hand"), "{name}: {text}");
            assert!(text.contains("hubprobe clean cannot"), "{name}: {text}");
            assert!(!text.contains("To take it away"), "{name}: {text}");
        }
    }
}
