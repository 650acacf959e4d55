//! A real Slurm for one sandbox: munge, a database, slurmdbd, slurmctld and one slurmd, all on loopback.
//!
//! Debian's programs are run as whoever runs the sandbox, root or not, with configuration, sockets, key, spool and logs in the
//! sandbox's own directory and ports that the system gives, so several may run beside each other and beside a Slurm of the
//! machine's own. Root is not needed: Slurm runs jobs as another user only for root, and here all jobs are the sandbox's.
//! The database is there because Slurm refuses accounts and qualities of service only where slurmdbd keeps them.
//!
//! Every process is found by the sandbox's marker. slurmd gives its job steps an environment of their own, which holds nothing of
//! ours but the path of the configuration: that is why the configuration's file is named after the sandbox's id.
//! What this file does not know: what the hub makes of it (`python/slurm.py`).

mod conf;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;

use crate::process::members;
use crate::run::{Tell, answer, command, on_path};
use crate::state::{Ports, State};
use crate::{Error, Modules, Places, Progress, Sandbox, end, files, launch};

/// The account in which the sandbox's user may submit jobs.
pub const SLURM_ACCOUNT: &str = "proj";
/// The reservation that the sandbox's user may use.
pub const SLURM_RESERVATION: &str = "class";

/// How long each part may take to come up.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);
/// How many lines of a log an error quotes.
const QUOTED: usize = 15;
/// Where Debian keeps daemons, which only root's PATH names.
const ELSEWHERE: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];
/// What makes the tables in which MariaDB keeps stored procedures, on which slurmdbd relies.
const TABLES: [&str; 2] = [
    "/usr/share/mysql/mysql_system_tables.sql",
    "/usr/share/mariadb/mariadb_system_tables.sql",
];
/// All that is run, here and by the hub.
const PROGRAMS: [&str; 11] = [
    "munged",
    "mariadbd",
    "slurmdbd",
    "slurmctld",
    "slurmd",
    "sacctmgr",
    "scontrol",
    "sinfo",
    "sbatch",
    "squeue",
    "scancel",
];
/// The longest path of a Unix socket that Linux takes.
const SOCKET: usize = 107;
/// Room for the longest name of a socket below a sandbox's directory: a job step's in slurmd's spool.
const SOCKET_NAME: usize = 40;

const BATCHSPAWNER: Modules<'_> = Modules {
    name: "batchspawner 1.3.0",
    directory: "batchspawner-1.3.0",
    requirements: include_str!("../requirements/batchspawner-1.3.0.txt"),
};

/// What is kept of it on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Slurm {
    pub(crate) controller: u16,
    pub(crate) node: u16,
    pub(crate) accounts: u16,
    /// The user that all of it runs as.
    pub(crate) user: String,
    /// Where Python finds batchspawner.
    pub(crate) modules: PathBuf,
}

impl Slurm {
    /// Other ports.
    pub(crate) fn take_ports(&mut self, ports: Ports) {
        (self.controller, self.node, self.accounts) = (ports.public, ports.api, ports.hub);
    }
}

/// Looks whether all programs are there, and installs batchspawner. Before anything else is installed for nothing.
pub(crate) async fn prepare(places: &Places, tell: Tell<'_>) -> Result<Slurm, Error> {
    let missing: Vec<&str> = PROGRAMS
        .into_iter()
        .filter(|name| find(name).is_err())
        .collect();
    if !missing.is_empty() {
        return Err(Error::NoSlurm {
            missing: missing.join(", "),
        });
    }
    let user = answer(Path::new("id"), &["-un"]).await;
    let ports = launch::free_ports()?;
    Ok(Slurm {
        controller: ports.public,
        node: ports.api,
        accounts: ports.hub,
        user: user.unwrap_or_default(),
        modules: BATCHSPAWNER.ensure(places, tell).await?,
    })
}

/// The configuration's file, which is in the environment of every process that belongs to this Slurm.
pub(crate) fn conf_file(directory: &Path, id: &str) -> PathBuf {
    directory.join("slurm").join(format!("{id}.conf"))
}

