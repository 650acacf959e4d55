//! Reading a secret from where it is: a file, an environment variable, a
//! command's output, standard input.
//!
//! An error names the place and the remedy, and never shows what was read.

use std::io::Read;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jupyterhub_client::{Token, TokenError};

use crate::vocabulary::SecretSource;

/// A secret is never longer than this; what is longer is the wrong file.
const LONGEST: u64 = 64 * 1024;

/// JupyterHub makes no token with fewer characters (`Hashed.min_length`, 2.3.1 to 6.1.1). What is shorter stands in too many words by
/// chance for it to be taken out of all that is said.
const SHORTEST: usize = 8;

/// How long a file or standard input may take to say one.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a command may take to say a secret.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a secret could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// No place was given.
    #[error(
        "no token was given. Name its file with --token-file FILE or HUBPROBE_TOKEN_FILE, or put it into HUBPROBE_TOKEN or JUPYTERHUB_API_TOKEN"
    )]
    Missing,
    /// A file that cannot be read.
    #[error("{path} cannot be read: {reason}. Check the path and its permissions")]
    File {
        /// Which file.
        path: String,
        /// Why.
        reason: String,
    },
    /// A variable that is not set.
    #[error("the environment variable {0} is not set")]
    Env(String),
    /// A command that did not say a secret.
    #[error("`{command}` gave no secret: {reason}. Run it by hand")]
    Command {
        /// The program's name alone, since arguments may be secret.
        command: String,
        /// Why.
        reason: String,
    },
    /// Standard input that cannot be read.
    #[error("standard input cannot be read: {0}")]
    Stdin(String),
    /// Nothing came.
    #[error("{place} said nothing within {seconds} s")]
    Late {
        /// Where it was to be read.
        place: String,
        /// How long it was waited for.
        seconds: u64,
    },
    /// It is shorter than any token of a hub.
    #[error(
        "{place}: the token has {length} characters, and JupyterHub takes none with fewer than {SHORTEST}: put the whole token there"
    )]
    Short {
        /// Where it was read.
        place: String,
        /// How long it is, in bytes.
        length: usize,
    },
    /// What was read is no token.
    #[error("{place}: {source}")]
    Malformed {
        /// Where it was read.
        place: String,
        /// What is wrong with it.
        source: TokenError,
    },
}

/// A token and what there is to warn of.
#[derive(Debug)]
pub struct ReadToken {
    /// The token.
    pub token: Token,
    /// Things to mind: a file that others can read, a token that is too long.
    pub warnings: Vec<String>,
}

/// Reads a token.
///
/// # Errors
/// [`SecretError`] where it cannot be read, or is none.
pub async fn read_token(source: &SecretSource) -> Result<ReadToken, SecretError> {
    let mut read = read_word(source).await?;
    let length = read.token.expose().len();
    if length < SHORTEST {
        let place = source.to_string();
        return Err(SecretError::Short { place, length });
    }
    if length > 64 {
        // Seen on JupyterHub 5.5.4 and 6.1.1: 64 characters are taken, 65 are not.
        read.warnings.push(format!(
            "the token from {source} is longer than 64 characters, which JupyterHub refuses"
        ));
    }
    Ok(read)
}

/// Reads a token of somebody else's than a hub's, such as a login provider's: one
/// word of any length.
///
/// # Errors
/// [`SecretError`] where it cannot be read, or is none.
pub async fn read_word(source: &SecretSource) -> Result<ReadToken, SecretError> {
    let text = read_secret(source).await?;
    let token = Token::parse(&text).map_err(|error| SecretError::Malformed {
        place: source.to_string(),
        source: error,
    })?;
    let mut warnings = Vec::new();
    if let SecretSource::File(path) = source {
        warnings.extend(readable_by_others(path));
    }
    if text.trim().starts_with(['"', '\'']) {
        warnings.push(format!(
            "the token from {source} has quotes around it: take them away"
        ));
    }
    Ok(ReadToken { token, warnings })
}

/// Reads a secret's text; a file's last newline is still on it.
///
/// # Errors
/// [`SecretError`] where it cannot be read.
pub async fn read_secret(source: &SecretSource) -> Result<String, SecretError> {
    match source {
        SecretSource::File(path) => {
            let path = path.clone();
            aside(&source.to_string(), move || read_file(&path)).await
        }
        SecretSource::Env(name) => std::env::var(name).map_err(|_| SecretError::Env(name.clone())),
        SecretSource::Command(words) => run(words).await,
        SecretSource::Stdin => aside("standard input", read_stdin).await,
        SecretSource::Missing => Err(SecretError::Missing),
    }
}

/// Reads on a thread of its own: a named pipe, or a terminal, may keep it
/// waiting, and a signal must still be heard.
async fn aside(
    place: &str,
    read: impl FnOnce() -> Result<String, SecretError> + Send + 'static,
) -> Result<String, SecretError> {
    let late = || SecretError::Late {
        place: place.to_owned(),
        seconds: READ_TIMEOUT.as_secs(),
    };
    match tokio::time::timeout(READ_TIMEOUT, tokio::task::spawn_blocking(read)).await {
        Ok(Ok(read)) => read,
        Ok(Err(_)) | Err(_) => Err(late()),
    }
}

