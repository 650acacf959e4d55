//! The arguments of `hubprobe account`, as typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use super::args::HubArgs;
use crate::account::hub_config::Flavor;

/// `hubprobe account`.
#[derive(Debug, Clone, Subcommand)]
pub enum Account {
    /// Make a service account: a user, if it is missing, and a token for it in a file
    Create(Box<Create>),
    /// Show what the hub knows of an account and its tokens; changes nothing
    Show(Show),
    /// Say what is wrong with an account and what cures it; changes nothing
    Doctor(Doctor),
    /// Put a new token in the place of the one in the account's file, and revoke that one
    Rotate(Box<Rotate>),
    /// Revoke the tokens that account create made, and see that they are gone
    Revoke(Revoke),
    /// Print the hub's configuration for service accounts: roles, services, and what keeps them from being refused
    HubConfig(Box<HubConfig>),
    /// Delete an account that account create made, with its tokens and their files
    Delete(Delete),
    /// Show or store the login secrets (auth_state) of an account that never logs in
    AuthState(Box<AuthState>),
}

/// An administrator's token.
#[derive(Debug, Clone, ClapArgs)]
pub struct AdminArgs {
    /// A file with an administrator's token; - is standard input [env: HUBPROBE_ADMIN_TOKEN_FILE, HUBPROBE_ADMIN_TOKEN]
    #[arg(long, value_name = "FILE")]
    pub admin_token_file: Option<PathBuf>,
    /// Not taken: other users of the machine could read it
    #[arg(long, value_name = "TOKEN", hide = true)]
    pub admin_token: Option<String>,
    /// Not taken: other users of the machine could read it
    #[arg(long, value_name = "TOKEN", hide = true)]
    pub token: Option<String>,
}

/// `hubprobe account create`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe account create servuser --url https://hub.example.org \\
      --admin-token-file admin.token --out servuser.token
  pass show hub/admin | hubprobe account create servuser \\
      --url https://hub.example.org --admin-token-file - --expires 30d \\
      --out servuser.token
  hubprobe account create servuser --url https://hub.example.org \\
      --admin-token-file admin.token --out servuser.token \\
      --demote-admin myuser --revoke-admin-token

The administrator's token is made at URL/hub/token. It needs the scopes tokens
and, to make a user, admin:users. The account's token gets the least that a
check needs: to start, see, stop and use its own servers, and to see when its
tokens expire (docs/scopes.md).

Exit codes: 0 done, 1 the hub or a token said no, 2 usage (nothing was done),
3 our own side, 4 something may be left on the hub (hubprobe clean), 130 and
143 interrupted, after undoing.")]
pub struct Create {
    /// The account's name, in lower case
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The hub.
    #[command(flatten)]
    pub hub: HubArgs,
    /// Who asks.
    #[command(flatten)]
    pub admin: AdminArgs,
    /// The file that the token is put into, of mode 0600; - is standard output, and then nothing else goes there
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    pub force: bool,
    /// How long the token lives: 90d, 2w, 12h, 30m, 45s, or never
    #[arg(long, value_name = "TIME", default_value = "90d")]
    pub expires: String,
    /// What the hub shows for the token [default: hubprobe NAME]
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Other scopes than the least that a check needs; several with commas
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    pub scopes: Option<Vec<String>>,
    /// When the account is made and proven, take the admin bit off this user: it is not needed any more
    #[arg(long, value_name = "ADMIN")]
    pub demote_admin: Option<String>,
    /// Revoke the administrator's token too, which outlives the admin bit
    #[arg(long, requires = "demote_admin")]
    pub revoke_admin_token: bool,
}

/// `hubprobe account show`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe account show servuser --url https://hub.example.org \\
      --token-file servuser.token
  hubprobe account show servuser --url https://hub.example.org \\
      --admin-token-file admin.token

Exit codes: 0 done, 1 the hub or a token said no, 2 usage, 3 our own side.")]
pub struct Show {
    /// The account's name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The hub.
    #[command(flatten)]
    pub hub: HubArgs,
    /// A file with the account's own token; - is standard input [env: HUBPROBE_TOKEN_FILE, HUBPROBE_TOKEN]
    #[arg(long, value_name = "FILE", conflicts_with = "admin_token_file")]
    pub token_file: Option<PathBuf>,
    /// Who asks.
    #[command(flatten)]
    pub admin: AdminArgs,
}

