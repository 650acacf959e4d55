//! The arguments of `hubprobe account`, as typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::args::HubArgs;

/// `hubprobe account`.
#[derive(Debug, Clone, Subcommand)]
pub enum Account {
    /// Make a service account: a user, if it is missing, and a token for it in a file
    Create(Box<Create>),
    /// Show what the hub knows of an account and its tokens; changes nothing
    Show(Show),
    /// Revoke the tokens that account create made, and see that they are gone
    Revoke(Revoke),
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
}

/// `hubprobe account create`.
#[derive(Debug, Clone, ClapArgs)]
#[command(after_help = "Examples:
  hubprobe account create servuser --url https://hub.example.org --admin-token-file admin.token --out servuser.token
  pass show hub/admin | hubprobe account create servuser --url https://hub.example.org \\
      --admin-token-file - --expires 30d --out servuser.token

The administrator's token is made at URL/hub/token. It needs the scopes tokens and, to make a user, admin:users.
The account's token gets the least that a check needs: servers, access:servers and read:tokens of its own user.

Exit codes: 0 done, 1 the hub or a token said no, 2 usage (nothing was done), 3 our own side, 4 something may be
left on the hub (hubprobe clean), 130 and 143 interrupted, after undoing.")]
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
}

/// `hubprobe account show`.
#[derive(Debug, Clone, ClapArgs)]
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
#[command(
    after_help = "Without --token-id all tokens go that hubprobe made for the account on this hub, as its register says, and
their files with them, if they were not changed since. The user stays."
)]
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
