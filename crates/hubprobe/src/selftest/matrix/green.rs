//! Hubs that are slow or odd, and well: a check must say so.

use super::super::case::{Case, Deed, Token, When};
use super::super::kind::{HubKind, PLAIN};
use super::super::wording::green;

const BELOW_JHUB: HubKind = HubKind {
    name: "below-jhub",
    base_url: "/jhub/",
    ..PLAIN
};

pub(super) const CASES: &[Case] = &[
    green("green-plain", "nothing at all").fast(),
    green("green-slow", "the server takes 12 s, within the deadline").options(&["fault=slow:12"]),
    green("green-route-late", "the server's route comes 3 s late").options(&["fault=route_late:3"]),
    green("green-front", "a reverse proxy stands in front of the hub").front("good"),
    green(
        "green-tls",
        "TLS with the site's own authority, and --ca-file",
    )
    .trusted_front("tls")
    .fast(),
    green("green-below-jhub", "the hub is below /jhub/").on(&BELOW_JHUB),
    green(
        "green-least-scopes",
        "the token may do what a check needs and no more",
    )
    .token(Token::Scopes(&[
        "servers!user=USER",
        "access:servers!user=USER",
    ]))
    .fast(),
    green("green-delay", "every answer takes a second").front("delay:1"),
    green("green-buffered", "a proxy holds the progress stream back").front("buffered"),
    green("green-first-slow", "the first answer takes 5 s").front("slow_first:5"),
    green("green-no-date", "a proxy removes the Date header").front("no_date"),
    green(
        "green-stream-breaks",
        "the progress stream breaks, the server starts",
    )
    .options(&["fault=progress_raise:3"])
    .fast(),
    green(
        "green-stream-ends",
        "the progress stream ends early, the server starts",
    )
    .options(&["fault=progress_end:3"]),
    green("green-named", "a named server").flags(&["--server", "second"]),
    green("green-restart", "a file in the home survives a restart")
        .steps(&["files: { size: 64KiB, persist: true }"]),
    green("green-restart-named", "the same with a named server")
        .flags(&["--server", "third"])
        .steps(&["files: { persist: true }"]),
    green("green-code", "the code says what it should")
        .code("print(6*7)")
        .expects("42")
        .fast(),
    green(
        "green-after-a-loss",
        "an earlier check was killed, and left its server",
    )
    .options(&["fault=slow:4"])
    .deeds(&[(When::Before, Deed::EarlierLoss)]),
    green(
        "green-scale-up",
        "no node has room, and the cluster adds one",
    )
    .options(&["fault=k8s_scale_up:8"])
    .emulated(),
];
