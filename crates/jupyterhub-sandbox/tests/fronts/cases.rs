//! What is broken at once: statuses, headers, bodies, websockets.

use super::Stage;
use super::http::{self, ask, ping, websocket};

super::list!(
    nothing_is_broken_by_a_good_one,
    websockets_pass_where_they_are_not_what_is_broken,
    without_upgrade_there_is_no_websocket,
    gateways_without_a_hub,
    one_that_is_only_before_the_hub,
    redirects_to_elsewhere,
    a_wall_that_a_cookie_opens,
    a_login_on_another_host,
    a_password_of_its_own,
    tokens_that_do_not_arrive,
    scripts_of_pages,
    bodies_that_are_too_large,
    methods_and_paths_that_are_refused,
    rates,
    faults_of_other_places_are_refused,
);

async fn nothing_is_broken_by_a_good_one(stage: &Stage) {
    for fault in [
        "good",
        "no_date",
        "flaky:100",
        "cut:30",
        "rate_limit:600000",
    ] {
        let front = stage.front(fault).await;
        assert!(front.url().ends_with("/base/") && front.ca_file().is_none());
        let answer = stage.ask(&front, "GET", "hub/api/user").await;
        assert!(
            answer.status == 200 && answer.body.contains("admin:users"),
            "{answer:?}"
        );
        assert!(answer.header("x-jupyterhub-version").is_some());
        let answer = stage.ask(&front, "GET", "user/ann/api/status").await;
        assert_eq!(answer.status, 200, "{fault}: {answer:?}");
        // The hub builds the address of the next page of the header Host.
        let url = format!("{}hub/api/users?limit=1", front.url());
        let pages = "Accept: application/jupyterhub-pagination+json";
        let answer = ask("GET", &url, &[&stage.authorization, pages], "").await;
        assert!(answer.body.contains(&url), "{fault}: {answer:?}");
        front.down().await.unwrap();
    }
}

async fn websockets_pass_where_they_are_not_what_is_broken(stage: &Stage) {
    for fault in [
        "good",
        "buffered",
        "cut:30",
        "body_limit:1k",
        "no_delete",
        "no_date",
        "delay:0.1",
        "slow_first:0.1",
        "clock_skew:-3600",
        "flaky:100",
        "cut_all:30",
        "route_lag:0",
    ] {
        let front = stage.front(fault).await;
        let url = format!("{}{}", front.url(), stage.channels);
        let socket = websocket(&url, &stage.authorization).await;
        let mut socket = socket.unwrap_or_else(|status| panic!("{fault}: {status}"));
        ping(&mut socket).await;
        ping(&mut socket).await;
        front.down().await.unwrap();
    }
}

async fn without_upgrade_there_is_no_websocket(stage: &Stage) {
    let front = stage.front("no_upgrade").await;
    assert_eq!(
        stage
            .ask(&front, "GET", "user/ann/api/kernels")
            .await
            .status,
        200
    );
    let url = format!("{}{}", front.url(), stage.channels);
    assert_eq!(
        websocket(&url, &stage.authorization).await.unwrap_err(),
        400
    );
    front.down().await.unwrap();
}

async fn gateways_without_a_hub(stage: &Stage) {
    for (fault, status) in [
        ("bad_gateway", 502),
        ("gateway_timeout", 504),
        ("unavailable", 503),
    ] {
        let front = stage.front(fault).await;
        for path in ["hub/api/", "user/ann/api"] {
            let answer = stage.ask(&front, "GET", path).await;
            assert!(answer.status == status && answer.is_nginx(), "{answer:?}");
        }
        assert_eq!(
            stage.ask(&front, "POST", "hub/api/users/x").await.status,
            status
        );
        front.down().await.unwrap();
    }
}

async fn one_that_is_only_before_the_hub(stage: &Stage) {
    let front = stage.front("hub_gateway").await;
    assert_eq!(stage.ask(&front, "GET", "hub/api/").await.status, 502);
    assert_eq!(stage.ask(&front, "GET", "user/ann/api").await.status, 200);
    let health = front.url().replace("/base/", "/_chp_healthz");
    assert_eq!(ask("GET", &health, &[], "").await.status, 200);
    front.down().await.unwrap();
}

async fn redirects_to_elsewhere(stage: &Stage) {
    let front = stage.front("other_host").await;
    let answer = stage.ask(&front, "GET", "hub/api/user?x=1").await;
    let to = answer.header("location").unwrap();
    assert_eq!(
        (answer.status, to),
        (302, "https://hub.example.org/base/hub/api/user?x=1")
    );
    front.down().await.unwrap();
}

async fn a_wall_that_a_cookie_opens(stage: &Stage) {
    let front = stage.front("login_wall").await;
    let answer = stage.ask(&front, "GET", "hub/api/").await;
    assert!(
        answer.status == 200 && answer.body.contains("Sign in with"),
        "{answer:?}"
    );
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    let url = format!("{}hub/api/", front.url());
    let answer = ask("GET", &url, &["Cookie: _oauth2_proxy=x"], "").await;
    assert!(
        answer.status == 200 && answer.body.contains("\"version\""),
        "{answer:?}"
    );
    front.down().await.unwrap();
}

