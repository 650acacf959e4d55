//! The causes: every way in which a visit can fail that hubprobe can name.
//!
//! One table. The code is a contract: dashboards, alerts and tests match on
//! it, so codes may be added, never renamed. The blame decides the exit code
//! and who gets the alert. The advice here is what to do where the diagnosis
//! knows nothing better.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Blame {
    /// The deployment: its operators can mend it. The visit failed.
    Deployment,
    /// The service account or its token. The visit failed.
    Account,
    /// The site is full; nothing is broken. The visit is inconclusive.
    Capacity,
    /// Our own side. The visit is inconclusive.
    Prober,
}

impl Blame {
    /// The word that stands in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Account => "account",
            Self::Capacity => "capacity",
            Self::Prober => "prober",
        }
    }
}

/// One row of the table of causes.
struct Row {
    cause: Cause,
    code: &'static str,
    blame: Blame,
    means: &'static str,
    advice: &'static str,
}

macro_rules! causes {
    ($($name:ident $code:literal $blame:ident $means:literal $advice:literal;)+) => {
        /// What is wrong: the first layer that failed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Cause {
            $(#[doc = $means] #[serde(rename = $code)] $name,)+
        }

        const TABLE: &[Row] = &[
            $(Row {
                cause: Cause::$name,
                code: $code,
                blame: Blame::$blame,
                means: $means,
                advice: $advice,
            },)+
        ];
    };
}

