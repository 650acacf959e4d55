//! Another user than the one whose tests these are: who a unit of systemd, or a container, runs as. What only root can read is
//! not read by them, and a recipe must not need it. Only root can become somebody else; where the tests are not root's, the
//! command runs as whoever runs them, and that is said.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use crate::stage::Stage;

#[derive(Debug, Clone, Copy)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
}

impl User {
    /// One of those that `DynamicUser=` takes (systemd.exec(5): 61184 to 65519).
    pub const DYNAMIC: Self = Self {
        uid: 64_001,
        gid: 64_001,
    };

    /// Whether commands can be run as somebody else here.
    pub fn can_be_had() -> bool {
        let root = rustix::process::geteuid().is_root();
        if !root {
            eprintln!(
                "note: not root's tests: what runs as another user elsewhere was run as this one"
            );
        }
        root
    }

    /// What runs a script as this user, in no group of root's and without root's rights.
    pub fn shell(self) -> Vec<String> {
        if !Self::can_be_had() {
            return ["/bin/sh", "-c"].map(str::to_owned).into();
        }
        [
            "setpriv",
            &format!("--reuid={}", self.uid),
            &format!("--regid={}", self.gid),
            "--clear-groups",
            "--inh-caps=-all",
            "--bounding-set=-all",
            "--no-new-privs",
            "/bin/sh",
            "-c",
        ]
        .map(str::to_owned)
        .into()
    }

    /// A script of a recipe, run as this user. That nothing is said against the token's file belongs to it: nobody could follow
    /// advice about a file that systemd or Kubernetes makes.
    ///
    /// # Errors
    /// How it ended, or what it said of the token's file.
    pub fn run(
        self,
        stage: &mut Stage<'_>,
        script: &str,
        variables: &[(String, String)],
    ) -> Result<(), String> {
        reachable(stage);
        let shell = self.shell();
        let shell: Vec<&str> = shell.iter().map(String::as_str).collect();
        let said = stage.run(script, &shell, variables, &stage.home())?;
        if said.contains("the token file") {
            return Err(format!("it warns of the recipe's own file:\n{said}"));
        }
        Ok(())
    }
}

/// Whose a file is, and who may read it. Without root it stays the tests' own.
pub fn give(path: &Path, uid: u32, gid: u32, mode: u32) {
    if User::can_be_had() {
        chown(path, Some(uid), Some(gid)).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// Whether everybody may go through all directories above, and use what is there.
pub fn passable(path: &Path) -> bool {
    let open = |path: &Path| std::fs::metadata(path).is_ok_and(|meta| meta.mode() & 0o001 != 0);
    path.ancestors().all(open)
}

/// A directory for a stage, which others may go through where there is a place for such a one.
pub fn place() -> tempfile::TempDir {
    let ours = std::env::temp_dir();
    let places = [ours.as_path(), Path::new("/tmp"), Path::new("/var/tmp")];
    let place = places.into_iter().find(|place| passable(place));
    let holder = tempfile::tempdir_in(place.unwrap_or(&ours)).unwrap();
    std::fs::set_permissions(holder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
    holder
}

/// The binary is built where perhaps nobody else may go.
fn reachable(stage: &Stage<'_>) {
    let built = Path::new(env!("CARGO_BIN_EXE_hubprobe"));
    let link = stage.dir.join("bin/hubprobe");
    if User::can_be_had() && !passable(built) && link.is_symlink() {
        std::fs::remove_file(&link).unwrap();
        std::fs::copy(built, &link).unwrap();
    }
}
