//! From what was typed to what is walked: flag over environment over suite
//! over default.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::Map;

use super::args::{Check, Global, HubArgs};
use super::places;
use crate::suite::{self, Account, Deadlines, Hub, KernelStep, LabStep, NodeTime, Probe, Retries};
use crate::vocabulary::{SecretSource, shell};

/// Probes, and what there is to say of how they were typed.
#[derive(Debug)]
pub struct Plan {
    /// What is walked.
    pub probes: Vec<Probe>,
    /// How much time of nodes all visits together may take.
    pub node_time: Option<NodeTime>,
    /// Things to mind.
    pub notes: Vec<String>,
}

/// The state directory.
///
/// # Errors
/// Where neither it nor a home is known.
pub fn state_dir(global: &Global) -> anyhow::Result<PathBuf> {
    if let Some(dir) = &global.state_dir {
        return Ok(dir.clone());
    }
    usual_state_dir()
        .context("neither XDG_STATE_HOME nor HOME is set; name a state directory with --state-dir DIR or HUBPROBE_STATE_DIR")
}

/// The state directory as a command on it must name it; none where it is the usual one.
pub fn named_state_dir(global: &Global) -> Option<String> {
    let dir = global.state_dir.as_ref()?;
    // Whoever types the command may be elsewhere.
    let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.clone());
    let dir: PathBuf = dir.components().collect();
    (usual_state_dir().as_ref() != Some(&dir)).then(|| dir.display().to_string())
}

/// `hubprobe clean`, as it is typed for this state directory.
pub fn clean_command(global: &Global) -> String {
    shell::clean(named_state_dir(global).as_deref())
}

/// Where it is if nobody names one.
fn usual_state_dir() -> Option<PathBuf> {
    let absolute = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if let Some(state) = absolute("XDG_STATE_HOME") {
        return Some(state.join("hubprobe"));
    }
    absolute("HOME").map(|home| home.join(".local/state/hubprobe"))
}

/// The hub that was typed, with the notes on its URL.
///
/// # Errors
/// No URL, or one that is no hub's; a header that is not NAME=ENV.
pub fn hub(args: &HubArgs, notes: &mut Vec<String>) -> anyhow::Result<Hub> {
    let typed = args
        .url
        .clone()
        .or_else(|| variable("JUPYTERHUB_API_URL"))
        .context(
            "which hub? Give its URL with --url URL or HUBPROBE_URL; hubprobe check also takes a suite, with --suite FILE",
        )?;
    if may_be_a_token(&typed) {
        bail!(
            "what was given as the hub's URL ({} characters) looks like a token; give the URL that a person opens to log \
             in, and revoke the token: arguments can be read by every user of this machine",
            typed.len()
        );
    }
    let (url, note) = suite::hub_url(&typed)?;
    notes.extend(note);
    readable(args)?;
    Ok(Hub {
        name: None,
        url,
        ca_file: args.ca_file.clone(),
        headers: headers(&args.headers)?,
        failure_limit: Hub::USUAL_LIMIT,
    })
}

/// The certificates can be read.
fn readable(args: &HubArgs) -> anyhow::Result<()> {
    let Some(path) = &args.ca_file else {
        return Ok(());
    };
    // A pipe can be read once, which is for the visit.
    if path
        .metadata()
        .is_ok_and(|it| !it.is_file() && !it.is_dir())
    {
        return Ok(());
    }
    let read = std::fs::read(path);
    read.map(drop).map_err(|error| {
        let (path, remedy) = (path.display(), places::to_read(&error));
        anyhow::anyhow!(
            "--ca-file {path} cannot be read: {error}; {remedy}: it holds PEM certificates"
        )
    })
}

fn headers(typed: &[String]) -> anyhow::Result<Vec<(String, SecretSource)>> {
    typed
        .iter()
        .map(|text| match text.split_once('=') {
            Some((name, env)) if !name.is_empty() && !env.is_empty() => {
                Ok((name.to_owned(), SecretSource::Env(env.to_owned())))
            }
            _ => bail!("--header wants NAME=ENV: the header's name, and the environment variable that holds its value"),
        })
        .collect()
}