/// `hubprobe account revoke`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe account revoke servuser --url https://hub.example.org \\
      --admin-token-file admin.token
  hubprobe account revoke servuser --url https://hub.example.org \\
      --admin-token-file admin.token --token-id a12
  hubprobe account revoke servuser --url https://hub.example.org \\
      --token-file servuser.token

Without --token-id all tokens go that hubprobe made for the account on this
hub, as its register says, and their files with them, if they were not changed
since. The user stays; account delete still knows who made it.")]
pub struct Revoke {
    /// The account's name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The hub.
    #[command(flatten)]
    pub hub: HubArgs,
    /// Who asks.
    #[command(flatten)]
    pub admin: AdminArgs,
    /// This token only, whoever made it
    #[arg(long, value_name = "ID", conflicts_with = "token_file")]
    pub token_id: Option<String>,
    /// A file with a token that shall revoke itself, if it may
    #[arg(long, value_name = "FILE", conflicts_with = "admin_token_file")]
    pub token_file: Option<PathBuf>,
}

/// `hubprobe account hub-config`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe account hub-config servuser --flavor f7t4jhub --admin alice \\
      > accounts.yaml
  hubprobe account hub-config servuser --flavor z2jh --login oauth \\
      --values values.yaml
  hubprobe account hub-config probe-a probe-b --flavor python \\
      --url https://hub.example.org
  hubprobe account hub-config servuser --flavor z2jh --as-service \\
      --hub-version 5.5.4
  helm get values jupyterhub -o yaml | hubprobe account hub-config servuser \\
      --flavor z2jh --values -

Standard output has the configuration and nothing else, the same for the same
question; what is there already, what is missing and what to mind goes to
standard error. No file is changed, no token is printed, and no hub is asked
for more than its version (with --url).

Exit codes: 0 done (nothing printed: all is there), 1 the hub did not tell its
version, 2 usage, or a file that cannot be read.")]
pub struct HubConfig {
    /// The accounts' names, in lower case
    #[arg(value_name = "NAME", required = true)]
    pub names: Vec<String>,
    /// The kind of site: f7t4jhub and z2jh are charts (YAML for values.yaml), python is a jupyterhub_config.py
    #[arg(long, value_enum)]
    pub flavor: FlavorName,
    /// An existing values.yaml: only what is missing is printed; - is standard input
    #[arg(long, value_name = "FILE")]
    pub values: Option<PathBuf>,
    /// The keys, with dots, below which the chart's values stand, as in umbrella charts and under Argo CD
    /// [default: as FILE has them, else f7t4jhub for f7t4jhub, none for z2jh]
    #[arg(hide_short_help = true, long, value_name = "KEYS")]
    pub under: Option<String>,
    /// Also name this administrator, who makes the accounts' tokens; may be given again
    #[arg(long, value_name = "NAME")]
    pub admin: Vec<String>,
    /// The hub's version [default: what the hub at --url says, else what fits 5 and 6]
    #[arg(long, value_name = "VERSION")]
    pub hub_version: Option<String>,
    /// The hub, to ask its version.
    #[command(flatten)]
    pub hub: HubArgs,
    /// How people log in [default: as FILE says; oauth for f7t4jhub]
    #[arg(long, value_enum)]
    pub login: Option<LoginName>,
    /// The hub's oauthenticator: before 17.2 nothing is needed, 17.2 has no hook [default: 17.3 or newer]
    #[arg(hide_short_help = true, long, value_name = "VERSION")]
    pub oauthenticator_version: Option<String>,
    /// The hub has auth_refresh_strict on (JupyterHub 6.1 and newer)
    #[arg(hide_short_help = true, long)]
    pub auth_refresh_strict: bool,
    /// The hub's authenticator has a refresh_user of its own, which asks no hook
    #[arg(hide_short_help = true, long)]
    pub own_refresh: bool,
    /// More than the least; several with commas
    #[arg(
        hide_short_help = true,
        long,
        value_enum,
        value_name = "WHAT",
        value_delimiter = ','
    )]
    pub also: Vec<ExtraName>,
    /// A service with a token of its own that works as the account, in place of tokens of the account
    #[arg(long)]
    pub as_service: bool,
    /// With --as-service: the directory on the hub with the services' tokens, NAME.token, not for z2jh [default: the hub's
    /// environment variables HUBPROBE_TOKEN_NAME]
    #[arg(
        hide_short_help = true,
        long,
        value_name = "DIR",
        requires = "as_service"
    )]
    pub token_dir: Option<String>,
}

