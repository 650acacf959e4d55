//! The page that a person would open: what it loads, and what it means when the page or a part of it does not come.
//!
//! JupyterLab's page is a shell: without its scripts a person sees an empty window, while every API answers. What a page loads is
//! read from its tags, and from the configuration that JupyterLab writes into it for the extensions that were installed as packages
//! (`federated_extensions`; jupyterlab_server, `handlers.py`). A browser refuses a script of a wrong type where the server says
//! `nosniff`, and a style sheet of a wrong type in any case (HTML standard, "fetch a classic script"; MIME Sniffing, section 3).

use std::convert::Infallible;

use html5gum::emitters::default::{DefaultEmitter, Token};
use html5gum::{HtmlString, Tokenizer};
use jupyterhub_client::{Error, Head, Page, Stage};
use serde_json::Value;
use url::Url;

use crate::vocabulary::{Cause, Finding};

/// What a page loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A script.
    Script,
    /// A style sheet.
    Style,
}

/// Something that a page loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Where it is.
    pub url: Url,
    /// What it is.
    pub kind: Kind,
}

/// All that a page loads when it opens, each once, in its order.
pub fn assets(page: &str, at: &Url) -> Vec<Asset> {
    let mut found = Found {
        base: at.clone(),
        assets: Vec::new(),
    };
    let mut emitter = DefaultEmitter::default();
    // A script's text is no markup.
    emitter.naively_switch_states(true);
    let mut in_config = false;
    for token in Tokenizer::new_with_emitter(page, emitter) {
        let token: Result<Token<()>, Infallible> = token;
        match token {
            Ok(Token::StartTag(tag)) => {
                let attribute = |name: &str| {
                    let value = tag.attributes.get(name.as_bytes())?;
                    Some(String::from_utf8_lossy(value.as_slice()).into_owned())
                };
                in_config = tag.name.as_slice() == b"script"
                    && attribute("id").as_deref() == Some("jupyter-config-data");
                found.tag(tag.name.as_slice(), attribute);
            }
            Ok(Token::String(text)) if in_config => found.config(&text),
            Ok(Token::EndTag(_)) => in_config = false,
            _ => {}
        }
    }
    found.assets
}

struct Found {
    base: Url,
    assets: Vec<Asset>,
}

impl Found {
    fn tag(&mut self, name: &[u8], attribute: impl Fn(&str) -> Option<String>) {
        match name {
            b"base" => {
                let base = attribute("href").and_then(|href| self.base.join(&href).ok());
                self.base = base.unwrap_or_else(|| self.base.clone());
            }
            b"script" => self.add(attribute("src"), Kind::Script),
            b"link" => {
                let rel = attribute("rel").unwrap_or_default().to_lowercase();
                let words: Vec<&str> = rel.split_whitespace().collect();
                if words.contains(&"stylesheet") && !words.contains(&"alternate") {
                    self.add(attribute("href"), Kind::Style);
                }
            }
            _ => {}
        }
    }

    fn config(&mut self, text: &HtmlString) {
        let Ok(config) = serde_json::from_slice::<Value>(text) else {
            return;
        };
        let word = |value: &Value, key: &str| value[key].as_str().map(str::to_owned);
        let Some(root) = word(&config, "fullLabextensionsUrl") else {
            return;
        };
        for extension in config["federated_extensions"]
            .as_array()
            .into_iter()
            .flatten()
        {
            if let (Some(name), Some(load)) = (word(extension, "name"), word(extension, "load")) {
                self.add(Some(format!("{root}/{name}/{load}")), Kind::Script);
            }
        }
    }

    fn add(&mut self, address: Option<String>, kind: Kind) {
        let url = address.and_then(|address| self.base.join(address.trim()).ok());
        let Some(mut url) = url.filter(|url| matches!(url.scheme(), "http" | "https")) else {
            return;
        };
        url.set_fragment(None);
        let asset = Asset { url, kind };
        if !self.assets.contains(&asset) {
            self.assets.push(asset);
        }
    }
}

/// The page did not come.
pub fn no_page(error: &Error, path: &str) -> Finding {
    let summary = match (error.status(), &error.stage) {
        (Some(404), _) => format!(
            "the server has no page {path}: what makes it (JupyterLab, Notebook) is not installed where it runs"
        ),
        (_, Stage::Redirect { .. }) => {
            format!("the page {path} sends on to another, so a person would not see it")
        }
        (Some(403), _) => {
            format!("the server answers, but does not show the page {path} to the account")
        }
        (Some(status), _) => format!("the page {path} does not come: {status}"),
        (None, _) => format!("the page {path} does not come"),
    };
    Finding::new(Cause::LabPage, summary).seen(error.to_string())
}