async fn a_login_on_another_host(stage: &Stage) {
    for (fault, begin) in [
        (
            "login_redirect",
            "https://sso.example.org/auth?client_id=jupyterhub&redirect_uri=http://127.0.0.1:",
        ),
        ("login_redirect:start", "/oauth2/start?rd=/base/hub/api/"),
    ] {
        let front = stage.front(fault).await;
        let answer = stage.ask(&front, "GET", "hub/api/").await;
        let to = answer.header("location").unwrap();
        assert_eq!(answer.status, 302);
        assert!(
            to.replace(&format!("http://{}", http::split(front.url()).0), "")
                .starts_with(begin)
                || to.starts_with(begin),
            "{to}"
        );
        front.down().await.unwrap();
    }
}

async fn a_password_of_its_own(stage: &Stage) {
    let front = stage.front("basic_auth").await;
    let answer = stage.ask(&front, "GET", "hub/api/").await;
    assert!(answer.status == 401 && answer.is_nginx(), "{answer:?}");
    assert_eq!(
        answer.header("www-authenticate"),
        Some("Basic realm=\"Restricted\"")
    );
    // front:front
    let url = format!("{}hub/api/", front.url());
    let answer = ask("GET", &url, &["Authorization: Basic ZnJvbnQ6ZnJvbnQ="], "").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    front.down().await.unwrap();
}

async fn tokens_that_do_not_arrive(stage: &Stage) {
    for (fault, hub, user) in [
        ("strip_auth", 403, 403),
        ("strip_user_auth", 200, 403),
        ("strip_auth_garbled", 403, 403),
    ] {
        let front = stage.front(fault).await;
        assert_eq!(stage.ask(&front, "GET", "hub/api/").await.status, 200);
        let seen = (
            stage.ask(&front, "GET", "hub/api/user").await.status,
            stage.ask(&front, "GET", "user/ann/api/status").await.status,
        );
        assert_eq!(seen, (hub, user), "{fault}");
        front.down().await.unwrap();
    }
}

async fn scripts_of_pages(stage: &Stage) {
    // One that every hub's own pages load.
    let script = "hub/static/components/requirejs/require.js";
    for (fault, status, kind) in [
        ("good", 200, "javascript"),
        ("no_scripts", 404, "text/html"),
        ("scripts_as_text", 200, "text/plain"),
    ] {
        let front = stage.front(fault).await;
        let answer = stage.ask(&front, "GET", script).await;
        assert_eq!(answer.status, status, "{fault}");
        let seen = answer.header("content-type").unwrap();
        assert!(seen.contains(kind), "{fault}: {seen}");
        assert_eq!(stage.ask(&front, "GET", "hub/api/user").await.status, 200);
        front.down().await.unwrap();
    }
}

async fn bodies_that_are_too_large(stage: &Stage) {
    let front = stage.front("body_limit:64k").await;
    let url = format!("{}user/ann/api/contents/file.txt", front.url());
    for (size, status) in [(1_000, 201), (100_000, 413)] {
        let text = "x".repeat(size);
        let body = format!("{{\"type\": \"file\", \"format\": \"text\", \"content\": \"{text}\"}}");
        let answer = ask("PUT", &url, &[&stage.authorization], &body).await;
        assert_eq!(answer.status, status, "{answer:?}");
        assert_eq!(answer.is_nginx(), status == 413);
    }
    front.down().await.unwrap();
}

async fn methods_and_paths_that_are_refused(stage: &Stage) {
    let front = stage.front("no_delete").await;
    let answer = stage
        .ask(&front, "DELETE", "hub/api/users/nobody/server")
        .await;
    assert!(answer.status == 405 && answer.is_nginx(), "{answer:?}");
    assert_eq!(stage.ask(&front, "GET", "hub/api/user").await.status, 200);
    front.down().await.unwrap();
    let front = stage.front("no_user_routes").await;
    let answer = stage.ask(&front, "GET", "user/ann/api").await;
    assert!(answer.status == 404 && answer.is_nginx(), "{answer:?}");
    assert_eq!(
        stage.ask(&front, "GET", "hub/api/users/ann").await.status,
        200
    );
    front.down().await.unwrap();
}

async fn rates(stage: &Stage) {
    let front = stage.front("rate_limit:1").await;
    let mut seen = Vec::new();
    for _ in 0..8 {
        seen.push(stage.ask(&front, "GET", "hub/api/").await.status);
    }
    assert_eq!(seen, [200, 200, 200, 200, 200, 200, 429, 429]);
    front.down().await.unwrap();
    let front = stage.front("rate_limit:0").await;
    let answer = stage.ask(&front, "GET", "hub/api/").await;
    assert!(answer.status == 429 && answer.is_nginx(), "{answer:?}");
    front.down().await.unwrap();
}

async fn faults_of_other_places_are_refused(stage: &Stage) {
    let error = stage
        .sandbox
        .front(&"raise".parse().unwrap(), &super::own())
        .await;
    assert!(error.unwrap_err().to_string().contains("none of a front"));
}
