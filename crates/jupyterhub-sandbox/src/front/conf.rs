//! Writes nginx's configuration for a fault: everything in the front's directory, one process, loopback only. What is broken is
//! the difference to `good`, which is nginx as JupyterHub's documentation wants it.

use super::Ground;
use super::certificates::Certificate;
use crate::Fault;

/// A dead end: nobody but root could listen there, and nobody does.
const DEAD: &str = "127.0.0.1:1";
/// Where a login takes place. No such host is ever asked.
const LOGIN_HOST: &str = "sso.example.org";
/// Requests a minute where no other number is given.
const RATE: &str = "20";

/// As an access proxy shows it to people.
const LOGIN_PAGE: &str = r#"<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Sign In</title></head>
<body><form method="GET" action="/oauth2/start"><input type="hidden" name="rd" value="/">
<button type="submit">Sign in with OpenID Connect</button></form></body></html>
"#;

/// Rules for requests, of one front.
#[derive(Debug, Default)]
pub(super) struct Site {
    /// TLS, with this certificate: on the front's port, or on the second where the first redirects.
    pub(super) certificate: Option<Certificate>,
    /// The first port speaks http and redirects to the second.
    pub(super) redirects: bool,
    /// It listens on the second port too.
    pub(super) second: bool,
    /// Beside the server.
    around: String,
    /// Settings of the server that differ from the defaults.
    settings: String,
    /// Its locations.
    locations: String,
}

/// What nginx is to do for this fault; `None` when it is not nginx that does it.
pub(super) fn site(fault: &Fault, ground: &Ground<'_>) -> Option<Site> {
    let argument = fault.argument();
    let (base, second) = (ground.base_url, ground.second);
    let hub = format!("127.0.0.1:{}", ground.upstream);
    let all = |inside: &str| format!("location / {{\n{inside}\n}}");
    let pass = |more: &str| all(&forward(&hub, UPGRADE, more));
    let whole = |locations: String| Site {
        locations,
        ..Site::default()
    };
    let with = |settings: String| Site {
        settings,
        locations: pass(""),
        ..Site::default()
    };
    let certified = |certificate| Site {
        certificate: Some(certificate),
        locations: pass(""),
        ..Site::default()
    };
    Some(match fault.kind().name {
        "good" => whole(pass("")),
        "tls" => certified(Certificate::Good),
        "tls_self_signed" => certified(Certificate::SelfSigned),
        "tls_unknown_ca" => certified(Certificate::UnknownAuthority),
        "tls_no_intermediate" => certified(Certificate::NoIntermediate),
        "tls_expired" => certified(Certificate::Expired),
        "tls_not_yet" => certified(Certificate::NotYet),
        "tls_wrong_name" => certified(Certificate::WrongName),
        "https_redirect" => Site {
            redirects: true,
            second: true,
            ..certified(Certificate::Good)
        },
        "other_host" => whole(all("return 302 https://hub.example.org$request_uri;")),
        "bad_gateway" => whole(all(&forward(DEAD, UPGRADE, ""))),
        "hub_gateway" => whole(format!(
            "location {base}hub/ {{\n{}\n}}\n{}",
            forward(DEAD, UPGRADE, ""),
            pass("")
        )),
        "gateway_timeout" => Site {
            second: true,
            // A login that fails slowly: the one thing in nginx that takes a request and stays silent.
            around: format!(
                "server {{\nlisten 127.0.0.1:{second};\nauth_basic never;\nauth_basic_user_file users;\nauth_delay 1h;\n}}"
            ),
            settings: "proxy_read_timeout 1s;".to_owned(),
            locations: all(&forward(&format!("127.0.0.1:{second}"), UPGRADE, "")),
            ..Site::default()
        },
        "unavailable" => whole(all("return 503;")),
        "no_upgrade" => Site {
            settings: "proxy_http_version 1.0;".to_owned(),
            locations: all(&forward(&hub, "", "")),
            ..Site::default()
        },
        // With HTTP/1.1 nginx passes each chunk on, buffering or not; with 1.0 it cannot tell where an event ends.
        "buffered" => whole(format!(
            "location ~ /progress$ {{\n{}\n}}\n{}",
            forward(&hub, "", BUFFERED),
            pass("")
        )),
        "cut" => with(format!("proxy_read_timeout {}ms;", milliseconds(argument?))),
        "body_limit" => with(format!("client_max_body_size {};", argument?)),
        "no_scripts" => whole(format!("location ~ \\.js$ {{ return 404; }}\n{}", pass(""))),
        "scripts_as_text" => whole(format!(
            "location ~ \\.js$ {{\n{}\n}}\n{}",
            forward(
                &hub,
                UPGRADE,
                "proxy_hide_header Content-Type;\nadd_header Content-Type text/plain always;"
            ),
            pass("")
        )),
        "strip_auth" => whole(pass(NO_AUTHORIZATION)),
        "strip_user_auth" => whole(format!(
            "location {base}user/ {{\n{}\n}}\n{}",
            forward(&hub, UPGRADE, NO_AUTHORIZATION),
            pass("")
        )),
        "strip_auth_garbled" => Site {
            around: "map $http_authorization $garbled { '' ''; default 'Basic Zm9v'; }".to_owned(),
            ..whole(pass("proxy_set_header Authorization $garbled;"))
        },
        "login_wall" => whole(pass(&format!(
            "default_type text/html;\nif ($cookie__oauth2_proxy = '') {{ return 200 '{LOGIN_PAGE}'; }}"
        ))),
        "login_redirect" => whole(login(argument.is_some(), &all)),
        "basic_auth" => with("auth_basic Restricted;\nauth_basic_user_file users;".to_owned()),
        "rate_limit" => match argument.unwrap_or(RATE) {
            "0" => whole(all("return 429;")),
            rate => Site {
                around: format!("limit_req_zone $binary_remote_addr zone=all:1m rate={rate}r/m;"),
                ..with("limit_req zone=all burst=5 nodelay;\nlimit_req_status 429;".to_owned())
            },
        },
        "no_delete" => with("if ($request_method = DELETE) { return 405; }".to_owned()),
        "no_user_routes" => whole(format!(
            "location {base}user/ {{ return 404; }}\n{}",
            pass("")
        )),
        _ => return None,
    })
}

