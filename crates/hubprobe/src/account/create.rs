//! `account create`: a user, if it is missing, and a token for it in a file.
//!
//! What can be refused is refused before anything is sent. From the first
//! change on, whatever stops the flow (a failure, a signal) undoes what it has
//! made; what cannot be undone stays in the ledger. The token's file is put in
//! place last, when the hub has said whose the token is. What an earlier one,
//! killed before it could undo, left on the same account is taken back first:
//! else its ledger would have `clean` delete the account that this one makes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jupyterhub_client::{Identity, MintedToken, NewToken, Token};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::alone::alone;
use super::asking::{Asking, Greeted};
use super::demote::{self, Demote, Demoted};
use super::earlier;
use super::proof::{Fresh, prove};
use super::refusal::{Found, not_creatable, not_minted, understood};
use super::register::{Register, Registered};
use super::token_file::{self, TokenFile};
use super::trail::Trail;
use super::{Expiry, Problem, Stopped, name, scopes};
use crate::undo::Ledger;
use crate::vocabulary::{SecretSource, Target};

/// When we are asked to end while a request is under way, its answer is waited
/// for so long: it says what there is to undo.
const LAST_ANSWER: Duration = Duration::from_millis(700);

/// A hub keeps 1023 characters of a note; the run's id goes behind it.
const LONGEST_NOTE: usize = 900;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The hub.
    pub target: Target,
    /// Where the administrator's token is.
    pub admin: SecretSource,
    /// The account's name.
    pub name: String,
    /// How long the token shall live.
    pub expiry: Expiry,
    /// What the hub shall show for the token; the run's id is added.
    pub note: Option<String>,
    /// The token's scopes; the least that a check needs, if none are given.
    pub scopes: Option<Vec<String>>,
    /// Where the token goes.
    pub out: Out,
    /// Who is no administrator any more afterwards.
    pub demote: Option<Demote>,
}

/// Where a token goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Out {
    /// Into a file of mode 0600.
    File {
        /// Which.
        path: PathBuf,
        /// A regular file that is there may be replaced.
        force: bool,
    },
    /// To whoever called.
    Caller,
}

/// An account that is there to stay.
#[derive(Debug)]
pub struct Created {
    /// The hub's version, as it says.
    pub version: String,
    /// The user was made; otherwise it was there already.
    pub made_user: bool,
    /// The hub's id of the token.
    pub token_id: String,
    /// The note that the hub shows for it.
    pub note: String,
    /// The scopes that it holds; none where the hub does not say.
    pub scopes: Option<Vec<String>>,
    /// The hub could not limit the token: it may do all that the user may.
    pub unlimited: bool,
    /// When it ends; none means never.
    pub expires: Option<Timestamp>,
    /// The file that it is in.
    pub file: Option<PathBuf>,
    /// The token, with [`Out::Caller`].
    pub token: Option<Token>,
    /// What became of the administrator who is to be none; none if nobody is.
    pub demoted: Option<Demoted>,
    /// Things to mind.
    pub warnings: Vec<String>,
}

/// Makes an account. `end` asks to stop and to undo.
///
/// # Errors
/// [`Stopped`]: the problem, and what became of what had been made.
pub async fn create(
    wanted: &Wanted,
    state_dir: &Path,
    ledger: &Ledger,
    run: Uuid,
    end: &CancellationToken,
) -> Result<Created, Stopped> {
    let mut warnings = name::check(&wanted.name).map_err(Problem::Usage)?;
    warnings.extend(checked(wanted)?);
    let register = Register::of(state_dir);
    register
        .prepare()
        .map_err(|error| Problem::Usage(error.to_string()))?;
    let file = match &wanted.out {
        Out::File { path, force } => {
            Some(TokenFile::reserve(path, *force).map_err(Problem::Usage)?)
        }
        Out::Caller => None,
    };
    let _lock = alone(state_dir, &wanted.target, &wanted.name, run).await?;
    let asking = Asking::open(&wanted.target, &wanted.admin, run).await?;
    warnings.extend(asking.warnings.iter().cloned());
    let mut trail = Trail::new(ledger, run, &wanted.target, &wanted.admin, &wanted.name);
    let flow = Flow {
        wanted,
        asking: &asking,
        register: &register,
        run,
        end,
    };
    let problem = {
        let walking = flow.walk(&mut trail, file, warnings);
        tokio::pin!(walking);
        let ended = tokio::select! {
            biased;
            ended = &mut walking => ended,
            () = end.cancelled() => timeout(LAST_ANSWER, &mut walking)
                .await
                .unwrap_or(Err(Problem::Interrupted)),
        };
        match ended {
            Ok((mut created, asker)) => {
                // The account is there to stay: from here on nothing is undone.
                if let Some(wanted) = &wanted.demote {
                    created.demoted = Some(demote::demote(&asking, &asker, wanted).await);
                }
                return Ok(created);
            }
            Err(problem) => problem,
        }
    };
    let mut undone = trail.undo(&asking.hub).await;
    if let Problem::Earlier(left) = &problem {
        undone.left.extend_from_slice(left);
    }
    let scrubbed = |texts: Vec<String>| texts.iter().map(|text| asking.scrub(text)).collect();
    Err(Stopped {
        problem,
        undone: scrubbed(undone.gone),
        left: scrubbed(undone.left),
        at: Timestamp::now(),
    })
}

