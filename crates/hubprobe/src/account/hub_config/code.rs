//! The pieces of Python that go into a hub's configuration, each with a comment that says why; and how a piece is known again in a
//! text that has it already.
//!
//! The functions stand in `python/`, as files that can be read and run; here they get their names and their call.

use super::exempt::Cure;
use super::quote::{python_list, quoted, read_python_list, slug};
use super::role::Scope;
use super::write::python_comment;

const ADD: &str = include_str!("python/add.py");
const HOOK: &str = include_str!("python/hook.py");
const SUBCLASS: &str = include_str!("python/subclass.py");
const ALLOW: &str = include_str!("python/allow.py");
const SERVICE: &str = include_str!("python/service.py");
const TOKEN_ENV: &str = include_str!("python/token_env.py");
const TOKEN_FILE: &str = include_str!("python/token_file.py");

/// The role of accounts that have tokens of their own, or that services work as.
pub(super) const ROLE: &str = "hubprobe-accounts";

/// The name of the service, and of its role, that works as an account.
pub(super) fn service_name(account: &str) -> String {
    format!("hubprobe-{}", slug(account))
}

/// The variable with the token of the service that works as an account.
pub(super) fn token_variable(account: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    format!(
        "HUBPROBE_TOKEN_{}",
        slug(account).chars().map(plain).collect::<String>()
    )
}

/// What exempts accounts; none where nothing is needed.
pub(super) fn exempting(cure: &Cure, names: &[String], only_without_login: bool) -> Option<String> {
    let (why, body) = match cure {
        Cure::Nothing(_) => return None,
        Cure::Hook => (
            "Accounts that never log in have no login that could be refreshed, and the hub would refuse them (403). This keeps \
             exactly these out of the refresh (refresh_user_hook, oauthenticator 17.3 and newer); everybody else is refreshed as \
             before. Keep it at the end: a hook that is set after it would replace it.",
            HOOK,
        ),
        Cure::Subclass => (
            "Accounts that never log in have no login that could be refreshed, and the hub would refuse them (403). This keeps \
             exactly these out of the refresh, by a subclass of the hub's authenticator, since here no refresh_user_hook is asked \
             (oauthenticator 17.2, or an authenticator with a refresh_user of its own); everybody else is refreshed as before. Keep \
             it at the end: it must come after c.JupyterHub.authenticator_class.",
            SUBCLASS,
        ),
    };
    let (why, body) = if only_without_login {
        let (condition, body) = match cure {
            Cure::Hook => ("if user.name in names and not auth_state:", body),
            _ => (
                "if user.name in names and not await user.get_auth_state():",
                body,
            ),
        };
        (
            format!(
                "{why} An account that was given credentials of its own (auth_state) is refreshed as everybody is, so that its \
                 spawner finds fresh ones."
            ),
            body.replace("if user.name in names:", condition),
        )
    } else {
        (why.to_owned(), body.to_owned())
    };
    Some(format!(
        "{}{body}\n\n{CALL}{})\n",
        python_comment(&why),
        python_list(names.iter().map(String::as_str))
    ))
}

const CALL: &str = "_hubprobe_exempt(c, ";

/// The names that a text exempts with our own piece.
pub(super) fn exempted(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.trim_end().strip_prefix(CALL)?.strip_suffix(')'))
        .filter_map(read_python_list)
        .flatten()
        .collect()
}

/// The names of the services that a text makes with our own piece.
pub(super) fn served(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| {
            line.strip_prefix("_hubprobe_service(c, \"")?
                .split_once('"')
        })
        .map(|(name, _)| name.to_owned())
        .collect()
}

/// Names on the list of whom a hub before 5.0 lets in, if it has one.
pub(super) fn allowing(names: &[String]) -> String {
    format!(
        "{}{ALLOW}\n\n_hubprobe_allow(c, {})\n",
        python_comment(
            "Before JupyterHub 5.0 a user in a role must be on the hub's list of allowed users, if there is one, or the hub does not \
             start. It also lets whoever has that name at the login in, so see that nobody has."
        ),
        python_list(names.iter().map(String::as_str))
    )
}

/// The function that the other pieces add with.
pub(super) fn adding() -> &'static str {
    ADD
}

/// Users in a role, with its scopes.
pub(super) fn role(names: &[String], scopes: &[Scope], why: &str) -> String {
    let mut text = python_comment(why);
    text.push_str(&format!(
        "_hubprobe_add(\n    c,\n    \"load_roles\",\n    [\n        {{\n            \"name\": {},\n            \"users\": {},\n            \"scopes\": [\n",
        quoted(ROLE),
        python_list(names.iter().map(String::as_str))
    ));
    for scope in scopes {
        text.push_str(&format!(
            "                {},  # {}\n",
            quoted(&scope.text),
            scope.why
        ));
    }
    text.push_str("            ],\n        }\n    ],\n)\n");
    text
}

/// Where a service's token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenPlace {
    /// In an environment variable of the hub, `HUBPROBE_TOKEN_NAME`.
    Variable,
    /// In a file of this directory, `NAME.token`.
    Directory(String),
}

/// Services, each with its token and the scopes on one account.
pub(super) fn services(accounts: &[(&str, Vec<Scope>)], place: &TokenPlace) -> String {
    let read = match place {
        TokenPlace::Variable => TOKEN_ENV,
        TokenPlace::Directory(_) => TOKEN_FILE,
    };
    let how = match place {
        TokenPlace::Variable => "The token is in an environment variable of the hub".to_owned(),
        TokenPlace::Directory(_) => {
            "The token is in a file that only the hub may read (mode 0600)".to_owned()
        }
    };
    let mut text = python_comment(&format!(
        "A service for each account: a token that may do nothing but work as that account, never expires, and is not touched by the \
         refresh of logins. {how}, 64 hexadecimal digits at most, as openssl rand -hex 32 makes them; it stands in no configuration."
    ));
    text.push_str(read);
    text.push_str("\n\n");
    text.push_str(SERVICE);
    text.push_str("\n\n");
    for (account, scopes) in accounts {
        let place = match place {
            TokenPlace::Variable => token_variable(account),
            TokenPlace::Directory(directory) => {
                format!(
                    "{}/{}.token",
                    directory.trim_end_matches('/'),
                    slug(account)
                )
            }
        };
        text.push_str(&format!(
            "_hubprobe_service(c, {}, {}, {}, _hubprobe_token({}))\n",
            quoted(&service_name(account)),
            quoted(account),
            python_list(scopes.iter().map(|scope| scope.text.as_str())),
            quoted(&place)
        ));
    }
    text
}