/// A kind of site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FlavorName {
    /// The chart f7t4jhub (FirecREST).
    F7t4jhub,
    /// The chart jupyterhub (zero-to-jupyterhub).
    Z2jh,
    /// A jupyterhub_config.py.
    Python,
}

impl From<FlavorName> for Flavor {
    fn from(name: FlavorName) -> Self {
        match name {
            FlavorName::F7t4jhub => Self::F7t4jhub,
            FlavorName::Z2jh => Self::Z2jh,
            FlavorName::Python => Self::Python,
        }
    }
}

/// How people log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LoginName {
    /// Through oauthenticator, with enable_auth_state.
    Oauth,
    /// Otherwise.
    Other,
}

/// More than the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExtraName {
    /// See the user's groups and activity.
    ReadUsers,
    /// Make and revoke tokens of the account.
    Rotate,
    /// See job ids and pod names.
    ServerState,
    /// See the hub's spawner and authenticator.
    ReadHub,
}

/// `hubprobe account doctor`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe account doctor servuser --url https://hub.example.org \\
      --token-file servuser.token
  hubprobe account doctor servuser --url https://hub.example.org \\
      --token-file servuser.token --admin-token-file admin.token
  hubprobe account doctor servuser --url https://hub.example.org \\
      --token-file servuser.token --patient

The account's own token shows whether it works, until when, and what it may
do; an administrator's shows the hub's parts, the login secrets and other
tokens. Either will do, both show most. What the hub's configuration cures is
shown as a line for each kind of site: a key of values.yaml, with dots, and
what it is to hold, or a line of jupyterhub_config.py. hubprobe account
hub-config prints the whole piece, which keeps what the site has already.

Exit codes: 0 nothing is wrong, 1 something is, 2 usage, 3 our own side.")]
pub struct Doctor {
    /// The account's name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The hub.
    #[command(flatten)]
    pub hub: HubArgs,
    /// A file with the account's own token; - is standard input [env: HUBPROBE_TOKEN_FILE, HUBPROBE_TOKEN]
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Who asks.
    #[command(flatten)]
    pub admin: AdminArgs,
    /// Ask again after this time, when the hub has to refresh the account's login: longer than its auth_refresh_age
    /// (300 s where it is not set)
    #[arg(long, value_name = "TIME", num_args = 0..=1, default_missing_value = "5m30s")]
    pub patient: Option<String>,
    /// The kind of site: only its lines of configuration are shown, not those of all three
    #[arg(long, value_enum)]
    pub flavor: Option<FlavorName>,
}

/// `hubprobe account rotate`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe account rotate servuser --url https://hub.example.org \\
      --admin-token-file admin.token
  hubprobe account rotate servuser --url https://hub.example.org \\
      --token-file servuser.token --expires 30d

The new token is made and proven, takes the old one's place in the file by a
rename, and then the old one is revoked and seen to be gone. Ended at any
instant, a working token is in the file; the next rotate, or hubprobe clean,
takes away what is left. The account's own token may do this if it holds
tokens!user=NAME; the least that account create gives does not. What has read
the old token must read the file again: --keep-old gives it time.

