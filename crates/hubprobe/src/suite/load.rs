//! A suite file becomes a [`Suite`], or an error that says where.

use std::io::Read as _;
use std::path::Path;

use indexmap::IndexSet;

use super::document::{Document, Kind, lines};
use super::error::{Place, SuiteError, note};
use super::fields::{Fields, Shape, wrong_type};
use super::node_time::node_time as node_time_of;
use super::notebooks::Notebooks;
use super::sources::{Machine, Sources};
use super::{Suite, defaults, hubs, matrix, probes, variables};

pub(super) const SUITE: Shape = Shape {
    what: "a suite",
    known: &["hubs", "probes", "defaults", "matrix_limit", "node_time"],
    secret: false,
};

/// The largest suite file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// Reads a suite file (YAML 1.2, UTF-8, 1 MiB at most). Beside the suite come
/// notes: what was put right, and options that may not mean what was typed.
/// Looks at the variables, files and `ca_file`s that it names, not at the tokens.
///
/// # Errors
/// [`SuiteError`]; the first that is found, with line and column where it is
/// about a place in the file.
pub fn load(path: &Path) -> Result<(Suite, Vec<String>), SuiteError> {
    lint(path).map_err(first)
}

/// The same, also from standard input, which is called `-`, and with more than
/// the first mistake.
///
/// # Errors
/// What is wrong with the file as a whole; else the first mistake of each text with
/// variables; else that of each hub; else that of the defaults; else that of each probe. Never none.
pub fn lint(path: &Path) -> Result<(Suite, Vec<String>), Vec<SuiteError>> {
    if path.as_os_str() == "-" {
        let path = Path::new("standard input");
        let bytes = read_all(path, std::io::stdin().lock()).map_err(one)?;
        return examine(path, text_of(path, bytes).map_err(one)?, &Machine);
    }
    let bytes = read(path).map_err(one)?;
    examine(path, text_of(path, bytes).map_err(one)?, &Machine)
}

fn one(error: SuiteError) -> Vec<SuiteError> {
    vec![error]
}

/// The first of the mistakes, of which there is one.
fn first(errors: Vec<SuiteError>) -> SuiteError {
    errors.into_iter().next().unwrap_or_else(|| {
        SuiteError::whole(
            Path::new("suite"),
            "it cannot be used, and nothing says why",
            "this is a bug of hubprobe",
        )
    })
}

/// The same for bytes that are at hand, in a world of one's own.
#[cfg(any(test, fuzzing))]
pub(super) fn load_bytes(
    path: &Path,
    bytes: Vec<u8>,
    sources: &dyn Sources,
) -> Result<(Suite, Vec<String>), SuiteError> {
    examine(path, text_of(path, bytes)?, sources).map_err(first)
}

fn text_of(path: &Path, bytes: Vec<u8>) -> Result<String, SuiteError> {
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before =
            String::from_utf8_lossy(error.as_bytes().get(..good).unwrap_or_default()).into_owned();
        let before = before.strip_prefix('\u{feff}').unwrap_or(&before);
        let (line, column) = lines(before).fold((0, 1), |(number, _), line| {
            (number + 1, line.chars().count() + 1)
        });
        SuiteError {
            place: Some(Place {
                line: line as u64,
                column: column as u64,
            }),
            ..SuiteError::whole(
                path,
                "the file is not UTF-8 text from here on",
                "save it as UTF-8",
            )
        }
    })
}

fn read(path: &Path) -> Result<Vec<u8>, SuiteError> {
    use std::io::ErrorKind;
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => SuiteError::whole(
            path,
            "there is no such file",
            "check the path; a relative one begins where hubprobe runs",
        ),
        ErrorKind::IsADirectory => {
            SuiteError::whole(path, "this is a directory", "name a file in it")
        }
        _ => SuiteError::whole(
            path,
            format!("it cannot be read: {error}"),
            "check its owner and mode",
        ),
    };
    let file = std::fs::File::open(path).map_err(failed)?;
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(failed(ErrorKind::IsADirectory.into()));
    }
    read_all(path, file)
}

fn read_all(path: &Path, from: impl std::io::Read) -> Result<Vec<u8>, SuiteError> {
    let mut bytes = Vec::new();
    from.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| {
            SuiteError::whole(
                path,
                format!("it cannot be read: {error}"),
                "check its owner and mode",
            )
        })?;
    if bytes.len() as u64 > LARGEST {
        return Err(SuiteError::whole(
            path,
            "the file is larger than 1 MiB",
            "is this the suite? a suite is a few pages",
        ));
    }
    Ok(bytes)
}

/// The same for a text that is at hand, on this machine.
#[cfg(test)]
pub(super) fn load_text(path: &Path, text: String) -> Result<(Suite, Vec<String>), SuiteError> {
    examine(path, text, &Machine).map_err(first)
}

/// Reads the text of a suite; `path` is for messages, and its directory is
/// where relative paths start. Beside the text it looks at `sources` alone.
pub(super) fn examine(
    path: &Path,
    text: String,
    sources: &dyn Sources,
) -> Result<(Suite, Vec<String>), Vec<SuiteError>> {
    let text = text
        .strip_prefix('\u{feff}')
        .map(str::to_owned)
        .unwrap_or(text);
    let (document, mut root) = Document::parse(path, text).map_err(one)?;
    if matches!(root.kind, Kind::Null) {
        return Err(one(SuiteError::whole(
            path,
            "the file is empty",
            "a suite has hubs: and probes:",
        )));
    }
    let mut notes = Vec::new();
    variables::put_in(&document, &mut root, sources, &mut notes)?;
    let fields = Fields::of(&document, &root, "the suite", &SUITE).map_err(one)?;
    let named = Notebooks::of(sources);
    let hubs = fields
        .required("hubs", "hubs: { alps: { url: …, accounts: { … } } }")
        .map_err(one)?;
    let hubs = hubs::read(&document, hubs, &named, &mut notes)?;
    let defaults = fields.get("defaults");
    let defaults =
        defaults::checked(&document, defaults, "the defaults", &named, &mut notes).map_err(one)?;
    let probes = fields
        .required("probes", "probes: { normal: { hub: alps } }")
        .map_err(one)?;
    let limit = limit(&document, &fields).map_err(one)?;
    let node_time = fields.get("node_time");
    let node_time = node_time
        .map(|node| node_time_of(&document, node))
        .transpose()
        .map_err(one)?;
    let probes = probes::read(
        &document, probes, &hubs, defaults, limit, &named, &mut notes,
    )?;
    // What several probes inherit is said once.
    let notes: IndexSet<String> = notes.iter().map(|text| note(text)).collect();
    Ok((
        Suite {
            source: path.to_owned(),
            probes,
            node_time,
        },
        notes.into_iter().collect(),
    ))
}

/// How many combinations a matrix may have.
fn limit(document: &Document, fields: &Fields<'_>) -> Result<usize, SuiteError> {
    let Some(node) = fields.get("matrix_limit") else {
        return Ok(matrix::LIMIT);
    };
    let given = match &node.kind {
        Kind::Number(number) => number
            .as_u64()
            .and_then(|given| usize::try_from(given).ok()),
        _ => None,
    };
    given
        .filter(|given| (1..=matrix::HIGHEST).contains(given))
        .ok_or_else(|| {
            let wanted = format!("a number from 1 to {}", matrix::HIGHEST);
            wrong_type(document, node, "matrix_limit", &wanted, "")
        })
}
