//! Certificates, good and wrong, as a client sees them that trusts what it is told.

use super::Stage;
use super::http::{ask_tls, split};

super::list!(
    good_certificates_are_trusted,
    wrong_ones_are_not,
    http_is_sent_to_https,
);

async fn good_certificates_are_trusted(stage: &Stage) {
    let front = stage.front("tls").await;
    assert!(front.url().starts_with("https://127.0.0.1:"));
    let url = format!("{}hub/api/", front.url());
    let answer = ask_tls(&url, front.ca_file()).await.unwrap();
    assert!(
        answer.status == 200 && answer.body.contains("\"version\""),
        "{answer:?}"
    );
    let error = ask_tls(&url, None).await.unwrap_err().to_string();
    assert!(error.contains("UnknownIssuer"), "{error}");
    front.down().await.unwrap();
}

async fn wrong_ones_are_not(stage: &Stage) {
    for (fault, told, words) in [
        ("tls_self_signed", false, "UnknownIssuer"),
        ("tls_unknown_ca", false, "UnknownIssuer"),
        ("tls_no_intermediate", true, "UnknownIssuer"),
        ("tls_expired", true, "expired"),
        ("tls_not_yet", true, "not valid yet"),
        ("tls_wrong_name", true, "not valid for name"),
    ] {
        let front = stage.front(fault).await;
        assert_eq!(front.ca_file().is_some(), told, "{fault}");
        let error = ask_tls(front.url(), front.ca_file())
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(words), "{fault}: {error}");
        front.down().await.unwrap();
    }
}

async fn http_is_sent_to_https(stage: &Stage) {
    let front = stage.front("https_redirect").await;
    assert!(front.url().starts_with("http://"));
    let answer = stage.ask(&front, "GET", "hub/api/").await;
    let to = answer.header("location").unwrap();
    assert!(
        answer.status == 301 && to.starts_with("https://127.0.0.1:"),
        "{answer:?}"
    );
    assert!(
        to.ends_with("/base/hub/api/") && split(to).0 != split(front.url()).0,
        "{to}"
    );
    assert_eq!(ask_tls(to, front.ca_file()).await.unwrap().status, 200);
    front.down().await.unwrap();
}
