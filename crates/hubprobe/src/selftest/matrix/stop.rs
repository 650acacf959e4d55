//! The way back: the stop, and whether the server is really gone.

use super::super::case::{After, Case, Deed, When};
use super::super::kind::{HubKind, configured};
use super::super::wording::red;
use crate::vocabulary::Cause::{StopRefused, StopSurvived, StopTimeout, StopUndone};

/// As seen with FirecREST: the stop does nothing, and the next start leads to the same address, where the old server answers.
const ORPHANS: HubKind = configured(
    "orphans",
    r#"
from faults import FaultSpawner

class Orphans(FaultSpawner):
    addresses = {}

    def start(self):
        return self.start_or_find()

    async def start_or_find(self):
        name = self.user.name
        if name not in self.addresses:
            self.addresses[name] = await FaultSpawner.start(self)
        return self.addresses[name]

    async def poll(self):
        return None if self.user.name in self.addresses else 0

    async def stop(self, now=False):
        pass

c.JupyterHub.spawner_class = Orphans
"#,
)
.deserted();

pub(super) const CASES: &[Case] = &[
    red(
        "stop-slow",
        StopTimeout,
        "the stop takes longer than our deadline",
    )
    .options(&["fault=stop_slow:12"])
    .flags(&["--deadline", "stop=3s"])
    .exits(4)
    .leaves(After::Leftovers)
    .fast(),
    red("stop-for-ever", StopTimeout, "the stop never ends")
        .options(&["fault=stop_for_ever"])
        .flags(&["--deadline", "stop=5s"])
        .exits(4)
        .leaves(After::Anything),
    red(
        "stop-refused",
        StopRefused,
        "a proxy lets no DELETE through",
    )
    .front("no_delete")
    .flags(&["--deadline", "stop=5s"])
    .exits(4)
    .leaves(After::Anything),
    red(
        "stop-undone",
        StopUndone,
        "somebody starts the server again as soon as it is stopped",
    )
    .options(&["fault=restarted"])
    .leaves(After::Somebodys)
    .fast(),
    red(
        "stop-noop",
        StopSurvived,
        "the stop does nothing, and the hub believes it",
    )
    .options(&["fault=stop_noop"])
    .exits(4)
    .leaves(After::Anything),
    red(
        "stop-raises",
        StopSurvived,
        "the stop raises, and the hub forgets the server",
    )
    .options(&["fault=stop_raise"])
    .exits(4)
    .leaves(After::Anything),
    red(
        "stop-orphan",
        StopSurvived,
        "the last stop did nothing, and the old server answers for ours",
    )
    .on(&ORPHANS)
    .deeds(&[
        (When::Before, Deed::EarlierCheck),
        (When::Before, Deed::Wait(12.0)),
    ])
    .exits(4)
    .leaves(After::Anything),
];
