//! The settings `queue` and `gone` of a probe: commands that ask the scheduler what
//! the hub may not know: why the server's job waits, and whether it is still there
//! after the stop.

use super::document::{Document, Kind, Node};
use super::error::SuiteError;
use super::fields::{Fields, Shape, wrong_type};
use super::nearest::meant;

pub(super) const GONE: Shape = Shape {
    what: "`gone`",
    known: &["command", "expect_empty"],
    secret: false,
};

pub(super) const QUEUE: Shape = Shape {
    what: "`queue`",
    known: &["command"],
    secret: false,
};

const QUEUE_EXAMPLE: &str = "queue: { command: [squeue, -h, -j, \"{job_id}\", -o, \"%T %r\"] }";

const GONE_EXAMPLE: &str = "gone: { command: [squeue, -h, -j, \"{job_id}\"], expect_empty: true }";

/// What the words of the command may have in them.
const PLACES: [&str; 3] = ["job_id", "user", "server"];

/// A command that says what the scheduler knows of the server's job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchedulerHook {
    /// The program and its arguments; `{job_id}`, `{user}` and `{server}` in them are filled in.
    pub command: Vec<String>,
}

impl SchedulerHook {
    /// Whether the command can be run without knowing the job.
    pub fn wants_job(&self) -> bool {
        self.command.iter().any(|word| word.contains("{job_id}"))
    }
}

/// A command that says how the job is, and why it waits.
pub(super) fn queue(document: &Document, node: &Node) -> Result<SchedulerHook, SuiteError> {
    let fields = Fields::of(document, node, "`queue`", &QUEUE)?;
    command(document, &fields, QUEUE_EXAMPLE)
}

/// A command whose output is empty once nothing is left of the server.
pub(super) fn gone(document: &Document, node: &Node) -> Result<SchedulerHook, SuiteError> {
    let fields = Fields::of(document, node, "`gone`", &GONE)?;
    let hook = command(document, &fields, GONE_EXAMPLE)?;
    if let Some(empty) = fields.get("expect_empty")
        && !fields.truth("expect_empty")?
    {
        let remedy = "write true, or leave it out: a command that says nothing is what proves that the job is gone";
        let reason = "expect_empty: nothing but true is known here";
        return Err(document.error(empty.place, reason, remedy));
    }
    Ok(hook)
}

fn command(
    document: &Document,
    fields: &Fields<'_>,
    example: &str,
) -> Result<SchedulerHook, SuiteError> {
    let command = fields.required("command", example)?;
    let wrong = || {
        let wanted = "a list of texts, the program first";
        wrong_type(
            document,
            command,
            "command",
            wanted,
            &format!("as in {example}"),
        )
    };
    let Kind::List(items) = &command.kind else {
        return Err(wrong());
    };
    let mut words = Vec::new();
    for item in items {
        let word = match &item.kind {
            Kind::Text(word) => word.as_str(),
            _ => item.typed().ok_or_else(wrong)?,
        };
        if let Some(place) = unknown_place(word) {
            let all = format!("there are: {{{}}}", PLACES.join("}, {"));
            return Err(document.error(
                item.place,
                format!("command: nothing is known by the name {{{place}}}"),
                meant(place, &PLACES, all),
            ));
        }
        words.push(word.to_owned());
    }
    if words
        .first()
        .is_none_or(|program| program.trim().is_empty())
    {
        return Err(wrong());
    }
    Ok(SchedulerHook { command: words })
}

/// A name in braces that is none of ours. Braces around anything else, and after a dollar, are the command's own.
fn unknown_place(word: &str) -> Option<&str> {
    word.match_indices('{').find_map(|(at, _)| {
        let (before, rest) = (word.get(..at)?, word.get(at + 1..)?);
        let (name, _) = rest.split_once('}')?;
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        (is_name && !before.ends_with('$') && !PLACES.contains(&name)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::unknown_place;

    #[test]
    fn braces_that_are_names() {
        for known in [
            "{job_id}",
            "-j{job_id}",
            "{user}/{server}",
            "{print $1}",
            "{",
            "}{",
            "{}",
            "{X}",
            "${x}",
        ] {
            assert_eq!(unknown_place(known), None, "{known}");
        }
        assert_eq!(unknown_place("-j {jobid}"), Some("jobid"));
        assert_eq!(unknown_place("{job_id},{step}"), Some("step"));
    }
}