causes! {
    ReachDns "reach.dns" Deployment
        "the name does not resolve"
        "Check the host in the URL for typing errors, and that its DNS record exists (`getent hosts HOST`).";
    ReachRefused "reach.refused" Deployment
        "nothing listens at the address"
        "Check the port in the URL, and that the hub's proxy or ingress is running.";
    ReachTimeout "reach.timeout" Deployment
        "no answer to connect or to the first request"
        "Check firewalls and routes between here and the hub; if the connection opens but nothing comes back, look at the hub's proxy.";
    ReachTlsUntrusted "reach.tls-untrusted" Deployment
        "the certificate is signed by nobody known here"
        "If the site has its own certificate authority, give its certificate with --ca-file; the server must send the whole chain.";
    ReachTlsExpired "reach.tls-expired" Deployment
        "the certificate has expired or is not valid yet"
        "Renew the certificate; if it is fresh, check the clocks on both sides.";
    ReachTlsName "reach.tls-name" Deployment
        "the certificate is for another name"
        "Use the name that stands in the certificate, or issue one for this name.";
    ReachRedirect "reach.redirect" Deployment
        "the URL answers with a redirect elsewhere"
        "Give the URL that it redirects to.";
    ReachWrongBaseUrl "reach.wrong-base-url" Deployment
        "a hub answers, but at another base URL"
        "Give the URL under which the hub answers.";
    ReachNotAHub "reach.not-a-hub" Deployment
        "something answers that is no JupyterHub"
        "Give the URL that a person opens to log in; the hub's API must answer at URL/hub/api/.";
    ReachLoginWall "reach.login-wall" Deployment
        "something in front of the hub wants a login before it lets anybody through"
        "Exempt /hub/api and /user from the login: requests there carry a token of the hub's own.";
    ReachProxyDown "reach.proxy-down" Deployment
        "the ingress answers for a proxy that is dead"
        "Look at the hub's proxy (configurable-http-proxy or traefik): is it running, and does the ingress reach it?";
    ReachHubDown "reach.hub-down" Deployment
        "the proxy lives, the hub does not"
        "Look at the hub process and its log: it has crashed, is restarting, or waits for a database upgrade.";
    ReachOverloaded "reach.overloaded" Deployment
        "the hub answers, but far too slowly"
        "Look at the load of the hub's process and its database; a hook that blocks stops everybody.";
    ReachRateLimited "reach.rate-limited" Deployment
        "something in front of the hub throttles"
        "An ingress or firewall answers 429 in the hub's place: exempt this address, or ask less often.";
    ReachClockSkew "reach.clock-skew" Deployment
        "the hub's clock is off"
        "Set the clocks on both sides (NTP): tokens, logins and cookies expire by them.";
    TokenMissing "token.missing" Prober
        "no token could be read, or it is malformed"
        "Give a readable token with --token-file, HUBPROBE_TOKEN_FILE or HUBPROBE_TOKEN.";
    TokenRejected "token.rejected" Account
        "the hub does not know the token: mistyped, revoked, or its database was reset"
        "Mint a new one: hubprobe account create NAME --url URL --admin-token-file FILE --out FILE.";
    TokenExpired "token.expired" Account
        "the token is known to have expired"
        "Mint a new one: hubprobe account create NAME --url URL --admin-token-file FILE --out FILE.";
    TokenStaleLogin "token.stale-login" Account
        "OAuth refresh refuses an account that never logged in"
        "Exempt the account with c.OAuthenticator.refresh_user_hook (oauthenticator 17.3 or newer), or leave c.Authenticator.auth_refresh_strict = False (JupyterHub 6.1 and newer).";
    TokenMissingScope "token.missing-scope" Account
        "the token may not do what the probe needs"
        "Add the scope to a role of the account (c.JupyterHub.load_roles, z2jh: hub.loadRoles), then mint a new token.";
    TokenWrongUser "token.wrong-user" Account
        "the token is somebody else's, or its scopes are filtered to somebody else"
        "Check --user for typing errors, and mint the token for this account.";
    TokenLost "token.lost" Account
        "the token worked, and then did not, within the visit"
        "Look for what revoked it: expiry, a deleted user, or an OAuth refresh that fails (see refresh_user_hook).";
    TokenHeaderStripped "token.header-stripped" Deployment
        "a proxy removes the Authorization header"
        "Let every proxy in between pass the Authorization header on to /hub/api and /user.";
    AccountNoSuchUser "account.no-such-user" Account
        "the user does not exist on the hub"
        "Create it: hubprobe account create NAME, or name it in a role in c.JupyterHub.load_roles.";
    AccountNotCreatable "account.not-creatable" Account
        "the hub refuses to create the user"
        "Read the hub's words: the authenticator may want a system user or another form of the name.";
    AccountScopesExceedOwner "account.scopes-exceed-owner" Account
        "scopes were asked for that the account does not hold"
        "Give the account a role with these scopes, or ask for fewer.";
    HubDatabase "hub.database" Deployment
        "a good token is refused now and then; the database is locked or full"
        "Look for 'database is locked' or 'disk is full' in the hub's log.";
    HubRestarted "hub.restarted" Deployment
        "the hub went away and came back within the visit"
        "Look at why the hub restarted, then check again.";
    HubError "hub.error" Deployment
        "the hub answers with an error and says no more"
        "Look at the hub's log at the time given.";
    SpawnThrottled "spawn.throttled" Capacity
        "too many servers are starting at once (concurrent_spawn_limit)"
        "Try again later, or raise c.JupyterHub.concurrent_spawn_limit.";
    SpawnHubFull "spawn.hub-full" Capacity
        "the limit of running servers is reached (active_server_limit)"
        "Try again later, or raise c.JupyterHub.active_server_limit.";
    SpawnAlreadyRunning "spawn.already-running" Account
        "a server is there that this tool did not start"
        "Somebody works on it, or an earlier run was lost. Look first; then stop it by hand, or use another server with --server NAME.";
    SpawnForeignPending "spawn.foreign-pending" Account
        "somebody else's spawn is under way"
        "Wait until it is over, or use an account that nobody else uses.";
    SpawnPendingStop "spawn.pending-stop" Deployment
        "the last stop does not end"
        "Look at why the spawner cannot stop the server.";
    SpawnNamedServers "spawn.named-servers" Account
        "named servers are disabled, at their limit, or the name is bad"
        "Use the default server, or set c.JupyterHub.allow_named_servers and named_server_limit_per_user.";
    SpawnDenied "spawn.denied" Account
        "a policy of the site says no"
        "Read the site's words; the account may need a group or a project.";
    SpawnBadOptions "spawn.bad-options" Account
        "the options were refused"
        "Compare the options with what the site's form sends; GET /hub/api/users/NAME?include_stopped_servers shows a person's last ones.";
    SpawnStaleLogin "spawn.stale-login" Account
        "the account's login has expired before the spawn"
        "Exempt the account with c.OAuthenticator.refresh_user_hook (oauthenticator 17.3 or newer).";
    SpawnNoCredentials "spawn.no-credentials" Account
        "the spawner or a hook needs an auth_state that the account lacks"
        "An account that never logs in has no auth_state: guard hooks with `if auth_state:`, or store one for it.";
    SpawnCredentialsExpired "spawn.credentials-expired" Account
        "the credentials that the hub keeps for the account have expired"
        "Log in once as the account, or store fresh credentials in its auth_state.";
    SpawnError "spawn.error" Deployment
        "the spawner raised an error"
        "Read the error, and look at the hub's log at the time given.";
    SpawnStartTimeout "spawn.start-timeout" Deployment
        "the spawner's start_timeout passed before the server had started"
        "See what it was last doing; if that takes its time, raise c.Spawner.start_timeout.";
    SpawnTooSlow "spawn.too-slow" Deployment
        "our own start deadline came before the server was ready"
        "See what it was last doing; if the site is that slow, allow more with --deadline start=TIME.";
    SpawnNeverAnswered "spawn.never-answered" Deployment
        "the server started, but the hub never reached it (http_timeout)"
        "Check from the hub's host that the address in the message can be reached: wrong port or address, firewall, network policy; or raise c.Spawner.http_timeout.";
    SpawnExited "spawn.exited" Deployment
        "the server's process, pod or job ended before it answered"
        "Look at the server's own log; run its command by hand as the user.";
    SpawnNoCommand "spawn.no-command" Deployment
        "the single-user command is missing"
        "Check c.Spawner.cmd, and that jupyterhub-singleuser is installed where servers run.";
    SpawnCannotReachHub "spawn.cannot-reach-hub" Deployment
        "the server started, but could not reach the hub"
        "Check from where servers run that the hub's API can be reached: c.JupyterHub.hub_connect_url, network policy, TLS to the hub.";
    SpawnCancelled "spawn.cancelled" Account
        "somebody else stopped the server while it started"
        "Use an account that nobody else uses; look for a culler.";
    SpawnImagePull "spawn.image-pull" Deployment
        "the image cannot be pulled"
        "Check the image's name and tag, the registry's pull secret, and its rate limit.";
    SpawnUnschedulable "spawn.unschedulable" Capacity
        "no node fits"
        "Read the scheduler's words: free or add nodes, or ask for less.";
    SpawnVolume "spawn.volume" Deployment
        "a volume cannot be attached or mounted"
        "Look whether another pod still holds the volume, and at the storage class and its provisioner.";
    SpawnQuota "spawn.quota" Capacity
        "a quota or an admission rule refuses the server"
        "Free what the quota counts, raise it, or ask for less.";
    SpawnJobRejected "spawn.job-rejected" Account
        "the scheduler refuses the job"
        "Ask for an account, partition, reservation, QOS, time and size that the account may have (sacctmgr show assoc, scontrol show partition); send as lists the options that the page sends as lists.";
    SpawnJobVanished "spawn.job-vanished" Deployment
        "the job died or disappeared"
        "Look at the job's own log (slurm-ID.out, jupyterhub_slurmspawner_ID.log) and at sacct: a script that fails, a full home, a node, somebody's scancel.";
    SpawnSchedulerDown "spawn.scheduler-down" Deployment
        "the scheduler does not answer"
        "Look at the scheduler from where the hub runs (scontrol ping, or FirecREST's status), at slurmctld's log, and at the network between.";
    SpawnQueued "spawn.queued" Capacity
        "still queued when the queue deadline came"
        "Wait, use a reservation, or allow more with --deadline queue=TIME.";
    SpawnProxyUnreachable "spawn.proxy-unreachable" Deployment
        "the hub could not add the route to the proxy"
        "Check the proxy's API address and that CONFIGPROXY_AUTH_TOKEN is the same on both sides.";
    ServerNoRoute "server.no-route" Deployment
        "the server is ready, but the proxy has no route to it"
        "Look at the proxy's table and at the ingress rules for /user/; a restarted proxy heals when the hub next checks its routes.";
    ServerVersionMismatch "server.version-mismatch" Deployment
        "the versions of the hub and of the server's environment do not fit"
        "Install in the server's environment the JupyterHub of the hub's own major version.";
    ServerForbidden "server.forbidden" Account
        "the token may not use the server"
        "Give the token the scope access:servers!user=NAME (a !group= filter is not understood by servers).";
    SpawnOptionsIgnored "spawn.options-ignored" Deployment
        "the server runs, but not with the options asked for"
        "Look at what the spawner makes of its user_options: the names that its template knows, nesting, lists and single values.";
    ServerCannotReachHub "server.cannot-reach-hub" Deployment
        "the server cannot ask the hub who we are"
        "Check from where servers run that the hub's API can be reached: c.JupyterHub.hub_connect_url, network policy.";
    ServerDied "server.died" Deployment
        "the server was ready, and then dead"
        "Look at the server's own log and at what ended it: memory, node, time limit.";
    ServerWalltime "server.walltime" Account
        "the server's job ended with the time that was asked for"
        "Ask for more time (the option runtime, walltime or time), or do less: the limit counts from the job's start. The job's log has the scheduler's own words.";
    ServerCulled "server.culled" Deployment
        "somebody stopped the server while it was in use"
        "Look for a culler (jupyterhub-idle-culler): its timeout, its max-age, and whether activity is reported; or use an account that nobody else uses.";
    ServerError "server.error" Deployment
        "the server answers with an error and says no more"
        "Look at the server's own log at the time given.";
    LabPage "lab.page" Deployment
        "the page that a person would open does not come"
        "Install JupyterLab where servers run, or name the page that is there (lab: {path: tree}); see the server's log.";
    LabAsset "lab.asset" Deployment
        "the page comes, but not all that it loads"
        "Let every proxy in between pass the server's static files as they are: path, content type, size.";
    KernelNoSpec "kernel.no-spec" Deployment
        "the kernel asked for is not installed"
        "Install the kernel where servers run, or ask for one that is there.";
    KernelNotStarted "kernel.not-started" Deployment
        "the kernel does not start"
        "Look at the server's log: missing packages, a broken kernelspec, a full home.";
    KernelSilent "kernel.silent" Deployment
        "the kernel runs but never answers"
        "Look at the server's log; start the kernel's command by hand.";
    KernelWebsocketBlocked "kernel.websocket-blocked" Deployment
        "plain requests work, the websocket does not"
        "Let every proxy in between pass the Upgrade and Connection headers.";
    KernelWebsocketCut "kernel.websocket-cut" Deployment
        "the websocket was cut"
        "Raise the idle and read timeouts of the proxies in between (an hour or more).";
    KernelDied "kernel.died" Deployment
        "the kernel died while it ran the code"
        "Look for out of memory and crashes in the server's log.";
    KernelHung "kernel.hung" Deployment
        "the code did not end before the deadline"
        "If the code takes its time, allow more with --deadline execute=TIME; else look at what it waits for.";
    KernelError "kernel.error" Deployment
        "the code raised an error"
        "Read the error: a missing package or file is the environment's, anything else the code's.";
    KernelWrongOutput "kernel.wrong-output" Deployment
        "the code ran, but said something else than it should"
        "Compare the two outputs.";
    EnvironmentPackages "environment.packages" Deployment
        "a package is not there, not in the right version, or cannot be imported"
        "Install it where servers run (the image, the module, the kernel's environment), or take it out of the suite.";
    EnvironmentResources "environment.resources" Deployment
        "the server has fewer cores, less memory or fewer GPUs than it should"
        "Compare what was asked for (spawn options, profile) with the limits of the job or pod, and with what the node has.";
    EnvironmentDiffers "environment.differs" Deployment
        "the kernel runs as another user, or with other variables, than it should"
        "Look at the spawner's environment, at the image, and at what the site sets at login.";
    EnvironmentAccess "environment.access" Deployment
        "the kernel cannot reach a path or an address that it should"
        "Look at the mounts and their rights, at the network policy, and at the proxies that the way out needs.";
    NotebookError "notebook.error" Deployment
        "a cell of a notebook raised an error"
        "Read the error: a missing package or file is the environment's, anything else the notebook's.";
    NotebookDiffers "notebook.differs" Deployment
        "a notebook ran, but a cell showed something else than in the file"
        "Compare the two: --artifacts DIR keeps the notebook as it ran. What may differ from run to run is for sanitize, or for the tag nbval-ignore-output of the cell.";
    NotebookTimeout "notebook.timeout" Deployment
        "a cell of a notebook did not end in time"
        "See what the cell waits for; if it takes its time, give the step a timeout.";
    FilesDenied "files.denied" Deployment
        "the home directory cannot be written"
        "Check the owner and the mode of the home, and how its volume is mounted.";
    FilesFull "files.full" Deployment
        "the home directory is full"
        "Free space in the home, or raise its quota or volume.";
    FilesTooLarge "files.too-large" Deployment
        "a file of this size does not get through"
        "Raise the limit on request bodies of the proxies in between (nginx: client_max_body_size; ingress-nginx: proxy-body-size).";
    FilesLost "files.lost" Deployment
        "a file was written, but is not there any more or holds something else"
        "Look at the home's file system and at what else writes to it.";
    StopRefused "stop.refused" Deployment
        "the hub refuses to stop the server"
        "Read the hub's words, and stop the server by hand.";
    StopTimeout "stop.timeout" Deployment
        "the stop does not end"
        "Look at why the spawner cannot stop the server, and stop it by hand.";
    StopUndone "stop.undone" Deployment
        "the server came back after it was stopped"
        "Look for what starts it again: an open JupyterLab tab, implicit_spawn_seconds, or a proxy that the hub cannot reach.";
    StopSurvived "stop.survived" Deployment
        "the hub says that the server is stopped, but it lives on"
        "End the process, pod or job by hand; look at the spawner's stop() in the hub's log.";
    ProberNetwork "prober.network" Prober
        "our own network is down"
        "Check this machine's network and resolver.";
    ProberLimits "prober.limits" Prober
        "our own limits were reached"
        "Raise the limits of this process, such as open files.";
    ProberBug "prober.bug" Prober
        "hubprobe itself has a bug"
        "Report it with what was seen; nothing can be said of the hub.";
    ProberBusy "prober.busy" Prober
        "another run of hubprobe is at work on the same server or account"
        "Wait for it with --wait TIME, or use another account or --server NAME.";
    ProberNodeTime "prober.node-time" Prober
        "the suite's budget of node time is used up"
        "Give the suite a larger node_time, fewer probes, or probes that ask for fewer nodes.";
    ProberInterrupted "prober.interrupted" Prober
        "we were asked to end"
        "Run it again.";
}

impl Cause {
    /// All causes, in the order of the table.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|row| row.cause)
    }

    fn row(self) -> &'static Row {
        // The table and the enum come from one list, in one order.
        &TABLE[self as usize]
    }

    /// The code: `spawn.never-answered`.
    pub fn code(self) -> &'static str {
        self.row().code
    }

    /// Who is to blame.
    pub fn blame(self) -> Blame {
        self.row().blame
    }

    /// What it means, in a few words.
    pub fn means(self) -> &'static str {
        self.row().means
    }

    /// What to do where the diagnosis knows nothing better.
    pub fn advice(self) -> &'static str {
        self.row().advice
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_its_cause_s() {
        for cause in Cause::all() {
            assert_eq!(cause.row().cause, cause);
            let written = serde_json::to_value(cause).unwrap();
            assert_eq!(written, cause.code());
            assert!(!cause.advice().is_empty(), "{cause}");
        }
    }
}
