//! The JupyterHubs that a sandbox can be, each with its pinned requirements. A table, no code that installs.

use crate::Error;

/// The newest JupyterHub that is known to work here.
pub const NEWEST_KNOWN_GOOD: &str = "6.1.1";

/// The first three are tested whole; the older ones are for the words that hubs of those days say.
const KNOWN: [&str; 5] = ["6.1.1", "5.5.4", "4.1.6", "3.1.1", "2.3.1"];

/// The versions of JupyterHub whose requirements are pinned here, newest first.
#[must_use]
pub fn known_versions() -> &'static [&'static str] {
    &KNOWN
}

/// A minor version of Python 3.
pub(crate) type Minor = u32;

/// One JupyterHub.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Release {
    pub(crate) version: &'static str,
    /// The text of a requirements file.
    pub(crate) requirements: &'static str,
    /// The oldest and the newest Python for which every pin has a wheel.
    pub(crate) pythons: (Minor, Minor),
}

/// Not a hub: the newest single-user server that knows no scopes, which came with 2.0.
pub(crate) const OLD_SERVER: Release = Release {
    version: "1.5.1",
    requirements: include_str!("../requirements/server-1.5.1.txt"),
    pythons: (9, 13),
};

/// The release of this version.
pub(crate) fn release(version: &str) -> Result<Release, Error> {
    let (version, requirements, pythons) = match version {
        "6.1.1" => (
            "6.1.1",
            include_str!("../requirements/jupyterhub-6.1.1.txt"),
            (10, 14),
        ),
        "5.5.4" => (
            "5.5.4",
            include_str!("../requirements/jupyterhub-5.5.4.txt"),
            (10, 14),
        ),
        "4.1.6" => (
            "4.1.6",
            include_str!("../requirements/jupyterhub-4.1.6.txt"),
            (9, 13),
        ),
        "3.1.1" => (
            "3.1.1",
            include_str!("../requirements/jupyterhub-3.1.1.txt"),
            (9, 11),
        ),
        "2.3.1" => (
            "2.3.1",
            include_str!("../requirements/jupyterhub-2.3.1.txt"),
            (9, 11),
        ),
        _ => {
            return Err(Error::UnknownVersion {
                version: version.to_owned(),
                known: KNOWN.map(str::to_owned).to_vec(),
            });
        }
    };
    Ok(Release {
        version,
        requirements,
        pythons,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_version_is_pinned_whole() {
        let hubs = known_versions().iter().map(|it| release(it).unwrap());
        for release in hubs.chain([OLD_SERVER]) {
            let version = release.version;
            let pinned = format!("jupyterhub=={version}");
            assert!(
                release.requirements.lines().any(|line| line == pinned),
                "{version}"
            );
            for line in release
                .requirements
                .lines()
                .filter(|line| !line.starts_with('#') && !line.is_empty())
            {
                assert!(line.contains("=="), "not pinned for {version}: {line}");
            }
        }
        assert_eq!(known_versions().first(), Some(&NEWEST_KNOWN_GOOD));
    }

    #[test]
    fn an_unknown_version_is_answered_with_the_known_ones() {
        let error = release("1.0.0").unwrap_err().to_string();
        assert!(
            error.contains("1.0.0") && error.contains("6.1.1, 5.5.4, 4.1.6"),
            "{error}"
        );
    }
}
