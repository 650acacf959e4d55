//! The kinds of hubs that cases want: the plain one, and those with something wrong from their start on.
//!
//! Cases of one kind share a hub. On a plain one several run at once, each with an account of its own; on the others one
//! after the other, since what is wrong there, or is done there, is felt by all.

/// A kind of hub.
#[derive(Debug, PartialEq, Eq)]
pub struct HubKind {
    /// Its name, and a part of its sandbox's.
    pub name: &'static str,
    /// Faults that hold from its start on.
    pub standing: &'static [&'static str],
    /// More configuration, in Python.
    pub config: &'static str,
    /// The hub's base URL.
    pub base_url: &'static str,
    /// Whether its servers have JupyterLab.
    pub lab: bool,
    /// Whether its cases may run at the same time.
    pub shared: bool,
    /// Whether a human lives on it; where servers cannot be started, nobody can move in.
    pub human: bool,
}

/// A hub with nothing wrong but what a spawn asks for.
pub const PLAIN: HubKind = HubKind {
    name: "plain",
    standing: &[],
    config: "",
    base_url: "/",
    lab: false,
    shared: true,
    human: true,
};

/// A hub with nothing wrong at its start, whose parts are killed, stopped and broken.
pub const RESTLESS: HubKind = HubKind {
    name: "restless",
    shared: false,
    ..PLAIN
};

/// A hub with this fault from its start on.
pub const fn standing(name: &'static str, faults: &'static [&'static str]) -> HubKind {
    HubKind {
        name,
        standing: faults,
        shared: false,
        ..PLAIN
    }
}

/// A hub with more configuration.
pub const fn configured(name: &'static str, config: &'static str) -> HubKind {
    HubKind {
        name,
        config,
        shared: false,
        ..PLAIN
    }
}

impl HubKind {
    /// Where nobody can move in.
    pub const fn deserted(mut self) -> Self {
        self.human = false;
        self
    }
}