/// What can be said of what is wanted without a hub.
fn checked(wanted: &Wanted) -> Result<Vec<String>, Problem> {
    let mut warnings = Vec::new();
    if wanted
        .note
        .as_ref()
        .is_some_and(|note| note.chars().count() > LONGEST_NOTE)
    {
        return Err(Problem::Usage(format!(
            "--note is longer than {LONGEST_NOTE} characters"
        )));
    }
    if wanted
        .note
        .as_ref()
        .is_some_and(|note| note.trim().is_empty())
    {
        return Err(Problem::Usage(format!(
            "--note is empty; leave it out for \"hubprobe {}\"",
            wanted.name
        )));
    }
    if let (Out::File { path, .. }, SecretSource::File(admin)) = (&wanted.out, &wanted.admin)
        && token_file::same(path, admin)
    {
        return Err(Problem::Usage(format!(
            "--out {} is the file of the administrator's token, which would be lost; name another file. Nothing was sent",
            path.display()
        )));
    }
    if let Some(Demote { name, .. }) = &wanted.demote {
        name::asked(name).map_err(|why| Problem::Usage(format!("--demote-admin: {why}")))?;
    }
    if wanted.scopes.as_ref().is_some_and(Vec::is_empty) {
        return Err(Problem::Usage(
            "--scopes names no scope; leave it out for the least that a check needs".to_owned(),
        ));
    }
    if wanted.expiry == Expiry::Never {
        warnings.push(
            "a token that never expires is a risk for as long as the hub lives; better is an expiry, and a new token \
             in time"
                .to_owned(),
        );
    }
    Ok(warnings)
}

struct Flow<'a> {
    wanted: &'a Wanted,
    asking: &'a Asking,
    register: &'a Register,
    run: Uuid,
    end: &'a CancellationToken,
}