/// Something came in the page's place; none where it is a page with scripts.
pub fn not_the_page(page: &Page, path: &str, assets: &[Asset]) -> Option<Finding> {
    let kind = page.head.headers.get("content-type").unwrap_or("nothing");
    let seen = format!(
        "it came with the content type {kind} and {} bytes",
        page.length
    );
    if essence(kind) != "text/html" {
        let summary = format!("what comes as the page {path} is no page");
        return Some(Finding::new(Cause::LabPage, summary).seen(seen));
    }
    let scripts = assets.iter().any(|asset| asset.kind == Kind::Script);
    (!scripts).then(|| {
        let summary = format!(
            "the page {path} loads no script of its own, so it is another page than it should be"
        );
        Finding::new(Cause::LabPage, summary).seen(seen)
    })
}

/// A part of the page did not come.
pub fn no_asset(error: &Error, asset: &Asset) -> Finding {
    let what = asset.kind.words();
    let summary = match error.status() {
        Some(status) => format!("the page comes, but {what} that it loads does not: {status}"),
        None => format!("the page comes, but {what} that it loads does not"),
    };
    Finding::new(Cause::LabAsset, summary).seen(error.to_string())
}

/// A part of the page came as something that a browser would not take for it.
pub fn wrong_type(head: &Head, length: u64, asset: &Asset) -> Option<Finding> {
    let kind = head.headers.get("content-type").unwrap_or("nothing");
    let essence = essence(kind);
    let fits = match asset.kind {
        Kind::Style => essence == "text/css",
        // The JavaScript types (MIME Sniffing, section 4.6), of which these are in use.
        Kind::Script => matches!(
            essence.as_str(),
            "text/javascript"
                | "application/javascript"
                | "application/x-javascript"
                | "text/ecmascript"
                | "application/ecmascript"
        ),
    };
    let empty = length == 0;
    (!fits || empty).then(|| {
        let what = asset.kind.words();
        let summary = if empty {
            format!("the page comes, but {what} that it loads is empty")
        } else {
            format!("the page comes, but {what} that it loads has the content type {kind}, which browsers do not take for one")
        };
        Finding::new(Cause::LabAsset, summary).seen(format!(
            "GET {}: 200, content type {kind}, {length} bytes",
            asset.url
        ))
    })
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Self::Script => "a script",
            Self::Style => "a style sheet",
        }
    }
}

/// A content type without its parameters.
fn essence(kind: &str) -> String {
    let (essence, _) = kind.split_once(';').unwrap_or((kind, ""));
    essence.trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAB: &str = r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>JupyterLab</title>
<link rel="icon" type="image/x-icon" href="/user/x/static/favicons/favicon.ico" class="idle favicon"/>
<link rel="stylesheet" href="/user/x/lab/api/themes.css">
<link rel="alternate stylesheet" href="dark.css">
<script id="jupyter-config-data" type="application/json">{"appName": "JupyterLab", "token": "", "fullLabextensionsUrl":
 "/user/x/lab/extensions", "federated_extensions": [{"name": "@x/pygments", "load": "static/remoteEntry.1.js"}, {"name": 3}]}</script>
<script defer src="/user/x/static/lab/main.js?v=1#top"></script><script defer src="/user/x/static/lab/main.js?v=1"></script>
<!-- <script src="/no.js"></script> --><script>var s = "<script src='/not.js'>";</script>
<SCRIPT SRC=https://cdn.example.org/a.js></SCRIPT><script src="data:text/javascript,1"></script></head><body></body></html>"#;

    #[test]
    fn what_a_page_loads_is_read_as_a_browser_reads_it() {
        let at = Url::parse("https://h.org/user/x/lab").unwrap();
        let found: Vec<String> = assets(LAB, &at)
            .iter()
            .map(|asset| format!("{:?} {}", asset.kind, asset.url))
            .collect();
        assert_eq!(
            found,
            [
                "Style https://h.org/user/x/lab/api/themes.css",
                "Script https://h.org/user/x/lab/extensions/@x/pygments/static/remoteEntry.1.js",
                "Script https://h.org/user/x/static/lab/main.js?v=1",
                "Script https://cdn.example.org/a.js",
            ]
        );
        let based = r#"<base href="/user/x/static/"><script src=a.js></script>"#;
        assert_eq!(
            assets(based, &at)[0].url.as_str(),
            "https://h.org/user/x/static/a.js"
        );
        for nothing in [
            "",
            "<",
            "<script src=\"http://[\">",
            "<script id=jupyter-config-data>{",
        ] {
            assert_eq!(assets(nothing, &at), []);
        }
    }

    #[test]
    fn types_are_compared_without_their_parameters() {
        assert_eq!(essence("Text/HTML; charset=UTF-8"), "text/html");
        assert_eq!(essence("nothing"), "nothing");
    }
}