Exit codes: 0 done, 1 the hub or a token said no, 2 usage (nothing was done),
3 our own side, 4 a token may be left good on the hub (hubprobe clean), 130
and 143 interrupted, after undoing.")]
pub struct Rotate {
    /// The account's name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The hub.
    #[command(flatten)]
    pub hub: HubArgs,
    /// The file with the account's own token, which asks, and is replaced [env: HUBPROBE_TOKEN_FILE]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["admin_token_file", "out"])]
    pub token_file: Option<PathBuf>,
    /// Who asks.
    #[command(flatten)]
    pub admin: AdminArgs,
    /// The account's file, where an administrator asks [default: HUBPROBE_TOKEN_FILE, else the one that the register knows]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How long the new token lives: 90d, 2w, 12h, 30m, 45s, or never
    #[arg(long, value_name = "TIME", default_value = "90d")]
    pub expires: String,
    /// What the hub shows for the token [default: hubprobe NAME]
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Other scopes than those of the old token; several with commas
    #[arg(long, value_name = "SCOPES", value_delimiter = ',')]
    pub scopes: Option<Vec<String>>,
    /// Leave the old token good, until the next rotate takes it away
    #[arg(long)]
    pub keep_old: bool,
    /// Revoke the token in the file though hubprobe did not make it
    #[arg(long, conflicts_with = "keep_old")]
    pub revoke_foreign: bool,
}

/// `hubprobe account delete`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe account delete servuser --url https://hub.example.org \\
      --admin-token-file admin.token

Deleted is what hubprobe made, as its register says and the hub's date of the
user confirms. Refused are: an administrator, a user whose server is running,
one with named servers (whose volumes would go with them), and one with tokens
that hubprobe did not make. What belongs to the default server, such as its
volume, goes with the user.

Exit codes: 0 gone, 1 the hub or a token said no, 2 refused (nothing was
done), 3 our own side, 4 it may still be there.")]
pub struct Delete {
    /// The account's name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The hub.
    #[command(flatten)]
    pub hub: HubArgs,
    /// Who asks.
    #[command(flatten)]
    pub admin: AdminArgs,
    /// Delete it though hubprobe did not make the user, or not all of its tokens
    #[arg(long)]
    pub even_if_not_ours: bool,
}

/// `hubprobe account auth-state`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe account auth-state servuser --url https://hub.example.org \\
      --admin-token-file admin.token
  hubprobe account auth-state servuser --url https://hub.example.org \\
      --admin-token-file admin.token --refresh-token-file offline.token

Without --refresh-token-file or --clear it only looks, and shows what is
there: names and ends, never a value. What is stored has the shape that
oauthenticator expects (16 to 17.4), so that the hub can get itself access
tokens with it. The hub must keep auth_state:
c.Authenticator.enable_auth_state, and JUPYTERHUB_CRYPT_KEY.

Exit codes: 0 done, 1 the hub or a token said no, 2 usage or refused (nothing
was done), 3 our own side.")]
pub struct AuthState {
    /// The account's name
    #[arg(value_name = "NAME")]
    pub name: String,
    /// The hub.
    #[command(flatten)]
    pub hub: HubArgs,
    /// Who asks.
    #[command(flatten)]
    pub admin: AdminArgs,
    /// Store the refresh token in this file; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "clear")]
    pub refresh_token_file: Option<PathBuf>,
    /// Store this access token with it; else the hub gets one at once
    #[arg(long, value_name = "FILE", requires = "refresh_token_file")]
    pub access_token_file: Option<PathBuf>,
    /// Store an ID token with it, for hubs that read the user from there (userdata_from_id_token)
    #[arg(long, value_name = "FILE", requires = "refresh_token_file")]
    pub id_token_file: Option<PathBuf>,
    /// Take away what is stored
    #[arg(long)]
    pub clear: bool,
    /// Replace what is stored
    #[arg(long, requires = "refresh_token_file")]
    pub force: bool,
    /// Not taken: other users of the machine could read it
    #[arg(long, value_name = "TOKEN", hide = true)]
    pub refresh_token: Option<String>,
    /// Not taken: other users of the machine could read it
    #[arg(long, value_name = "TOKEN", hide = true)]
    pub access_token: Option<String>,
    /// Not taken: other users of the machine could read it
    #[arg(long, value_name = "TOKEN", hide = true)]
    pub id_token: Option<String>,
}
