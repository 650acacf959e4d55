//! Layer 8: the server that the hub calls ready.

use super::super::case::{Case, Deed, Token, When};
use super::super::kind::{HubKind, RESTLESS, configured, standing};
use super::super::wording::{green, red};
use crate::vocabulary::Cause::{
    ServerCannotReachHub, ServerCulled, ServerDied, ServerError, ServerForbidden, ServerNoRoute,
    ServerVersionMismatch, ServerWalltime,
};

const CULLER: HubKind = standing("culler", &["culler:6"]).deserted();

/// The way to the hub is cut as soon as the server is up, before anybody can ask for it.
const HUB_LOST: HubKind = standing("hub-lost", &["hub_lost:0", "route_late:3"]).deserted();

const OLD_SERVER: HubKind = standing("old-server", &["service", "old_server"]).deserted();

/// The server's own status call is broken.
const BROKEN_SERVER: HubKind = configured(
    "broken-server",
    r#"
import os
os.makedirs(os.path.join(here, "broken"), exist_ok=True)
with open(os.path.join(here, "broken", "broken_status.py"), "w") as file:
    file.write(
        "from jupyter_server.services.api import handlers\n"
        "async def get(self):\n"
        "    raise RuntimeError('an extension of the site has broken this')\n"
        "handlers.APIStatusHandler.get = get\n"
        "def _jupyter_server_extension_points():\n"
        "    return [{'module': 'broken_status'}]\n"
        "def _load_jupyter_server_extension(app):\n"
        "    pass\n"
    )
os.makedirs(os.path.join(here, "jupyter", "jupyter_server_config.d"), exist_ok=True)
with open(os.path.join(here, "jupyter", "jupyter_server_config.d", "broken.json"), "w") as file:
    file.write('{"ServerApp": {"jpserver_extensions": {"broken_status": true}}}')
c.Spawner.environment = {**c.Spawner.environment, "PYTHONPATH": os.path.join(here, "broken")}
"#,
)
.deserted();

const LONG_CODE: &str = "import time; time.sleep(30)";

pub(super) const CASES: &[Case] = &[
    red(
        "server-forbidden",
        ServerForbidden,
        "the token lacks access:servers",
    )
    .token(Token::Scopes(&["servers!user=USER"]))
    // 2.x takes no notice of the scopes that a token shall have.
    .from(3)
    .fast(),
    red(
        "server-route-lost",
        ServerNoRoute,
        "the proxy loses the server's route as soon as it is ready",
    )
    .options(&["fault=route_lost:0"])
    .flags(&["--deadline", "open=8s"])
    .fast(),
    red(
        "server-route-never",
        ServerNoRoute,
        "the proxy never learns the server's route",
    )
    .options(&["fault=route_never"])
    .flags(&["--deadline", "open=8s"]),
    red(
        "server-no-ingress",
        ServerNoRoute,
        "the ingress has no rule for /user/",
    )
    .front("no_user_routes"),
    red(
        "server-route-slow",
        ServerNoRoute,
        "the route takes a minute to reach the ingress",
    )
    .front("route_lag:60")
    .flags(&["--deadline", "open=8s"]),
    red(
        "server-version",
        ServerVersionMismatch,
        "the server's JupyterHub is too old to know scopes, and lets no service in",
    )
    .on(&OLD_SERVER)
    .token(Token::Service)
    .user("servuser"),
    green(
        "server-version-own",
        "the server's JupyterHub is too old to know scopes, and lets its own user in",
    )
    .on(&OLD_SERVER),
    red(
        "server-error",
        ServerError,
        "an extension breaks the server's own API",
    )
    .on(&BROKEN_SERVER),
    red(
        "server-loses-hub",
        ServerCannotReachHub,
        "the server reaches the hub when it starts, and not later",
    )
    .on(&HUB_LOST),
    red(
        "server-dies",
        ServerDied,
        "the server is killed while the code runs",
    )
    .options(&["fault=die_after:4"])
    .code(LONG_CODE)
    .fast(),
    red(
        "server-walltime",
        ServerWalltime,
        "the job's time limit ends the server while the code runs",
    )
    .options(&["fault=die_after:4", "runtime=[\"00:00:04\"]"])
    .code(LONG_CODE)
    .emulated(),
    red(
        "server-stopped",
        ServerCulled,
        "somebody stops the server while the code runs",
    )
    .code(LONG_CODE)
    .deeds(&[(When::Ready(3.0), Deed::Stop)])
    .fast(),
    red(
        "server-culled",
        ServerCulled,
        "an idle culler takes the server while the code runs",
    )
    .on(&CULLER)
    .code(LONG_CODE),
    red(
        "server-culled-soon",
        ServerCulled,
        "the server is stopped from within the hub while the code runs",
    )
    .options(&["fault=culled:5"])
    .code(LONG_CODE),
    red(
        "server-proxy-again",
        ServerNoRoute,
        "the proxy is restarted while the code runs, and has lost its routes",
    )
    .on(&RESTLESS)
    .code(LONG_CODE)
    .deeds(&[(When::Ready(3.0), Deed::RestartProxy)]),
];
