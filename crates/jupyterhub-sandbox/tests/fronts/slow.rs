//! What is broken in time: late, cut, held back, now and then, and clocks.

use std::time::{Duration, Instant};

use super::Stage;
use super::http::{ask, events, ping, until_closed, websocket};

super::list!(
    late_answers,
    silence_is_cut,
    everything_is_cut,
    events_are_held_back,
    events_that_pause_are_cut,
    every_third_request,
    a_route_that_lags,
    dates,
);

const SECOND: Duration = Duration::from_secs(1);

async fn late_answers(stage: &Stage) {
    for (fault, second) in [("delay:1", true), ("slow_first:1", false)] {
        let front = stage.front(fault).await;
        assert!(stage.ask(&front, "GET", "hub/api/").await.took >= SECOND);
        let again = stage.ask(&front, "GET", "hub/api/").await;
        assert_eq!(again.took >= SECOND, second, "{again:?}");
        assert_eq!(again.status, 200);
        front.down().await.unwrap();
    }
}

async fn silence_is_cut(stage: &Stage) {
    let front = stage.front("cut:1").await;
    let url = format!("{}{}", front.url(), stage.channels);
    let mut socket = websocket(&url, &stage.authorization).await.unwrap();
    // What is not silent lives on.
    for _ in 0..4 {
        ping(&mut socket).await;
        tokio::time::sleep(SECOND / 2).await;
    }
    let closed = until_closed(&mut socket).await;
    assert!(closed > SECOND / 4 && closed < 4 * SECOND, "{closed:?}");
    front.down().await.unwrap();
}

async fn everything_is_cut(stage: &Stage) {
    let front = stage.front("cut_all:1").await;
    let begun = Instant::now();
    let url = format!("{}{}", front.url(), stage.channels);
    let mut socket = websocket(&url, &stage.authorization).await.unwrap();
    ping(&mut socket).await;
    until_closed(&mut socket).await;
    let lived = begun.elapsed();
    assert!(lived >= SECOND && lived < 3 * SECOND, "{lived:?}");
    assert_eq!(stage.ask(&front, "GET", "hub/api/").await.status, 200);
    front.down().await.unwrap();
}

/// Starts a server that takes so many seconds longer, and gives it a moment to begin.
async fn spawn_slowly(stage: &Stage, user: &str, seconds: u32) {
    let url = format!("{}hub/api/users/{user}/server", stage.sandbox.url());
    let body = format!("{{\"user_options\": {{\"fault\": \"slow:{seconds}\"}}}}");
    let authorization = stage.authorization.clone();
    tokio::spawn(async move { ask("POST", &url, &[&authorization], &body).await });
    tokio::time::sleep(SECOND / 2).await;
}

async fn events_are_held_back(stage: &Stage) {
    let (good, buffered) = (stage.front("good").await, stage.front("buffered").await);
    spawn_slowly(stage, "bob", 3).await;
    let path = "hub/api/users/bob/server/progress";
    let urls = (
        format!("{}{path}", good.url()),
        format!("{}{path}", buffered.url()),
    );
    let (open, held) = tokio::join!(
        events(&urls.0, &stage.authorization),
        events(&urls.1, &stage.authorization)
    );
    assert!(open.0 < SECOND, "{open:?}");
    assert!(held.0 > 2 * SECOND, "{held:?}");
    for (_, _, text) in [&open, &held] {
        assert!(text.contains("\"ready\": true"), "{text}");
    }
    good.down().await.unwrap();
    buffered.down().await.unwrap();
}

async fn events_that_pause_are_cut(stage: &Stage) {
    let front = stage.front("cut:1").await;
    spawn_slowly(stage, "eve", 4).await;
    let url = format!("{}hub/api/users/eve/server/progress", front.url());
    let (_, ended, text) = events(&url, &stage.authorization).await;
    assert!(
        ended < 3 * SECOND && !text.contains("\"ready\""),
        "{ended:?} {text}"
    );
    front.down().await.unwrap();
}

async fn every_third_request(stage: &Stage) {
    let front = stage.front("flaky:3").await;
    let mut seen = Vec::new();
    for _ in 0..6 {
        let answer = stage.ask(&front, "GET", "hub/api/").await;
        assert_eq!(answer.is_nginx(), answer.status == 502);
        seen.push(answer.status);
    }
    assert_eq!(seen, [200, 200, 502, 200, 200, 502]);
    front.down().await.unwrap();
}

async fn a_route_that_lags(stage: &Stage) {
    let front = stage.front("route_lag:1").await;
    // A server that is not there is told by the hub, as ever.
    let answer = stage.ask(&front, "GET", "user/nobody/api").await;
    assert_eq!(answer.status, 302, "{answer:?}");
    let begun = Instant::now();
    let answer = stage.ask(&front, "GET", "user/ann/api").await;
    assert!(answer.status == 404 && answer.is_nginx(), "{answer:?}");
    while stage.ask(&front, "GET", "user/ann/api").await.status == 404 {
        assert!(begun.elapsed() < 5 * SECOND);
        tokio::time::sleep(SECOND / 10).await;
    }
    assert!(begun.elapsed() >= SECOND);
    front.down().await.unwrap();
}

async fn dates(stage: &Stage) {
    let front = stage.front("no_date").await;
    let answer = stage.ask(&front, "GET", "hub/api/").await;
    assert!(answer.header("date").is_none(), "{answer:?}");
    front.down().await.unwrap();
    for shift in [-3600, 90] {
        let front = stage.front(&format!("clock_skew:{shift}")).await;
        let answer = stage.ask(&front, "GET", "hub/api/").await;
        let date = answer.header("date").unwrap();
        let date = jiff::fmt::rfc2822::parse(date).unwrap().timestamp();
        let off = date.as_second() - jiff::Timestamp::now().as_second();
        assert!((off - shift).abs() <= 3, "{off} {shift}");
        front.down().await.unwrap();
    }
}
