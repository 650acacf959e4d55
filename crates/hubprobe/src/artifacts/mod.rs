//! Artifacts: what visits leave for a closer look, as files below a directory that the operator names, a folder for each visit, named
//! after its probe.
//!
//! Of every visit, whatever its verdict, there are the notebooks as they ran. Of one that did not pass, that passed only after a failure, or that
//! may have left something behind, there are the reports of this visit alone, its part of the journal, and the requests of each attempt that did not pass.
//! What is written has been cleaned of secrets by who said it.

mod compared;
mod diary;
mod names;
mod writer;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use compared::{is_for_a_visit, would_replace};
pub use writer::Kept;

use crate::dispatch::Listener;
use crate::vocabulary::{Event, Run, Verdict, VisitId, What};
use diary::Diary;
use names::{candidates, safe};
use writer::{Text, Writer};

/// A report of a run: the file that it goes to, and what makes it.
#[derive(Clone, Copy)]
pub struct Report {
    /// The file's name.
    pub name: &'static str,
    /// Makes it; the error says why it cannot.
    pub make: fn(&Run) -> Result<String, String>,
}

/// Hears of artifacts and hands them on.
#[derive(Debug)]
pub struct Keeper {
    directory: PathBuf,
    reports: Vec<Report>,
    run_started: Option<What>,
    open: HashMap<VisitId, Open>,
    taken: HashSet<PathBuf>,
    writer: Writer,
}

/// A visit under way.
#[derive(Debug)]
struct Open {
    folder: PathBuf,
    diary: Diary,
}

/// Makes the directory where it is not there, and sees that files can be written in it. `reports` are made of each visit that did not
/// pass.
///
/// # Errors
/// Why they cannot be.
pub fn open(directory: &Path, reports: Vec<Report>) -> std::io::Result<(Keeper, Kept)> {
    std::fs::create_dir_all(directory)?;
    drop(tempfile::NamedTempFile::new_in(directory)?);
    let (writer, kept) = writer::start()?;
    let keeper = Keeper {
        directory: directory.to_owned(),
        reports,
        run_started: None,
        open: HashMap::new(),
        taken: HashSet::new(),
        writer,
    };
    Ok((keeper, kept))
}

impl Listener for Keeper {
    fn event(&mut self, event: &Event, run: &Run) {
        match &event.what {
            What::RunStarted { .. } => {
                self.run_started = Some(event.what.clone());
            }
            What::VisitStarted { visit, probe, .. } => {
                let folder = self.free(&self.directory.join(safe(probe, "probe")));
                let began = run.visit(*visit).map_or(event.at, |visit| visit.started_s);
                let diary = Diary::begin(self.run_started.as_ref(), began);
                self.open.insert(*visit, Open { folder, diary });
            }
            What::Artifact { visit, name, text } => self.keep(*visit, name, text),
            _ => {}
        }
        match event.what.visit() {
            None => self
                .open
                .values_mut()
                .for_each(|open| open.diary.note(event)),
            Some(visit) => {
                if let Some(open) = self.open.get_mut(&visit) {
                    open.diary.note(event);
                }
            }
        }
        if let What::VisitFinished { visit } = event.what
            && let Some(open) = self.open.remove(&visit)
            && let Some(alone) = run.alone(visit)
        {
            self.finish(open, alone, event.at);
        }
    }
}

impl Keeper {
    fn keep(&mut self, visit: VisitId, name: &str, text: &Arc<str>) {
        let Some(open) = self.open.get(&visit) else {
            return;
        };
        let path = open.folder.join(safe(name, "artifact"));
        let path = self.free(&path);
        self.writer.hand_on(path, Text::Ready(Arc::clone(text)));
    }

    fn finish(&mut self, open: Open, run: Run, at: f64) {
        if !is_worth_a_look(&run) {
            return;
        }
        let journal = open.diary.end(at);
        // Much the same is in each.
        let size = journal.len();
        let path = self.free(&open.folder.join("journal.jsonl"));
        self.writer.hand_on(path, Text::Ready(journal.into()));
        let run = Arc::new(run);
        for Report { name, make } in self.reports.clone() {
            let path = self.free(&open.folder.join(name));
            let run = Arc::clone(&run);
            let text = Text::ToMake(size, Box::new(move || make(&run)));
            self.writer.hand_on(path, text);
        }
    }

    /// The path, with a number before its extension where this run has it already; so too where letters differ in case alone.
    fn free(&mut self, path: &Path) -> PathBuf {
        let is_new = |path: &PathBuf| {
            let folded = path.to_string_lossy().to_lowercase();
            self.taken.insert(PathBuf::from(folded))
        };
        let mut candidates = candidates(path);
        candidates.find(is_new).unwrap_or_else(|| path.to_owned())
    }
}

/// Whether anybody will want to know more of it.
fn is_worth_a_look(run: &Run) -> bool {
    run.visits.iter().any(|visit| {
        matches!(visit.verdict, Verdict::Failed | Verdict::Inconclusive)
            || visit.flaky
            || !visit.left_behind.is_empty()
    })
}

