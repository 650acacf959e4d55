//! The parts of a sandbox's Slurm, one after the other: what each is started with, and how it shows that it is up.
//!
//! A part that listens on a port is up when it has that very port, as `/proc` says: where somebody else has got it meanwhile, ours
//! ends and says so, and all is started again with other ports. Each wait has an end. Not the place for configuration (`conf.rs`).

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::process::Command;
use tokio::time::timeout;

use super::{SLURM_ACCOUNT, SLURM_RESERVATION, Slurm, conf_file, find};
use crate::listening::listens;
use crate::process::MARKER;
use crate::run::command;
use crate::state::State;
use crate::{Error, files, launch};

/// How long each part may take to come up, and each command to answer.
const PATIENCE: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(50);
/// How many lines of a log an error quotes.
const QUOTED: usize = 15;
/// What makes the tables in which MariaDB keeps stored procedures, on which slurmdbd relies.
const TABLES: [&str; 2] = [
    "/usr/share/mysql/mysql_system_tables.sql",
    "/usr/share/mariadb/mariadb_system_tables.sql",
];

/// What each start needs to know.
pub(super) struct Parts<'a> {
    /// The sandbox's.
    pub(super) directory: &'a Path,
    /// Slurm's, below it.
    pub(super) home: &'a Path,
    pub(super) state: &'a State,
    pub(super) slurm: &'a Slurm,
}

/// How a part shows that it is up.
enum Sign {
    Socket(PathBuf),
    Port(u16),
}

impl Parts<'_> {
    pub(super) async fn munge(&self) -> Result<(), Error> {
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

    pub(super) async fn database(&self) -> Result<(), Error> {
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
            // Each sweeps the temporary tables of others from a place that they share when it starts.
            path("tmpdir", &self.home.join("temporary")),
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
        let mut bootstrap = self.command(&server);
        bootstrap
            .arg(&common[0])
            .arg("--bootstrap")
            .args(&common[1..])
            .stdin(open);
        answer("mariadbd --bootstrap", &mut bootstrap).await?;
        let mut arguments = vec![server.into()];
        arguments.extend(common);
        arguments.extend([path("socket", &socket), "--skip-networking".into()]);
        self.launch("mariadbd", arguments, &Sign::Socket(socket))
            .await
    }

    pub(super) async fn accounts(&self) -> Result<(), Error> {
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

    pub(super) async fn controller(&self) -> Result<(), Error> {
        let arguments = vec![find("slurmctld")?.into(), "-D".into()];
        let port = Sign::Port(self.slurm.controller);
        self.launch("slurmctld", arguments, &port).await
    }

    pub(super) async fn node(&self) -> Result<(), Error> {
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
                // Somebody else may have it, for whom ours will have to give way.
                Sign::Port(port) => listens(identity, *port),
            };
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
        let mut call = self.command(&find(program)?);
        call.args(words);
        answer(&format!("{program} {}", words.join(" ")), &mut call).await
    }

    /// A program that ends by itself, or with the sandbox.
    fn command(&self, program: &Path) -> Command {
        let mut command = command(program);
        launch::forget_others(&mut command);
        command.envs(self.environment()).env(MARKER, &self.state.id);
        command
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

/// What a command says; an error where it fails, or does not end in time.
async fn answer(what: &str, command: &mut Command) -> Result<String, Error> {
    let program = PathBuf::from(command.as_std().get_program());
    let failed = |tail: &str| {
        let lines: Vec<&str> = tail.lines().collect();
        Error::Slurm {
            what: what.to_owned(),
            tail: lines[lines.len().saturating_sub(QUOTED)..].join("\n"),
        }
    };
    let Ok(said) = timeout(PATIENCE, command.output()).await else {
        return Err(failed(&format!(
            "it did not end within {} s",
            PATIENCE.as_secs()
        )));
    };
    let said = said.map_err(|source| Error::Run { program, source })?;
    let words = String::from_utf8_lossy(&said.stdout);
    if said.status.success() {
        return Ok(words.trim().to_owned());
    }
    Err(failed(&(words + String::from_utf8_lossy(&said.stderr))))
}