/// Once for all: on this host, oauth2-proxy begins the login; on the other, the provider shows its page.
fn login(start: bool, all: &dyn Fn(&str) -> String) -> String {
    let provider = format!(
        "return 302 'https://{LOGIN_HOST}/auth?client_id=jupyterhub&redirect_uri=$scheme://$http_host/oauth2/callback&response_type=code&scope=openid&state=0:$request_uri';"
    );
    if start {
        format!(
            "location /oauth2/ {{\n{provider}\n}}\n{}",
            all("return 302 '/oauth2/start?rd=$request_uri';")
        )
    } else {
        all(&provider)
    }
}

/// What lets a websocket through.
const UPGRADE: &str =
    "proxy_set_header Upgrade $http_upgrade;\nproxy_set_header Connection $connection_upgrade;\n";
/// More than any event stream says.
const BUFFERED: &str = "proxy_http_version 1.0;\nproxy_buffering on;\nproxy_buffer_size 64k;\nproxy_buffers 8 64k;\nproxy_busy_buffers_size 128k;";
const NO_AUTHORIZATION: &str = "proxy_set_header Authorization '';";

fn forward(to: &str, upgrade: &str, more: &str) -> String {
    format!(
        "{more}\nproxy_pass http://{to};\n\
         proxy_set_header Host $http_host;\n\
         proxy_set_header X-Real-IP $remote_addr;\n\
         proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\
         proxy_set_header X-Forwarded-Proto $scheme;\n\
         proxy_set_header X-Scheme $scheme;\n{upgrade}"
    )
}

fn milliseconds(seconds: &str) -> u64 {
    let seconds: f64 = seconds.parse().unwrap_or_default();
    // Nought would mean at once, before anything could be said.
    std::time::Duration::try_from_secs_f64(seconds)
        .map_or(1, |it| u64::try_from(it.as_millis()).unwrap_or(1).max(1))
        .min(86_400_000)
}

/// The whole file. Paths are relative to the front's directory, except the log's, which stands between quotes.
pub(super) fn text(site: &Site, ground: &Ground<'_>, log: &str) -> String {
    let Ground { port, second, .. } = ground;
    let tls = "ssl_certificate chain.pem;\nssl_certificate_key key.pem;\n";
    let server = |listen: &str, inside: &str| {
        format!("server {{\nlisten 127.0.0.1:{listen};\nserver_name localhost;\n{inside}\n}}\n")
    };
    let inside = format!("{}\n{}", site.settings, site.locations);
    let servers = match (site.certificate, site.redirects) {
        (None, _) => server(&port.to_string(), &inside),
        (Some(_), false) => server(&format!("{port} ssl"), &format!("{tls}{inside}")),
        (Some(_), true) => {
            let redirect = format!("return 301 https://$host:{second}$request_uri;");
            server(&port.to_string(), &redirect)
                + &server(&format!("{second} ssl"), &format!("{tls}{inside}"))
        }
    };
    format!(
        "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log {log} notice;\n\
         events {{ worker_connections 256; }}\n\
         http {{\n\
         access_log {log};\n\
         client_body_temp_path temp_body;\nproxy_temp_path temp_proxy;\nfastcgi_temp_path temp_fastcgi;\n\
         uwsgi_temp_path temp_uwsgi;\nscgi_temp_path temp_scgi;\n\
         map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}\n\
         proxy_http_version 1.1;\nproxy_buffering off;\nproxy_read_timeout 1h;\nproxy_send_timeout 1h;\n\
         client_max_body_size 0;\n\
         {}\n{servers}}}\n",
        site.around
    )
}
