//! A person's browser: Chromium without a window, driven by chromedriver in the
//! words of WebDriver (<https://www.w3.org/TR/webdriver2/>), as few as are
//! needed. Both carry the marker of the hub's sandbox, so they end with it,
//! also when the test is killed.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jupyterhub_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::hubs::wait_for;

/// What WebDriver calls an element's id (<https://www.w3.org/TR/webdriver2/#elements>).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long a page may take to look as expected.
const PATIENCE: Duration = Duration::from_secs(30);

/// A browser with one window and nothing in its past.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    pub fn open(sandbox: &Sandbox) -> Self {
        let chromium = program("chromium");
        let profile = tempfile::tempdir().unwrap();
        let settings = std::fs::read_to_string(sandbox.dir().join("settings.json")).unwrap();
        let settings: Value = serde_json::from_str(&settings).unwrap();
        let id = settings["id"].as_str().unwrap();
        let (driver, port) = drive(id, profile.path());
        let mut browser = Self {
            driver,
            port,
            session: String::new(),
            _profile: profile,
        };
        let data = browser._profile.path().join("data");
        let mut args: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
        ]
        .map(str::to_owned)
        .into();
        args.push(format!("--user-data-dir={}", data.display()));
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "binary": chromium, "args": args },
        } } });
        let made = browser.ask("POST", "/session", &wanted).unwrap();
        browser.session = format!("/session/{}", made["sessionId"].as_str().unwrap());
        browser
    }

    pub fn visit(&self, url: &str) {
        self.act("POST", "/url", &json!({ "url": url }));
    }

    pub fn url(&self) -> String {
        let url = self.act("GET", "/url", &Value::Null);
        url.as_str().unwrap().to_owned()
    }

    /// The page as it stands.
    pub fn source(&self) -> String {
        let source = self.act("GET", "/source", &Value::Null);
        source.as_str().unwrap().to_owned()
    }

    /// Waits until the page says this.
    pub fn sees(&self, words: &str) {
        let began = Instant::now();
        while !self.source().contains(words) {
            let (url, source) = (self.url(), self.source());
            assert!(
                began.elapsed() < PATIENCE,
                "no {words:?} at {url}: {source}"
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub fn click(&self, selector: &str) {
        let path = format!("/element/{}/click", self.element(selector));
        self.act("POST", &path, &json!({}));
    }

    pub fn write(&self, selector: &str, text: &str) {
        let path = format!("/element/{}/value", self.element(selector));
        self.act("POST", &path, &json!({ "text": text }));
    }

    /// A picture of the window, where the environment names a directory for it.
    pub fn picture(&self, name: &str) {
        use base64::Engine as _;
        let Some(directory) = std::env::var_os("HUBPROBE_TEST_PICTURES") else {
            return;
        };
        let picture = self.act("GET", "/screenshot", &Value::Null);
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(picture.as_str().unwrap())
            .unwrap();
        std::fs::write(Path::new(&directory).join(format!("{name}.png")), bytes).unwrap();
    }

    fn element(&self, selector: &str) -> String {
        let wanted = json!({ "using": "css selector", "value": selector });
        wait_for(&format!("the element {selector}"), PATIENCE, || {
            let path = format!("{}/element", self.session);
            let found = self.ask("POST", &path, &wanted).ok()?;
            Some(found[ELEMENT].as_str()?.to_owned())
        })
    }

    fn act(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = format!("{}{path}", self.session);
        self.ask(method, &path, body)
            .unwrap_or_else(|error| panic!("{method} {path} {body}: {error:#}"))
    }

    /// One request, one answer; chromedriver speaks plain HTTP/1.1.
    fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, Value> {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let port = self.port;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(90)))
            .unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        // The browser that it starts holds the connection too: its end is not waited for.
        let mut stream = BufReader::new(stream);
        let (mut head, mut length) = (String::new(), 0);
        while !head.ends_with("\r\n\r\n") {
            let begun = head.len();
            assert!(
                stream.read_line(&mut head).unwrap() > 0,
                "half an answer: {head}"
            );
            if let Some((name, value)) = head[begun..].split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        let value = body["value"].take();
        if head.starts_with("HTTP/1.1 200 ") {
            Ok(value)
        } else {
            Err(value)
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            let _ = self.ask("DELETE", &self.session, &Value::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The program of this name on PATH.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| {
            panic!(
                "there is no {name} on PATH, and a person logs in with it in this test: \
                 tools/setup chromium (Debian's chromium and chromium-driver)"
            )
        })
}

/// Starts the driver. On port 0 it lets the system choose one for IPv6, then wants the same for IPv4, and ends
/// where that one is taken by then, by any connection on this machine: so it may be started anew.
fn drive(sandbox: &str, home: &Path) -> (Child, u16) {
    let mut said = String::new();
    for _ in 0..10 {
        let mut driver = Command::new(program("chromedriver"))
            .arg("--port=0")
            .env("HUBPROBE_SANDBOX", sandbox)
            // Where it would leave its own files.
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home)
            .env("XDG_CACHE_HOME", home)
            .env("TMPDIR", home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        match port_of(&mut driver) {
            Ok(port) => return (driver, port),
            Err(words) => said = words,
        }
        driver.wait().unwrap();
        if !said.contains("port not available") {
            break;
        }
    }
    panic!("chromedriver does not say where it listens: {said}");
}

/// Where the driver says that it listens, or all that it said before it ended.
fn port_of(driver: &mut Child) -> Result<u16, String> {
    let mut said = BufReader::new(driver.stdout.take().unwrap());
    let mut all = String::new();
    loop {
        let mut line = String::new();
        if said.read_line(&mut line).unwrap() == 0 {
            return Err(all);
        }
        let port = line
            .trim()
            .strip_prefix("ChromeDriver was started successfully on port ")
            .and_then(|rest| rest.trim_end_matches('.').parse().ok());
        if let Some(port) = port {
            // What it says later must not fill the pipe.
            std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
            return Ok(port);
        }
        all.push_str(&line);
    }
}
