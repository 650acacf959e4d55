//! A suite file becomes a [`Suite`], or an error that says where.

use std::io::Read as _;
use std::path::Path;

use super::document::{Document, Kind, lines};
use super::error::{Place, SuiteError, note};
use super::fields::{Fields, Shape};
use super::{Suite, hubs, probes};

pub(super) const SUITE: Shape = Shape {
    what: "a suite",
    known: &["hubs", "probes"],
    later: &[],
    secret: false,
};

/// The largest suite file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// Reads a suite file (YAML 1.2, UTF-8, 1 MiB at most). Beside the suite come
/// notes: what was put right, and options that may not mean what was typed.
/// Looks at the `ca_file`s that it names, not at the tokens.
///
/// # Errors
/// [`SuiteError`]; the first that is found, with line and column where it is
/// about a place in the file.
pub fn load(path: &Path) -> Result<(Suite, Vec<String>), SuiteError> {
    load_bytes(path, read(path)?)
}

/// The same for bytes that are at hand; see [`load_text`].
pub(super) fn load_bytes(path: &Path, bytes: Vec<u8>) -> Result<(Suite, Vec<String>), SuiteError> {
    let text = String::from_utf8(bytes).map_err(|error| {
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
    })?;
    load_text(path, text)
}

fn read(path: &Path) -> Result<Vec<u8>, SuiteError> {
    use std::io::ErrorKind;
    let failed = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => SuiteError::whole(
            path,
            "there is no such file",
            "name the suite with --suite FILE",
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
    let mut bytes = Vec::new();
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(SuiteError::whole(
            path,
            "the file is larger than 1 MiB",
            "is this the suite? a suite is a few pages",
        ));
    }
    Ok(bytes)
}

/// The same for a text that is at hand; `path` is for messages, and its
/// directory is where relative paths start.
pub(super) fn load_text(path: &Path, text: String) -> Result<(Suite, Vec<String>), SuiteError> {
    let text = text
        .strip_prefix('\u{feff}')
        .map(str::to_owned)
        .unwrap_or(text);
    let (document, root) = Document::parse(path, text)?;
    if matches!(root.kind, Kind::Null) {
        return Err(SuiteError::whole(
            path,
            "the file is empty",
            "a suite has hubs: and probes:",
        ));
    }
    let fields = Fields::of(&document, &root, "the suite", &SUITE)?;
    let mut notes = Vec::new();
    let hubs = fields.required("hubs", "hubs: { alps: { url: …, accounts: { … } } }")?;
    let hubs = hubs::read(&document, hubs, &mut notes)?;
    let probes = fields.required("probes", "probes: { normal: { hub: alps } }")?;
    let probes = probes::read(&document, probes, &hubs, &mut notes)?;
    let notes = notes.iter().map(|text| note(text)).collect();
    Ok((
        Suite {
            source: path.to_owned(),
            probes,
        },
        notes,
    ))
}
