//! Lab: the page that a person would open comes, and so does all that it loads.
//!
//! Every API may answer while a person sees an empty window: a proxy that knows `/api` and not `/static`, a package that is only half
//! installed, scripts that come as plain text. What is not below the server (other hosts, the hub's own files) is not asked for: the token must not go there.

use jupyterhub_client::{Error, JupyterServer, Url};
use tokio::time::{Instant, timeout_at};

use super::lost;
use crate::diagnose::lab::{self as diagnose, Asset};
use crate::diagnose::reach;
use crate::engine::Walk;
use crate::vocabulary::{Cause, Finding};

/// The largest page that is read, in bytes; JupyterLab 4's has some 10 KB, with all extensions of a site in it.
const LARGEST: usize = 2 << 20;

/// Loads the page, and what it loads.
///
/// # Errors
/// A finding of the page's layer, or of what is below it.
pub async fn lab(walk: &mut Walk) -> Result<String, Finding> {
    let (Some(server), Some(step)) = (walk.server.clone(), walk.probe.lab.clone()) else {
        return Ok(String::new());
    };
    let Ok(address) = server.url().join(&step.path) else {
        return Err(Finding::new(
            Cause::ProberBug,
            format!("{} is no path below the server", step.path),
        ));
    };
    let until = Instant::now() + walk.probe.deadlines.lab;
    let show = walk.curl("GET", address.as_str());
    match load(walk, &server, &address, &step.path, until).await {
        Ok(summary) => Ok(summary),
        Err(finding) => {
            let died = lost::server_died(walk).await;
            Err(died.unwrap_or_else(|| finding.with_curl(show)))
        }
    }
}

async fn load(
    walk: &Walk,
    server: &JupyterServer,
    address: &Url,
    path: &str,
    until: Instant,
) -> Result<String, Finding> {
    let began = Instant::now();
    let page = match timeout_at(until, server.page(address, LARGEST)).await {
        Ok(Ok(page)) => page,
        Ok(Err(error)) => {
            return Err(below(&error).unwrap_or_else(|| diagnose::no_page(&error, path)));
        }
        Err(_) => return Err(late(walk, &format!("for the page {path}"))),
    };
    let assets = diagnose::assets(&page.body, address);
    let (own, elsewhere): (Vec<&Asset>, Vec<&Asset>) = assets
        .iter()
        .partition(|asset| asset.url.as_str().starts_with(server.url().as_str()));
    let owned: Vec<Asset> = own.iter().map(|&asset| asset.clone()).collect();
    if let Some(finding) = diagnose::not_the_page(&page, path, &owned) {
        return Err(finding);
    }
    let mut bytes = page.length as u64;
    for asset in own {
        bytes += weigh(walk, server, asset, until).await?;
    }
    let others = match elsewhere.len() {
        0 => String::new(),
        n => format!(", {n} more elsewhere not asked for"),
    };
    Ok(format!(
        "/{path} and {} that it loads, {:.1} MB in {:.2} s{others}",
        owned.len(),
        bytes as f64 / 1e6,
        began.elapsed().as_secs_f64()
    ))
}

async fn weigh(
    walk: &Walk,
    server: &JupyterServer,
    asset: &Asset,
    until: Instant,
) -> Result<u64, Finding> {
    let (head, length) = match timeout_at(until, server.weigh(&asset.url)).await {
        Ok(Ok(seen)) => seen,
        Ok(Err(error)) => {
            return Err(below(&error).unwrap_or_else(|| diagnose::no_asset(&error, asset)));
        }
        Err(_) => return Err(late(walk, &format!("for {}", asset.url))),
    };
    match diagnose::wrong_type(&head, length, asset) {
        Some(finding) => Err(finding),
        None => Ok(length),
    }
}

/// What is wrong below HTTP is not the page's.
fn below(error: &Error) -> Option<Finding> {
    match error.status() {
        Some(_) => None,
        None => reach::below_the_hub(error, None),
    }
}

fn late(walk: &Walk, waited: &str) -> Finding {
    Finding::new(
        Cause::LabPage,
        format!(
            "the page does not keep up: after {:.0?} still waiting {waited}",
            walk.probe.deadlines.lab
        ),
    )
    .advise("If the site is that slow, allow more with --deadline lab=TIME; else look at the server's CPU, its file system, and the proxies in between.")
}