impl std::fmt::Debug for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal;
    use crate::vocabulary::{Cause, Finding, StepName};
    use serde_json::Map;

    fn visit(keeper: &mut Keeper, visit: VisitId, probe: &str) {
        hear(keeper, started(visit, probe));
    }

    fn started(visit: VisitId, probe: &str) -> What {
        What::VisitStarted {
            visit,
            probe: probe.to_owned(),
            hub: String::new(),
            account: String::new(),
            server: String::new(),
            options: Map::new(),
        }
    }

    fn hear(keeper: &mut Keeper, what: What) {
        keeper.event(&Event { at: 0.0, what }, &Run::new());
    }

    #[test]
    fn each_visit_has_a_folder_and_each_file_a_name() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("new");
        let (mut keeper, kept) = open(&root, Vec::new()).unwrap();
        for (id, probe) in ["a/b", "A:b", "../.."].into_iter().enumerate() {
            visit(&mut keeper, id, probe);
        }
        for (visit, name, text) in [
            (0, "n.ipynb", "one"),
            (0, "n.ipynb", "two"),
            (1, "../n.ipynb", "three"),
        ] {
            let (name, text) = (name.to_owned(), Arc::from(text));
            hear(&mut keeper, What::Artifact { visit, name, text });
        }
        drop(keeper);
        assert_eq!(kept.end(), Vec::<String>::new());
        let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
        assert_eq!(read("a_b/n.ipynb"), "one");
        assert_eq!(read("a_b/n-2.ipynb"), "two");
        assert_eq!(read("A_b-2/n.ipynb"), "three");
        assert!(!root.join("probe").exists(), "nothing, no folder");
    }

    #[test]
    fn all_that_many_visits_leave_at_once_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (mut keeper, kept) = open(dir.path(), Vec::new()).unwrap();
        visit(&mut keeper, 0, "p");
        for _ in 0..200 {
            let (name, text) = ("n.ipynb".to_owned(), Arc::from("x".repeat(1000)));
            hear(
                &mut keeper,
                What::Artifact {
                    visit: 0,
                    name,
                    text,
                },
            );
        }
        drop(keeper);
        assert_eq!(kept.end(), Vec::<String>::new());
        assert_eq!(
            std::fs::read_dir(dir.path().join("p")).unwrap().count(),
            200
        );
    }

    #[test]
    fn only_a_visit_that_did_not_pass_has_a_report_and_a_journal() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let make = |run: &Run| Ok(run.visits.iter().map(|it| it.probe.clone()).collect());
        let name = "report.txt";
        let (mut keeper, kept) = open(root, vec![Report { name, make }]).unwrap();
        let mut run = Run::new();
        let mut say = |what| {
            let event = Event { at: 1.0, what };
            run.apply(&event);
            keeper.event(&event, &run);
        };
        say(What::RunStarted {
            run: uuid::Uuid::nil(),
            started: jiff::Timestamp::UNIX_EPOCH,
            hubprobe: "0".to_owned(),
            dry_run: false,
            state_dir: None,
        });
        for (visit, probe) in ["good", "bad", "left", "bad"].into_iter().enumerate() {
            say(started(visit, probe));
        }
        for visit in 0..4 {
            let step = StepName::Reach;
            let finding = Finding::new(Cause::ReachDns, format!("visit {visit}"));
            let finding = (visit % 2 == 1).then_some(finding);
            say(What::StepFinished {
                visit,
                step,
                verdict: finding.as_ref().map_or(Verdict::Passed, Finding::verdict),
                summary: String::new(),
                finding,
            });
        }
        let what = "a server".to_owned();
        say(What::LeftBehind {
            visit: 2,
            what,
            by_hand: false,
        });
        for visit in 0..4 {
            say(What::VisitFinished { visit });
        }
        drop(keeper);
        assert_eq!(kept.end(), Vec::<String>::new());
        assert!(!root.join("good").exists());
        let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
        assert_eq!(read("left/report.txt"), "left");
        for (folder, words) in [("bad", "visit 1"), ("bad-2", "visit 3")] {
            assert_eq!(read(&format!("{folder}/report.txt")), "bad");
            let told = journal::read(&read(&format!("{folder}/journal.jsonl"))).unwrap();
            assert_eq!(told.visits.len(), 1, "this visit alone");
            let finding = told.visits[0].finding.as_ref().unwrap();
            assert_eq!(finding.summary, words);
            assert_eq!(told.interrupted, None, "it ends as a run does");
            assert!(told.duration_s < 0.5, "it counts from its own start");
        }
    }

    #[test]
    fn a_report_that_cannot_be_made_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let make = |_: &Run| Err("no paper".to_owned());
        let name = "report.txt";
        let (mut keeper, kept) = open(dir.path(), vec![Report { name, make }]).unwrap();
        let mut run = Run::new();
        let finding = Finding::new(Cause::ReachDns, "no");
        for what in [
            started(0, "p"),
            What::StepFinished {
                visit: 0,
                step: StepName::Reach,
                verdict: Verdict::Failed,
                summary: String::new(),
                finding: Some(finding),
            },
            What::VisitFinished { visit: 0 },
        ] {
            let event = Event { at: 0.0, what };
            run.apply(&event);
            keeper.event(&event, &run);
        }
        drop(keeper);
        let said = kept.end();
        assert!(said[0].contains("p/report.txt") && said[0].contains("no paper"));
        assert!(
            dir.path().join("p/journal.jsonl").exists(),
            "the rest is there"
        );
    }

    #[test]
    fn what_cannot_be_written_is_said() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        assert!(open(&dir.path().join("file"), Vec::new()).is_err());
        let (mut keeper, kept) = open(dir.path(), Vec::new()).unwrap();
        visit(&mut keeper, 0, "file");
        let (name, text) = ("n".to_owned(), Arc::from(""));
        hear(
            &mut keeper,
            What::Artifact {
                visit: 0,
                name,
                text,
            },
        );
        drop(keeper);
        let said = kept.end();
        assert!(said[0].contains("file/n cannot be written"), "{said:?}");
    }
}
