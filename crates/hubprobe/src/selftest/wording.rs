//! The small words with which the tables of the matrix make their cases, so that they read like the table that they become.

use std::time::Duration;

use super::case::{After, At, Case, Command, Deed, Token, Typed, When};
use super::kind::{HubKind, PLAIN};
use crate::vocabulary::Cause;

/// A case whose check must find this cause, or none.
pub(super) const fn case(name: &'static str, cause: Option<Cause>, broken: &'static str) -> Case {
    Case {
        name,
        broken,
        cause,
        exit: None,
        emulated: false,
        fast: false,
        majors: (0, u64::MAX),
        hub: &PLAIN,
        at: At::Hub,
        typed: Typed {
            under: &[],
            command: Command::Check,
            options: &[],
            flags: &[],
            user: None,
            code: None,
            expect: None,
            steps: &[],
            node_time: None,
            files: &[],
        },
        token: Token::Usual,
        deeds: &[],
        after: After::Nothing,
        limit: Duration::from_secs(120),
    }
}

/// A case whose check must find this cause.
pub(super) const fn red(name: &'static str, cause: Cause, broken: &'static str) -> Case {
    case(name, Some(cause), broken)
}

/// A case whose check must be green.
pub(super) const fn green(name: &'static str, what: &'static str) -> Case {
    case(name, None, what)
}

impl Case {
    /// Part of the quick selection.
    pub const fn fast(mut self) -> Self {
        self.fast = true;
        self
    }

    /// The words of a system that is not here.
    pub const fn emulated(mut self) -> Self {
        self.emulated = true;
        self
    }

    /// Only on this major version of JupyterHub and newer ones.
    pub const fn from(mut self, major: u64) -> Self {
        self.majors.0 = major;
        self
    }

    /// Only on JupyterHubs before this major version.
    pub const fn before(mut self, major: u64) -> Self {
        self.majors.1 = major - 1;
        self
    }

    /// On a hub of this kind.
    pub const fn on(mut self, hub: &'static HubKind) -> Self {
        self.hub = hub;
        self
    }

    /// At another place than the sandbox's own URL.
    pub const fn at(mut self, at: At) -> Self {
        self.at = at;
        self
    }

    /// Behind this front, whose certificate authority is not known.
    pub const fn front(self, fault: &'static str) -> Self {
        self.at(At::Front {
            fault,
            trusted: false,
        })
    }

    /// Behind this front, with `--ca-file`.
    pub const fn trusted_front(self, fault: &'static str) -> Self {
        self.at(At::Front {
            fault,
            trusted: true,
        })
    }

    /// With these spawn options.
    pub const fn options(mut self, options: &'static [&'static str]) -> Self {
        self.typed.options = options;
        self
    }

    /// With these flags, word by word.
    pub const fn flags(mut self, flags: &'static [&'static str]) -> Self {
        self.typed.flags = flags;
        self
    }

    /// For this user.
    pub const fn user(mut self, user: &'static str) -> Self {
        self.typed.user = Some(user);
        self
    }

    /// With this code.
    pub const fn code(mut self, code: &'static str) -> Self {
        self.typed.code = Some(code);
        self
    }

    /// Whose code must say this.
    pub const fn expects(mut self, words: &'static str) -> Self {
        self.typed.expect = Some(words);
        self
    }

    /// With these steps in the suite, a line of YAML each.
    pub const fn steps(mut self, steps: &'static [&'static str]) -> Self {
        self.typed.steps = steps;
        self
    }

    /// With this budget of node time in the suite.
    pub const fn node_time(mut self, limit: &'static str) -> Self {
        self.typed.node_time = Some(limit);
        self
    }

    /// With these files beside the suite.
    pub const fn files(mut self, files: &'static [(&'static str, &'static str)]) -> Self {
        self.typed.files = files;
        self
    }

    /// Run by this program.
    pub const fn under(mut self, program: &'static [&'static str]) -> Self {
        self.typed.under = program;
        self
    }

    /// `hubprobe account create` in place of a check, with the admin's token unless another is given.
    pub const fn creates(mut self, account: &'static str) -> Self {
        self.typed.command = Command::Create(account);
        self.token = Token::Admin;
        self
    }

    /// With this token.
    pub const fn token(mut self, token: Token) -> Self {
        self.token = token;
        self
    }

    /// And meanwhile this happens.
    pub const fn deeds(mut self, deeds: &'static [(When, Deed)]) -> Self {
        self.deeds = deeds;
        self
    }

    /// It ends with this code, not with the one that its cause makes.
    pub const fn exits(mut self, code: i32) -> Self {
        self.exit = Some(code);
        self
    }

    /// Afterwards this is there.
    pub const fn leaves(mut self, after: After) -> Self {
        self.after = after;
        self
    }

    /// It may take so many seconds.
    pub const fn within(mut self, seconds: u64) -> Self {
        self.limit = Duration::from_secs(seconds);
        self
    }
}
