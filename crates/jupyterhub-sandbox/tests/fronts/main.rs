//! Each front does what the catalogue says, seen by a plain HTTP client; websockets pass where they are not what is broken; none
//! leaves a process behind. One light hub for all cases; this program is also the program that serves our own fronts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_docs,
    unreachable_pub,
    reason = "tests"
)]

mod cases;
mod ends;
mod http;
mod slow;
mod tls;

use std::pin::Pin;
use std::process::ExitCode;
use std::time::Duration;

use jupyterhub_sandbox::{Front, OwnFront, Places, Sandbox, SingleUser, Spec};
use libtest_mimic::{Arguments, Trial};

/// The word that makes this program a front.
const SERVE: &str = "serve-front";
const ENDLESS: Duration = Duration::from_secs(60);

/// What all cases share.
pub struct Stage {
    pub places: Places,
    pub sandbox: Sandbox,
    /// The header of the admin service.
    pub authorization: String,
    /// The path of a running kernel's websocket, below the hub's URL.
    pub channels: String,
}

impl Stage {
    pub async fn front(&self, fault: &str) -> Front {
        let front = self.sandbox.front(&fault.parse().unwrap(), &own()).await;
        front.unwrap_or_else(|error| panic!("{fault}: {error}"))
    }

    /// A request with the admin's token.
    pub async fn ask(&self, front: &Front, method: &str, path: &str) -> http::Answer {
        let url = format!("{}{path}", front.url());
        http::ask(method, &url, &[&self.authorization], "").await
    }
}

/// A case by its name.
pub type Case = (
    &'static str,
    for<'a> fn(&'a Stage) -> Pin<Box<dyn Future<Output = ()> + 'a>>,
);

pub fn own() -> OwnFront {
    OwnFront(vec![std::env::current_exe().unwrap().into(), SERVE.into()])
}

pub fn spec(name: &str) -> Spec {
    Spec {
        name: name.to_owned(),
        single_user: SingleUser::Light,
        base_url: "/base/".to_owned(),
        faults: true,
        dies_with_parent: true,
        ..Spec::default()
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == SERVE) {
        let served = block_on(jupyterhub_sandbox::front::serve(&words[1..]));
        eprintln!("{}", served.unwrap_err());
        return ExitCode::FAILURE;
    }
    let mut arguments = Arguments::from_args();
    // Most of a case is waiting.
    arguments.test_threads.get_or_insert(4);
    let all = [cases::CASES, tls::CASES, slow::CASES, ends::CASES].concat();
    if arguments.list {
        let none = |name: &str| Trial::test(name, || Ok(()));
        let all = all.iter().map(|(name, _)| none(name)).collect();
        libtest_mimic::run(&arguments, all).exit();
    }
    let state = tempfile::tempdir().unwrap();
    let stage: &'static Stage = Box::leak(Box::new(block_on(raise(state.path()))));
    let trials = all.into_iter().map(|(name, case)| {
        Trial::test(name, move || {
            let ended = block_on(async { tokio::time::timeout(ENDLESS, case(stage)).await });
            ended.map_err(|_| format!("not over after {ENDLESS:?}").into())
        })
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    let mut failed = conclusion.has_failed();
    let down = block_on(stage.sandbox.down()).unwrap();
    if down.ended.iter().any(|(_, what)| what == "front") {
        eprintln!("FAILED a front was left: {down:?}");
        failed = true;
    }
    if failed {
        ExitCode::from(101)
    } else {
        ExitCode::SUCCESS
    }
}

/// The hub, with a running server of the user `ann` and a kernel on it.
async fn raise(state: &std::path::Path) -> Stage {
    let places = Places {
        state: state.to_owned(),
        ..Places::from_env().unwrap()
    };
    let sandbox = Sandbox::up(&places, &spec("fronts"), &mut |_| ())
        .await
        .unwrap();
    let token = std::fs::read_to_string(sandbox.admin_token_file()).unwrap();
    let authorization = format!("Authorization: token {}", token.trim());
    let post = async |path: &str| {
        let url = format!("{}{path}", sandbox.url());
        http::ask("POST", &url, &[&authorization], "").await
    };
    for user in ["ann", "bob", "eve"] {
        assert_eq!(post(&format!("hub/api/users/{user}")).await.status, 201);
    }
    assert!(matches!(
        post("hub/api/users/ann/server").await.status,
        201 | 202
    ));
    let kernel = loop {
        let answer = post("user/ann/api/kernels").await;
        if answer.status == 201 {
            break answer.body;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let id = kernel
        .split("\"id\": \"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let channels = format!("user/ann/api/kernels/{id}/channels");
    Stage {
        places,
        authorization,
        channels,
        sandbox,
    }
}

/// Names the cases of a module.
macro_rules! list {
    ($($case:ident),+ $(,)?) => {
        pub const CASES: &[$crate::Case] = &[$((stringify!($case), |stage| Box::pin($case(stage)))),+];
    };
}
pub(crate) use list;