/// Starts all of it, and returns when the node takes jobs.
pub(crate) async fn start(
    directory: &Path,
    state: &State,
    slurm: &Slurm,
    tell: Tell<'_>,
) -> Result<(), Error> {
    check_place(directory)?;
    let home = directory.join("slurm");
    files::remove_all(&home)?;
    for name in ["", "controller", "spool", "database"] {
        files::create_directories(&home.join(name))?;
    }
    files::write_private(&home.join("munge.key"), &crate::config::secret())?;
    let it = Running {
        directory,
        home: &home,
        state,
        slurm,
    };
    files::write_private(
        &conf_file(directory, &state.id),
        &conf::slurm(slurm, &home, &host()),
    )?;
    files::write_private(&home.join("slurmdbd.conf"), &conf::accounts(slurm, &home))?;
    tell(Progress::Step {
        what: "starting Slurm (munge, its database, slurmdbd, slurmctld, slurmd)",
    });
    it.munge().await?;
    it.database().await?;
    it.accounts().await?;
    it.controller().await?;
    it.node().await
}

struct Running<'a> {
    directory: &'a Path,
    home: &'a Path,
    state: &'a State,
    slurm: &'a Slurm,
}

/// How a part shows that it is up.
enum Sign {
    Socket(PathBuf),
    Port(u16),
}

