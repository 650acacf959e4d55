//! The hub itself: its database, its process, its errors.

use super::super::case::{After, Case, Deed, When};
use super::super::kind::{HubKind, RESTLESS, configured, standing};
use super::super::wording::red;
use crate::vocabulary::Cause::{HubDatabase, HubError, HubRestarted};

const DB_FULL: HubKind = standing("db-full", &["db_full"]).deserted();
const DB_READONLY: HubKind = standing("db-readonly", &["db_readonly"]).deserted();

/// A call of the hub's API that a patch of the site has broken.
const BROKEN_API: HubKind = configured(
    "broken-api",
    r#"
from jupyterhub.apihandlers import users

async def broken(self, *args, **kwargs):
    raise RuntimeError("a patch of the site has broken this")

users.UserAPIHandler.get = broken
"#,
)
.deserted();

pub(super) const CASES: &[Case] = &[
    red(
        "hub-db-locked",
        HubDatabase,
        "another process holds a lock on the hub's database",
    )
    .on(&RESTLESS)
    .deeds(&[(When::Before, Deed::LockDatabase(25.0))]),
    red(
        "hub-db-full",
        HubDatabase,
        "the disk of the hub's database is full",
    )
    .on(&DB_FULL)
    .exits(4)
    .leaves(After::Anything),
    red(
        "hub-db-readonly",
        HubDatabase,
        "the hub's database cannot be written",
    )
    .on(&DB_READONLY)
    .exits(4)
    .leaves(After::Anything),
    red(
        "hub-restarted",
        HubRestarted,
        "the hub is restarted while the server starts",
    )
    .on(&RESTLESS)
    .options(&["fault=slow:8"])
    .deeds(&[(When::Pending(1.0), Deed::RestartHub)])
    .leaves(After::Anything),
    red(
        "hub-error",
        HubError,
        "a call of the hub's API fails with an error of its own",
    )
    .on(&BROKEN_API)
    .leaves(After::Anything),
];