/// What came through standard input: it can be read once, and another visit, or another attempt at one, needs it too.
static FROM_STDIN: Mutex<Option<String>> = Mutex::new(None);

fn read_stdin() -> Result<String, SecretError> {
    let mut read = FROM_STDIN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(text) = &*read {
        return Ok(text.clone());
    }
    let mut text = String::new();
    std::io::stdin()
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|error| SecretError::Stdin(error.to_string()))?;
    *read = Some(text.clone());
    Ok(text)
}

fn read_file(path: &Path) -> Result<String, SecretError> {
    let failed = |reason: String| SecretError::File {
        path: path.display().to_string(),
        reason,
    };
    let file = std::fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    if file.metadata().is_ok_and(|meta| meta.is_dir()) {
        return Err(failed("it is a directory".to_owned()));
    }
    let mut text = String::new();
    file.take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => failed("it is no text".to_owned()),
            _ => failed(error.to_string()),
        })?;
    Ok(text)
}

async fn run(words: &[String]) -> Result<String, SecretError> {
    let program = words.first().cloned().unwrap_or_default();
    let failed = |reason: String| SecretError::Command {
        command: program.clone(),
        reason,
    };
    if program.is_empty() {
        return Err(failed("the command is empty".to_owned()));
    }
    let output = tokio::process::Command::new(&program)
        .args(words.iter().skip(1))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(COMMAND_TIMEOUT, output)
        .await
        .map_err(|_| failed(format!("it took over {} s", COMMAND_TIMEOUT.as_secs())))?
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(format!("it ended with {}", output.status)));
    }
    String::from_utf8(output.stdout).map_err(|_| failed("its output is no text".to_owned()))
}

#[cfg(unix)]
fn readable_by_others(path: &Path) -> Option<String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then(|| {
        format!(
            "the token file {} can be read by others (mode {mode:04o}): chmod 600 {}",
            path.display(),
            path.display()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &[u8], mode: u32) -> tempfile::NamedTempFile {
        use std::os::unix::fs::PermissionsExt;
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        file
    }

    #[tokio::test]
    async fn a_newline_at_the_end_is_cut_and_a_private_file_is_quiet() {
        let file = file(b"abc12345\n", 0o600);
        let read = read_token(&SecretSource::File(file.path().into()))
            .await
            .unwrap();
        assert_eq!(read.token.expose(), "abc12345");
        assert_eq!(read.warnings, Vec::<String>::new());
    }

    #[tokio::test]
    async fn a_world_readable_file_is_warned_of() {
        let file = file(b"abc12345", 0o644);
        let read = read_token(&SecretSource::File(file.path().into()))
            .await
            .unwrap();
        assert!(
            read.warnings[0].contains("chmod 600"),
            "{:?}",
            read.warnings
        );
    }

    /// The shortest that a hub makes, and one that is not whole: it would be taken out of half of what is said.
    #[tokio::test]
    async fn what_is_too_short_is_no_token() {
        for (text, is_one) in [
            (&b"12345678"[..], true),
            (b"e\n", false),
            (b"1234567", false),
        ] {
            let file = file(text, 0o600);
            let source = SecretSource::File(file.path().into());
            let read = read_token(&source).await;
            assert_eq!(read.is_ok(), is_one, "{text:?}");
            let said = read.err().map(|error| error.to_string());
            assert!(said.is_none_or(|said| said.contains("whole token")));
            assert!(
                read_word(&source).await.is_ok(),
                "a provider's may be short"
            );
        }
    }

    #[tokio::test]
    async fn what_is_no_token_is_not_shown() {
        let file = file(b"first-secret\nsecond-secret\n", 0o600);
        let error = read_token(&SecretSource::File(file.path().into()))
            .await
            .unwrap_err();
        let text = format!("{error} {error:?}");
        assert!(
            !text.contains("secret\n") && !text.contains("first-secret"),
            "{text}"
        );
        assert!(text.contains(&file.path().display().to_string()), "{text}");
    }

    #[tokio::test]
    async fn a_command_s_output_is_read_without_a_shell() {
        let words = ["echo", "$HOME;abc"].map(String::from).to_vec();
        assert_eq!(
            read_secret(&SecretSource::Command(words)).await.unwrap(),
            "$HOME;abc\n"
        );
        let words = ["false"].map(String::from).to_vec();
        let error = read_secret(&SecretSource::Command(words))
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("`false` gave no secret"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_directory_and_a_missing_file_are_named() {
        let error = read_secret(&SecretSource::File("/".into()))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("it is a directory"), "{error}");
        let error = read_secret(&SecretSource::File("/nonexistent/token".into()))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("/nonexistent/token"), "{error}");
    }
}
