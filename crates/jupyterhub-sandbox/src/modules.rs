//! Python modules beside those of an environment: another release of one package, which a hub's configuration puts first on its path.
//! Nothing that they need is installed with them: the hub's environment has it.

use std::path::PathBuf;

use crate::environment::{self, Wanted};
use crate::run::{Tell, answer};
use crate::{Error, Places};

/// Packages of PyPI at exact versions.
#[derive(Debug, Clone, Copy)]
pub struct Modules<'a> {
    /// What they are, for people: `oauthenticator 17.2.0`.
    pub name: &'a str,
    /// How their directory in the cache begins: letters, digits and `-`.
    pub directory: &'a str,
    /// The text of a requirements file.
    pub requirements: &'a str,
}

impl Modules<'_> {
    /// Installs what is missing into the cache; the directory that goes on the path.
    ///
    /// # Errors
    /// [`Error::NoPython`], [`Error::NoVenv`], [`Error::Install`] and [`Error::File`].
    pub async fn ensure(&self, places: &Places, progress: Tell<'_>) -> Result<PathBuf, Error> {
        let wanted = Wanted {
            what: self.name.to_owned(),
            prefix: self.directory.to_owned(),
            requirements: self.requirements,
            pythons: (9, 14),
            version: self.name,
        };
        let environment = environment::ensure(&places.cache, &wanted, progress).await?;
        let ask = [
            "-c",
            "import sysconfig; print(sysconfig.get_path('purelib'))",
        ];
        let told = answer(&environment::interpreter(&environment), &ask).await;
        told.map(PathBuf::from).ok_or_else(|| Error::Install {
            what: self.name.to_owned(),
            command: "python -c 'import sysconfig'".to_owned(),
            status: "no answer".to_owned(),
            tail: String::new(),
        })
    }
}
