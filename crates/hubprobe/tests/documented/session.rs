//! A shell into which a page's commands are typed, one after the other, as a reader would: what one sets the next one knows.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Longer than anything that a page has people wait for.
const PATIENCE: Duration = Duration::from_secs(180);

pub struct Session {
    shell: Child,
    keys: ChildStdin,
    codes: Receiver<String>,
    said: PathBuf,
    last: i32,
}

impl Session {
    /// A shell in this directory, with this environment and nothing else.
    pub fn new(dir: &Path, said: PathBuf, environment: &[(String, String)]) -> Self {
        let mut shell = Command::new("bash")
            .args(["--noprofile", "--norc"])
            .current_dir(dir)
            .env_clear()
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let keys = shell.stdin.take().unwrap();
        let screen = BufReader::new(shell.stdout.take().unwrap());
        let (tell, codes) = channel();
        std::thread::spawn(move || {
            for line in screen.lines().map_while(Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        let last = 0;
        Self {
            shell,
            keys,
            codes,
            said,
            last,
        }
    }

    /// Types a command: its exit code, and what it said on both channels.
    ///
    /// # Errors
    /// It did not end.
    pub fn run(&mut self, command: &str) -> Result<(i32, String), String> {
        // Into a file: what goes on in the background must not hold a pipe open.
        let line = format!(
            "(exit {})\n{{ {command}\n}} </dev/null >'{}' 2>&1\necho $?\n",
            self.last,
            self.said.display()
        );
        self.keys.write_all(line.as_bytes()).unwrap();
        let code = self.codes.recv_timeout(PATIENCE);
        let said = std::fs::read(&self.said).unwrap_or_default();
        let said = String::from_utf8_lossy(&said).into_owned();
        match code {
            Ok(code) => {
                self.last = code.parse().unwrap_or(-1);
                Ok((self.last, said))
            }
            Err(_) => Err(format!(
                "it did not end within {PATIENCE:?}, or ended the shell; it said: {said}"
            )),
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.shell.kill().ok();
        self.shell.wait().ok();
    }
}