/// Where the token is: flag, then environment.
///
/// # Errors
/// A token in the place of a file's name, which is not repeated.
pub fn token_source(file: Option<&PathBuf>, variables: &[&str]) -> anyhow::Result<SecretSource> {
    if let Some(path) = file.filter(|path| looks_like_a_token(path)) {
        bail!(
            "what was given as the token's file ({} characters) looks like the token itself, and there is no such file; \
             write the token into a file of mode 0600 and name that, and revoke this one: arguments can be read by every \
             user of this machine",
            path.as_os_str().len()
        );
    }
    Ok(match file {
        Some(path) if path.as_os_str() == "-" => SecretSource::Stdin,
        Some(path) => {
            SecretSource::File(std::path::absolute(path).unwrap_or_else(|_| path.clone()))
        }
        None => variables
            .iter()
            .find(|name| variable(name).is_some())
            .map_or(SecretSource::Missing, |name| {
                SecretSource::Env((*name).to_owned())
            }),
    })
}

/// A long word of letters and digits, with no such file.
fn looks_like_a_token(path: &std::path::Path) -> bool {
    may_be_a_token(&path.to_string_lossy()) && !path.exists()
}

/// A long word of letters and digits.
pub fn may_be_a_token(text: &str) -> bool {
    text.len() >= 30
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
        && text.chars().any(|c| c.is_ascii_digit())
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The variables in which an account's token may be.
pub const TOKEN_VARIABLES: &[&str] = &["HUBPROBE_TOKEN", "JUPYTERHUB_API_TOKEN"];

/// How long somebody else at a visit's place is waited for.
///
/// # Errors
/// No length of time.
pub fn wait(check: &Check) -> anyhow::Result<Duration> {
    let typed = check.wait.trim();
    if matches!(typed, "" | "0") {
        return Ok(Duration::ZERO);
    }
    suite::parse_duration(typed).map_err(|reason| anyhow::anyhow!("--wait {typed}: {reason}"))
}

/// What `hubprobe check` walks.
///
/// # Errors
/// Anything that was typed wrongly, or is wrong in the suite.
pub fn plan(check: &Check) -> anyhow::Result<Plan> {
    if check.token.is_some() {
        bail!(
            "a token as an argument can be read by every user of this machine (ps), so --token is not taken; \
             use --token-file FILE or HUBPROBE_TOKEN, and revoke this one"
        );
    }
    let mut notes = Vec::new();
    let (mut probes, node_time) = match &check.suite {
        Some(path) => from_suite(check, path, &mut notes)?,
        None => (vec![from_flags(check, &mut notes)?], None),
    };
    for probe in &mut probes {
        apply(check, probe, &mut notes)?;
    }
    notes.dedup();
    Ok(Plan {
        probes,
        node_time,
        notes,
    })
}

fn from_suite(
    check: &Check,
    path: &std::path::Path,
    notes: &mut Vec<String>,
) -> anyhow::Result<(Vec<Probe>, Option<NodeTime>)> {
    let (suite, said) = suite::load(path)?;
    notes.extend(said);
    let mut probes = suite.tagged(suite.probes(&check.probes)?, &check.tags)?;
    let one_hub = probes
        .windows(2)
        .all(|pair| pair[0].hub.url == pair[1].hub.url);
    let mut accounts = probes.iter().flat_map(|probe| {
        let hub = &probe.hub.url;
        probe.seats().map(move |seat| (hub, seat.account.name))
    });
    let first = accounts.next();
    let one_account = accounts.all(|account| Some(&account) == first.as_ref());
    drop(accounts);
    drop(first);
    readable(&check.hub)?;
    if check.hub.url.is_some() && !one_hub {
        bail!(
            "--url (or HUBPROBE_URL) would send the tokens of several hubs to one; name probes of one hub, or leave it out"
        );
    }
    if (check.user.is_some() || check.token_file.is_some()) && !one_account {
        bail!(
            "--user and --token-file (or their variables) are for one account, and the suite's probes have several; name probes of one, or leave them out"
        );
    }
    for probe in &mut probes {
        if let Some(typed) = &check.hub.url {
            let (url, note) = suite::hub_url(typed)?;
            notes.extend(note);
            if url != probe.hub.url {
                notes.push(format!(
                    "the suite's accounts and their tokens go to {url} in place of {}, by --url or HUBPROBE_URL",
                    probe.hub.url
                ));
            }
            probe.hub.url = url;
        }
        if let Some(ca_file) = &check.hub.ca_file {
            probe.hub.ca_file = Some(ca_file.clone());
        }
        probe.hub.headers.extend(headers(&check.hub.headers)?);
        let typed = token_source(check.token_file.as_ref(), &["HUBPROBE_TOKEN"])?;
        for account in probe.accounts_mut() {
            if let Some(user) = &check.user {
                account.name.clone_from(user);
            }
            if typed != SecretSource::Missing && one_account {
                account.token = typed.clone();
            }
        }
    }
    Ok((probes, suite.node_time().cloned()))
}

fn from_flags(check: &Check, notes: &mut Vec<String>) -> anyhow::Result<Probe> {
    if let Some(name) = check.probes.first() {
        bail!("probes such as {name} stand in a suite; give it with --suite FILE");
    }
    if let Some(tag) = check.tags.first() {
        bail!("--tag {tag} chooses probes of a suite; give it with --suite FILE");
    }
    let hub = hub(&check.hub, notes)?;
    let name = check
        .user
        .clone()
        .context("which account? Give its name with --user NAME or HUBPROBE_USER")?;
    Ok(Probe {
        name: "check".to_owned(),
        hub,
        account: Account {
            name,
            token: token_source(check.token_file.as_ref(), TOKEN_VARIABLES)?,
            dedicated: check.dedicated,
            expires: None,
        },
        server: String::new(),
        elsewhere: Vec::new(),
        options: Map::new(),
        deadlines: Deadlines::default(),
        kernel: KernelStep::default(),
        execute: Vec::new(),
        budgets: Vec::new(),
        environment: None,
        options_honoured: false,
        notebooks: Vec::new(),
        files: None,
        queue: None,
        gone: None,
        tags: Vec::new(),
        lab: None,
        retries: Retries::default(),
        keep: check.keep,
    })
}

/// Flags over what the suite says.
fn apply(check: &Check, probe: &mut Probe, notes: &mut Vec<String>) -> anyhow::Result<()> {
    if let Some(text) = &check.options {
        probe.options = suite::parse_options_object(text)?;
    }
    for text in &check.option {
        let (key, value, warning) = suite::parse_option(text)?;
        notes.extend(warning);
        probe.options.insert(key, value);
    }
    for text in &check.deadlines {
        let (name, length) = suite::parse_deadline(text)?;
        probe.deadlines.set(name, length);
    }
    if let Some(server) = &check.server {
        if server.contains('/') {
            bail!("--server {server}: a server's name has no / in it");
        }
        probe.only_server(server);
    }
    if let Some(kernel) = &check.kernel {
        probe.kernel.name = Some(kernel.clone());
    }
    if let Some(size) = &check.files {
        let size =
            suite::parse_size(size).map_err(|reason| anyhow::anyhow!("--files: {reason}"))?;
        probe.files.get_or_insert_default().size = size;
    }
    if check.persist {
        probe.files.get_or_insert_default().persist = true;
    }
    if let Some(path) = &check.lab {
        let step = LabStep::parse(path).map_err(|reason| anyhow::anyhow!("--lab: {reason}"))?;
        probe.lab = Some(step);
    }
    if let Some(times) = check.retries {
        probe.retries.times = times;
    }
    probe.keep |= check.keep;
    for account in probe.accounts_mut() {
        account.dedicated |= check.dedicated;
        settle(&mut account.token);
    }
    for (_, value) in &mut probe.hub.headers {
        settle(value);
    }
    if let Some(file) = &mut probe.hub.ca_file
        && let Ok(whole) = std::path::absolute(&*file)
    {
        *file = whole;
    }
    Ok(())
}

/// The ledger keeps where a secret is, for a `clean` in another directory.
fn settle(source: &mut SecretSource) {
    if let SecretSource::File(path) = source
        && let Ok(whole) = std::path::absolute(&*path)
    {
        *path = whole;
    }
}
