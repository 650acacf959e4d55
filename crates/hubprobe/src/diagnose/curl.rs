//! A command that shows a finding again, to be pasted into a shell.
//!
//! The token comes from where it is kept, through standard input: it stands
//! neither in the command nor in the argument list of a process (`curl -H @-`,
//! curl 7.55 and newer).

use crate::vocabulary::shell::quote;
use crate::vocabulary::{SecretSource, Target};

/// A curl of `method` on `url` as the account.
pub fn with_token(target: &Target, token: &SecretSource, method: &str, url: &str) -> String {
    let from = match token {
        SecretSource::File(path) => {
            format!("\"$(cat {})\"", quote(&path.display().to_string()))
        }
        SecretSource::Env(name) => format!("\"${name}\""),
        SecretSource::Command(words) => {
            let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
            format!("\"$({})\"", words.join(" "))
        }
        SecretSource::Stdin | SecretSource::Missing => "\"$HUBPROBE_TOKEN\"".to_owned(),
    };
    format!(
        "printf 'Authorization: token %s' {from} | {} -H @-",
        plain(target, method, url)
    )
}

/// A curl of `method` on `url` without a token.
pub fn plain(target: &Target, method: &str, url: &str) -> String {
    let mut command = "curl -sS -i".to_owned();
    if method != "GET" {
        command.push_str(" -X ");
        command.push_str(method);
    }
    if let Some(path) = &target.ca_file {
        command.push_str(" --cacert ");
        command.push_str(&quote(&path.display().to_string()));
    }
    command.push(' ');
    command.push_str(&quote(url));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target {
            url: "http://127.0.0.1:8000/".parse().unwrap(),
            ca_file: Some("/etc/my ca.pem".into()),
            headers: Vec::new(),
        }
    }

    #[test]
    fn the_token_comes_from_its_place() {
        let token = SecretSource::File("/etc/token".into());
        assert_eq!(
            with_token(&target(), &token, "POST", "http://h/x?a=1&b=2"),
            "printf 'Authorization: token %s' \"$(cat /etc/token)\" | curl -sS -i -X POST \
             --cacert '/etc/my ca.pem' 'http://h/x?a=1&b=2' -H @-"
        );
    }

    #[test]
    fn a_shell_cannot_be_led_astray() {
        assert_eq!(quote("a'; rm -rf ~ #"), "'a'\\''; rm -rf ~ #'");
    }
}
