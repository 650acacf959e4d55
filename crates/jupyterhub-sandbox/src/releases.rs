//! The JupyterHubs that a sandbox can be, each with its pinned requirements. A table, no code that installs.

use crate::Error;

/// The newest JupyterHub that is known to work here.
pub const NEWEST_KNOWN_GOOD: &str = "6.1.1";

const KNOWN: [&str; 3] = ["6.1.1", "5.5.4", "4.1.6"];

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
        for version in known_versions() {
            let release = release(version).unwrap();
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