impl Running<'_> {
    async fn munge(&self) -> Result<(), Error> {
        let socket = self.home.join("munge.socket");
        let path = |option: &str, name: &str| {
            let mut argument = OsString::from(format!("--{option}="));
            argument.push(self.home.join(name));
            argument
        };
        let arguments = vec![
            find("munged")?.into(),
            "--foreground".into(),
            // Its directory is nobody else's, which it takes for a mistake.
            "--force".into(),
            path("socket", "munge.socket"),
            path("key-file", "munge.key"),
            path("pid-file", "munge.pid"),
            path("seed-file", "munge.seed"),
            path("log-file", "munge.log"),
        ];
        self.launch("munged", arguments, &Sign::Socket(socket))
            .await
    }

    async fn database(&self) -> Result<(), Error> {
        let server = find("mariadbd")?;
        let socket = self.home.join("db");
        let path = |option: &str, path: &Path| {
            let mut argument = OsString::from(format!("--{option}="));
            argument.push(path);
            argument
        };
        let common = [
            "--no-defaults".into(),
            // Whoever can reach its socket may do everything, and that is the sandbox's user alone.
            "--skip-grant-tables".into(),
            OsString::from(format!("--user={}", self.slurm.user)),
            path("datadir", &self.home.join("database")),
            "--innodb-buffer-pool-size=32M".into(),
            "--innodb-log-file-size=8M".into(),
            "--innodb-flush-log-at-trx-commit=0".into(),
        ];
        let tables = TABLES
            .iter()
            .find_map(|it| std::fs::read_to_string(it).ok());
        let script = self.home.join("tables.sql");
        let tables = tables.ok_or_else(|| Error::NoSlurm {
            missing: TABLES[0].to_owned(),
        })?;
        files::write_private(
            &script,
            &format!("create database mysql;\nuse mysql;\n{tables}"),
        )?;
        let open = std::fs::File::open(&script);
        let open = open.map_err(|source| files::error("read", &script, source))?;
        let mut bootstrap = command(&server);
        bootstrap
            .arg(&common[0])
            .arg("--bootstrap")
            .args(&common[1..]);
        let said = bootstrap.stdin(open).output().await;
        let said = said.map_err(|source| Error::Run {
            program: server.clone(),
            source,
        })?;
        if !said.status.success() {
            return Err(failed("mariadbd --bootstrap", &said));
        }
        let mut arguments = vec![server.into()];
        arguments.extend(common);
        arguments.extend([path("socket", &socket), "--skip-networking".into()]);
        self.launch("mariadbd", arguments, &Sign::Socket(socket))
            .await
    }

    async fn accounts(&self) -> Result<(), Error> {
        let arguments = vec![find("slurmdbd")?.into(), "-D".into()];
        let port = Sign::Port(self.slurm.accounts);
        self.launch("slurmdbd", arguments, &port).await?;
        let user = &self.slurm.user;
        for words in [
            vec!["add", "cluster", "sandbox"],
            vec!["add", "account", SLURM_ACCOUNT, "cluster=sandbox"],
            vec![
                "add",
                "user",
                user,
                &format!("account={SLURM_ACCOUNT}"),
                "cluster=sandbox",
            ],
        ] {
            self.tell("sacctmgr", &[&["-i"], words.as_slice()].concat())
                .await?;
        }
        Ok(())
    }

    async fn controller(&self) -> Result<(), Error> {
        let arguments = vec![find("slurmctld")?.into(), "-D".into()];
        let port = Sign::Port(self.slurm.controller);
        self.launch("slurmctld", arguments, &port).await
    }

    async fn node(&self) -> Result<(), Error> {
        let arguments = vec![find("slurmd")?.into(), "-D".into()];
        let port = Sign::Port(self.slurm.node);
        self.launch("slurmd", arguments, &port).await?;
        let begun = Instant::now();
        loop {
            let states = self.tell("sinfo", &["-h", "-o", "%T"]).await;
            match states {
                Ok(states) if states.contains("idle") => break,
                _ if begun.elapsed() < PATIENCE => tokio::time::sleep(LOOK * 2).await,
                Ok(states) => return Err(self.not_up("slurmd", &format!("node1 is {states}"))),
                Err(error) => return Err(error),
            }
        }
        let name = format!("reservationname={SLURM_RESERVATION}");
        let users = format!("users={}", self.slurm.user);
        let words = ["create", "reservation", &name, &users];
        let place = [
            "starttime=now",
            "duration=infinite",
            "nodes=node1",
            "corecnt=1",
        ];
        let said = self.tell("scontrol", &[&words[..], &place].concat()).await;
        said.map(drop)
    }

    fn log(&self, name: &str) -> PathBuf {
        self.directory.join("logs").join(format!("{name}.log"))
    }

    async fn launch(
        &self,
        name: &'static str,
        arguments: Vec<OsString>,
        sign: &Sign,
    ) -> Result<(), Error> {
        let log = self.log(name);
        let earlier = std::fs::metadata(&log).map_or(0, |log| log.len());
        let identity = launch::launch(
            self.directory,
            self.state,
            &log,
            &arguments,
            &self.environment(),
        )
        .await?;
        let begun = Instant::now();
        loop {
            let up = match sign {
                Sign::Socket(path) => path.exists(),
                Sign::Port(port) => TcpStream::connect(("127.0.0.1", *port)).await.is_ok(),
            };
            // Somebody else may have the port, for whom ours had to give way.
            if !identity.is_alive() {
                return Err(self.ended(name, &log, earlier, sign));
            }
            if up {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                let place = match sign {
                    Sign::Socket(path) => path.display().to_string(),
                    Sign::Port(port) => format!("127.0.0.1:{port}"),
                };
                return Err(self.not_up(name, &place));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn ended(&self, what: &'static str, log: &Path, earlier: u64, sign: &Sign) -> Error {
        let tail = files::last_lines(log, QUOTED);
        match sign {
            Sign::Port(port) if files::since(log, earlier).contains("Address already in use") => {
                let port = *port;
                Error::PortTaken { what, port, tail }
            }
            _ => Error::Exited {
                what,
                log: log.to_owned(),
                tail,
            },
        }
    }

    fn not_up(&self, what: &'static str, place: &str) -> Error {
        let log = self.log(what);
        Error::NotUp {
            what,
            url: place.to_owned(),
            seconds: PATIENCE.as_secs(),
            tail: files::last_lines(&log, QUOTED),
            log,
        }
    }

    /// Runs one of Slurm's commands; what it said.
    async fn tell(&self, program: &'static str, words: &[&str]) -> Result<String, Error> {
        let path = find(program)?;
        let mut call = command(&path);
        let said = call.args(words).envs(self.environment()).output().await;
        let said = said.map_err(|source| Error::Run {
            program: path,
            source,
        })?;
        if said.status.success() {
            Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
        } else {
            Err(failed(&format!("{program} {}", words.join(" ")), &said))
        }
    }

    fn environment(&self) -> [(&'static str, String); 2] {
        let conf = conf_file(self.directory, &self.state.id);
        [
            ("SLURM_CONF", conf.display().to_string()),
            // By which slurmdbd finds the database.
            (
                "MYSQL_UNIX_PORT",
                self.home.join("db").display().to_string(),
            ),
        ]
    }
}

impl Sandbox {
    /// The configuration of its Slurm, for `SLURM_CONF` of Slurm's own commands; `None` where it has none.
    #[must_use]
    pub fn slurm_conf(&self) -> Option<PathBuf> {
        let state = self.now();
        state.slurm.map(|_| conf_file(self.dir(), &state.id))
    }

    /// Ends slurmctld alone; jobs that run go on.
    ///
    /// # Errors
    /// [`Error::Survivors`] when it does not end.
    pub async fn stop_slurmctld(&self) -> Result<(), Error> {
        let state = self.now();
        let found = members(&state.id, state.hub, state.proxy);
        for member in found.into_iter().filter(|it| it.what == "slurmctld") {
            if !end::one(member.identity, Duration::from_secs(8)).await {
                return Err(Error::Survivors {
                    name: self.name().to_owned(),
                    pids: vec![member.identity.pid],
                });
            }
        }
        Ok(())
    }

    /// Starts slurmctld again; what it knew of jobs, it knows.
    ///
    /// # Errors
    /// [`Error::Exited`], [`Error::NotUp`] or [`Error::PortTaken`] with the last lines of its log.
    pub async fn start_slurmctld(&self) -> Result<(), Error> {
        let state = self.now();
        let Some(slurm) = &state.slurm else {
            return Ok(());
        };
        let it = Running {
            directory: self.dir(),
            home: &self.dir().join("slurm"),
            state: &state,
            slurm,
        };
        it.controller().await
    }
}

fn find(name: &str) -> Result<PathBuf, Error> {
    let elsewhere = || {
        let mut paths = ELSEWHERE.iter().map(|dir| Path::new(dir).join(name));
        paths.find(|path| path.is_file())
    };
    on_path(name)
        .or_else(elsewhere)
        .ok_or_else(|| Error::NoSlurm {
            missing: name.to_owned(),
        })
}

fn failed(what: &str, said: &std::process::Output) -> Error {
    let words = [said.stdout.as_slice(), &said.stderr].concat();
    let words = String::from_utf8_lossy(&words).into_owned();
    let lines: Vec<&str> = words.lines().collect();
    Error::Slurm {
        what: what.to_owned(),
        tail: lines[lines.len().saturating_sub(QUOTED)..].join("\n"),
    }
}

/// The name that slurmd knows itself by.
fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let short = name.trim().split('.').next().unwrap_or_default();
    short.to_owned()
}

/// Slurm's files take neither blanks nor long paths.
fn check_place(directory: &Path) -> Result<(), Error> {
    let text = directory.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/-_.~+@:".contains(c);
    if text.chars().all(plain) && text.len() + SOCKET_NAME <= SOCKET {
        return Ok(());
    }
    Err(Error::SlurmPlace {
        path: directory.to_owned(),
        longest: SOCKET - SOCKET_NAME,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_slurm_cannot_use_are_refused_before() {
        for bad in ["/a b", "/ä", "/x#y", &format!("/{}", "x".repeat(80))] {
            let error = check_place(Path::new(bad)).unwrap_err().to_string();
            assert!(error.contains("XDG_STATE_HOME"), "{error}");
        }
        check_place(Path::new("/srv/state/hubprobe/sandbox/default")).unwrap();
    }
}