impl Flow<'_> {
    fn go_on(&self) -> Result<(), Problem> {
        if self.end.is_cancelled() {
            Err(Problem::Interrupted)
        } else {
            Ok(())
        }
    }

    async fn walk(
        &self,
        trail: &mut Trail<'_>,
        mut file: Option<TokenFile>,
        mut warnings: Vec<String>,
    ) -> Result<(Created, Identity), Problem> {
        let name = &self.wanted.name;
        let greeted = self.asking.greet().await?;
        let scoped = greeted
            .version
            .as_ref()
            .is_none_or(|version| version.scoped_tokens());
        if !scoped && self.wanted.scopes.is_some() {
            return Err(Problem::Usage(format!(
                "JupyterHub {} cannot limit a token to --scopes: it would take no notice. Leave them out",
                greeted.version_text
            )));
        }
        let mint = format!("make tokens for {name}");
        if let Some(finding) = self.asking.lacks(&greeted.identity, "tokens", name, &mint) {
            return Err(finding.into());
        }
        if let Some(wanted) = &self.wanted.demote {
            demote::possible(self.asking, &greeted, wanted).await?;
        }
        warnings.extend(earlier::take_back(self.asking, trail.ledger, trail.run, name).await?);
        self.go_on()?;
        let (found, user_created) = self.user(trail, &greeted, &mut warnings).await?;
        let made_user = found == Found::Made;
        self.go_on()?;
        let asked = scoped.then(|| {
            self.wanted
                .scopes
                .clone()
                .unwrap_or_else(|| scopes::least(name, greeted.version.as_ref()))
        });
        let minted = self.mint(trail, found, asked.clone()).await?;
        self.go_on()?;
        let stamp = match &mut file {
            Some(file) => Some(file.write(&minted.token).map_err(Problem::Local)?),
            None => None,
        };
        let proof = prove(
            self.asking,
            &Fresh {
                token: &minted.token,
                id: &minted.model.id,
                name,
                asked: asked.as_deref(),
                version: greeted.version.as_ref(),
            },
        )
        .await
        .map_err(|finding| finding.map_texts(|text| minted.token.scrub(text)))?;
        warnings.extend(proof.warnings);
        self.go_on()?;

        let path = file.as_ref().map(|file| file.path().to_owned());
        let entry = Registered {
            file: path.clone(),
            stamp,
            made_user,
            user_created,
            ..Registered::new(self.run, &self.wanted.target, name, &minted.model)
        };
        self.register.enter(&entry)?;
        if let Some(Err(reason)) = file.map(TokenFile::place) {
            self.register.remove(entry.id)?;
            return Err(Problem::Local(reason));
        }
        if let Err(error) = trail.done() {
            warnings.push(format!(
                "the account is done, but its entries in the ledger cannot be struck out, so hubprobe clean would take it \
                 away: {error}"
            ));
        }
        let created = Created {
            version: greeted.version_text,
            made_user,
            token_id: entry.token_id,
            note: entry.note,
            scopes: proof.scopes,
            unlimited: asked.is_none(),
            expires: entry.expires,
            token: path.is_none().then_some(minted.token),
            file: path,
            demoted: None,
            warnings,
        };
        Ok((created, greeted.identity))
    }

    /// Sees that the user is there; says when it was made, if we made it.
    async fn user(
        &self,
        trail: &mut Trail<'_>,
        greeted: &Greeted,
        warnings: &mut Vec<String>,
    ) -> Result<(Found, Option<Timestamp>), Problem> {
        let name = &self.wanted.name;
        let hub = &self.asking.hub;
        let absent = match hub.user(name, false).await {
            Ok(user) => {
                if user.value.admin == Some(true) {
                    warnings.push(format!(
                        "{name} is an administrator of the hub; a service account should be an ordinary user"
                    ));
                }
                return Ok((Found::There, None));
            }
            Err(error) if error.status() == Some(404) => error,
            // It may mint, but not look: minting will tell.
            Err(error) if error.status() == Some(403) => return Ok((Found::Unseen, None)),
            Err(error) => return Err(self.asking.failure(&error).await.into()),
        };
        let create = format!("create the user {name}, which is not there");
        if let Some(finding) = self
            .asking
            .lacks(&greeted.identity, "admin:users", name, &create)
        {
            return Err(finding.seen(absent.to_string()).into());
        }
        if let Some(held) = &greeted.identity.scopes
            && !matches!(
                crate::diagnose::scope::held(held, "read:servers", name, ""),
                crate::diagnose::scope::Held::Yes | crate::diagnose::scope::Held::ForGroup(_)
            )
        {
            warnings.push(format!(
                "the admin token cannot see servers (read:servers), so if something goes wrong the new user {name} is not \
                 deleted again"
            ));
        }
        self.go_on()?;
        let now = absent.head().and_then(|head| head.date).or(greeted.date);
        trail.making_user(now.unwrap_or_else(Timestamp::now))?;
        match hub.create_user(name).await {
            Ok(user) => {
                trail.made_user()?;
                Ok((Found::Made, user.created))
            }
            // Somebody made it in between.
            Err(error) if error.status() == Some(409) => {
                trail.no_user()?;
                Ok((Found::There, None))
            }
            Err(error) => {
                if understood(&error) {
                    trail.no_user()?;
                }
                Err(not_creatable(self.asking, name, &error).await.into())
            }
        }
    }

    async fn mint(
        &self,
        trail: &mut Trail<'_>,
        found: Found,
        scopes: Option<Vec<String>>,
    ) -> Result<MintedToken, Problem> {
        let name = &self.wanted.name;
        let note = self
            .wanted
            .note
            .clone()
            .unwrap_or_else(|| format!("hubprobe {name}"));
        let new = NewToken {
            note: format!("{note} (run {})", self.run),
            expires_in: self.wanted.expiry.length(),
            scopes,
            roles: None,
        };
        trail.minting(&new.note)?;
        match self.asking.hub.create_token(name, &new).await {
            Ok(minted) => {
                self.asking.hide(&minted.token);
                trail.minted(&minted.model.id)?;
                Ok(minted)
            }
            Err(error) => {
                if understood(&error) {
                    trail.no_token()?;
                }
                Err(not_minted(
                    self.asking,
                    name,
                    self.wanted.scopes.is_some(),
                    &error,
                    found,
                )
                .await)
            }
        }
    }
}
