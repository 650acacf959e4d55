//! `account rotate`: a new token takes the old one's place in its file.
//!
//! Mint, prove, put in place by one rename, revoke the old one, see that it is
//! gone. The rename decides: until then all is taken back, from then on it is
//! brought to its end, by this process or by whoever finds its entry in the ledger
//! ([`crate::undo::rotation`]). So at any instant there is a working token in the
//! file, and at most one more.
//!
//! What is the old one is for [`super::replaced`]; a token that hubprobe did not
//! make goes only where that was asked for.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jupyterhub_client::{Hub, HubVersion, MintedToken, NewToken};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::alone::alone;
use super::asking::Asking;
use super::proof::{Fresh, prove};
use super::refusal::{Found, not_minted, understood};
use super::register::{Register, Registered};
use super::replaced::{self, InFile, Old};
use super::show::As;
use super::token_file::TokenFile;
use super::{Expiry, Problem, Stopped, earlier, successor};
use crate::undo::rotation::{self, Named, Rotation, Taken};
use crate::undo::{Entry, Ledger, Made, Owner, Stamp, owner};
use crate::vocabulary::{SecretSource, Target};

/// When we are asked to end while a request is under way, its answer is waited
/// for so long: it says what there is to undo.
const LAST_ANSWER: Duration = Duration::from_millis(700);

/// A request that was cut off may reach the hub a little later: so long a token
/// that is not there is looked for again.
const LATE: Duration = Duration::from_secs(3);

/// Between two looks.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Rotating {
    /// The hub.
    pub target: Target,
    /// The account's name.
    pub name: String,
    /// Where the token is that asks.
    pub source: SecretSource,
    /// Whose that is. The account's own is the one that is to be replaced.
    pub who: As,
    /// The file; where none is named, the only one that the register knows.
    pub file: Option<PathBuf>,
    /// How long the new token shall live.
    pub expiry: Expiry,
    /// What the hub shall show for it; the run's id is added.
    pub note: Option<String>,
    /// Its scopes; those of the old one, if none are given.
    pub scopes: Option<Vec<String>>,
    /// The token in the file goes, though hubprobe did not make it.
    pub foreign: bool,
    /// The old one stays good.
    pub keep_old: bool,
}

/// A token that is in place.
#[derive(Debug)]
pub struct Rotated {
    /// The hub's version, as it says.
    pub version: String,
    /// The hub's id of the new token.
    pub token_id: String,
    /// Its note.
    pub note: String,
    /// The scopes that it holds; none where the hub does not say.
    pub scopes: Option<Vec<String>>,
    /// When it ends; none means never.
    pub expires: Option<Timestamp>,
    /// The file that it is in.
    pub file: PathBuf,
    /// What became of the old one; an error if it may still be good.
    pub old: Result<String, String>,
    /// Things to mind.
    pub warnings: Vec<String>,
}

/// Rotates. `end` asks to stop and to undo; after the rename it is not heard any
/// more.
///
/// # Errors
/// [`Stopped`]: the problem, and what became of what had been made.
pub async fn rotate(
    wanted: &Rotating,
    state_dir: &Path,
    ledger: &Ledger,
    run: Uuid,
    end: &CancellationToken,
) -> Result<Rotated, Stopped> {
    let _lock = alone(state_dir, &wanted.target, &wanted.name, run).await?;
    let register = Register::of(state_dir);
    register
        .prepare()
        .map_err(|error| Problem::Usage(error.to_string()))?;
    let mut warnings = Vec::new();
    let path = match &wanted.file {
        Some(path) => path.clone(),
        None => replaced::only_file(&register, wanted)?,
    };
    let file = TokenFile::reserve(&path, true).map_err(Problem::Usage)?;
    warnings.extend(file.keep_owner().map_err(Problem::Usage)?);
    let in_file = replaced::read(file.path()).await?;
    let asking = Asking::open(&wanted.target, &wanted.source, run).await?;
    warnings.extend(asking.warnings.iter().cloned());
    if let Some(in_file) = &in_file {
        asking.hide(&in_file.token);
    }
    let mut flow = Flow {
        wanted,
        asking: &asking,
        register: &register,
        ledger,
        run,
        end,
        entry: None,
    };
    let walked = {
        let walking = flow.walk(file, in_file, warnings);
        tokio::pin!(walking);
        tokio::select! {
            biased;
            ended = &mut walking => ended,
            () = end.cancelled() => timeout(LAST_ANSWER, &mut walking)
                .await
                .unwrap_or(Err(Problem::Interrupted)),
        }
    };
    match walked {
        Ok(placed) => Ok(flow.finish(placed).await),
        Err(problem) => Err(flow.undo(problem).await),
    }
}

/// A new token that is in its place, with the old one still to go.
struct Placed {
    rotated: Rotated,
    old: Old,
    /// The hub with a token that may take the old one away.
    hub: Hub,
}

struct Flow<'a> {
    wanted: &'a Rotating,
    asking: &'a Asking,
    register: &'a Register,
    ledger: &'a Ledger,
    run: Uuid,
    end: &'a CancellationToken,
    /// What stands in the ledger.
    entry: Option<Entry>,
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
        &mut self,
        mut file: TokenFile,
        in_file: Option<InFile>,
        mut warnings: Vec<String>,
    ) -> Result<Placed, Problem> {
        let (wanted, asking) = (self.wanted, self.asking);
        let name = &wanted.name;
        let greeted = asking.greet().await?;
        if let Some(finding) = successor::may_not(asking, wanted, &greeted.identity) {
            return Err(finding.into());
        }
        let limits = greeted
            .version
            .as_ref()
            .is_none_or(HubVersion::scoped_tokens);
        if !limits && wanted.scopes.is_some() {
            return Err(Problem::Usage(format!(
                "JupyterHub {} cannot limit a token to --scopes: it would take no notice. Leave them out",
                greeted.version_text
            )));
        }
        warnings.extend(earlier::take_back(asking, self.ledger, self.run, name).await?);
        let registered = replaced::forget_lost(asking, self.register, name, file.path()).await?;
        let old =
            replaced::find(asking, wanted, &registered, in_file.as_ref(), file.path()).await?;
        let before = in_file.map(|in_file| in_file.stamp);
        let untouched = before.clone();
        let asked = limits
            .then(|| successor::scopes(wanted, &old, greeted.version.as_ref(), &mut warnings));
        if wanted.who == As::Account
            && let Some(asked) = &asked
            && !successor::may_rotate_again(asked, name)
        {
            return Err(Problem::Usage(format!(
                "--scopes holds no tokens!user={name}: the new token could not take the old one away, nor ever be \
                 rotated by itself. Add it, or ask with --admin-token-file"
            )));
        }
        warnings.extend(
            replaced::revoke_kept(asking, self.register, &registered, file.path(), &old).await?,
        );

        self.go_on()?;
        let minted = self.mint(&file, before, &old, asked.clone()).await?;
        self.go_on()?;
        let stamp = file.write(&minted.token).map_err(Problem::Local)?;
        self.update(|rotation| rotation.after = Some(stamp.clone()))?;
        let proof = prove(
            asking,
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

        let path = file.path().to_owned();
        if Stamp::of(&path) != untouched {
            return Err(Problem::Local(format!(
                "somebody has written {} in the meantime, so it is left as it is; see what is in it, and try again",
                path.display()
            )));
        }
        let entry = Registered {
            file: Some(path.clone()),
            stamp: Some(stamp),
            made_user: registered.iter().any(|entry| entry.made_user),
            user_created: registered.iter().find_map(|entry| entry.user_created),
            ..Registered::new(self.run, &wanted.target, name, &minted.model)
        };
        self.register.enter(&entry)?;
        if let Err(reason) = file.place() {
            self.register.remove(entry.id)?;
            return Err(Problem::Local(reason));
        }
        let hub = match wanted.who {
            As::Account => asking.hub.with_token(minted.token),
            As::Admin => asking.hub.clone(),
        };
        Ok(Placed {
            rotated: Rotated {
                version: greeted.version_text,
                token_id: entry.token_id,
                note: entry.note,
                scopes: proof.scopes,
                expires: entry.expires,
                file: path,
                old: Ok(String::new()),
                warnings,
            },
            old,
            hub,
        })
    }

    /// The old one goes, or is left good on purpose.
    async fn finish(&mut self, placed: Placed) -> Rotated {
        let Placed {
            mut rotated,
            old,
            hub,
        } = placed;
        let kept = self.wanted.keep_old;
        let taken = match &self.entry {
            Some(Entry {
                made: Made::Rotation(rotation),
                ..
            }) if !kept => rotation::finish(&hub, rotation).await.map(drop),
            _ => Ok(()),
        };
        rotated.old = match taken {
            Ok(()) => {
                let noted = match old.entry() {
                    Some(entry) if kept => self.register.enter(&Registered {
                        replaced: true,
                        ..entry.clone()
                    }),
                    Some(entry) => self.register.remove(entry.id),
                    None => Ok(()),
                };
                if let Err(error) = noted {
                    rotated.warnings.push(error.to_string());
                }
                if let Err(error) = self.strike() {
                    rotated.warnings.push(format!(
                        "all is done, but its entry in the ledger cannot be struck out: {error}"
                    ));
                }
                Ok(old.became(kept))
            }
            Err(why) => Err(self.asking.scrub(&format!("{}: {why}", old.words()))),
        };
        rotated
    }

    /// All back, since the new one is not in place.
    async fn undo(&mut self, problem: Problem) -> Stopped {
        let (mut undone, mut left) = (Vec::new(), Vec::new());
        if let Problem::Earlier(earlier) = &problem {
            left.extend_from_slice(earlier);
        }
        if let Some(entry) = &self.entry
            && let Made::Rotation(rotation) = &entry.made
        {
            let what = entry.describe();
            match back(&self.asking.hub, rotation).await {
                Ok(taken) => match self.strike() {
                    Ok(()) => undone.push(format!("{what}: {}", taken.words)),
                    Err(problem) => left.push(format!("{what}: {problem}")),
                },
                Err(why) => left.push(format!("{what}: {why}")),
            }
        }
        let scrubbed = |texts: Vec<String>| {
            let texts = texts.iter().map(|text| self.asking.scrub(text));
            texts.collect()
        };
        Stopped {
            problem,
            undone: scrubbed(undone),
            left: scrubbed(left),
            at: Timestamp::now(),
        }
    }

    async fn mint(
        &mut self,
        file: &TokenFile,
        before: Option<Stamp>,
        old: &Old,
        asked: Option<Vec<String>>,
    ) -> Result<MintedToken, Problem> {
        let name = &self.wanted.name;
        let note = self.wanted.note.clone();
        let note = note.unwrap_or_else(|| format!("hubprobe {name}"));
        let new = NewToken {
            note: format!("{note} (run {})", self.run),
            expires_in: self.wanted.expiry.length(),
            scopes: asked,
            roles: None,
        };
        let entry = Entry {
            id: Uuid::now_v7(),
            run: self.run,
            owner: Owner::this(),
            written: Timestamp::now(),
            up_s: owner::up_s(),
            target: self.wanted.target.clone(),
            account: name.clone(),
            token: self.wanted.source.clone(),
            kept: false,
            survived: None,
            made: Made::Rotation(Box::new(Rotation {
                user: name.clone(),
                file: file.path().to_owned(),
                temporary: file.temporary().to_owned(),
                before,
                after: None,
                new: Named {
                    token_id: None,
                    note: new.note.clone(),
                },
                old: old.named().filter(|_| !self.wanted.keep_old),
            })),
        };
        self.ledger.enter(&entry)?;
        self.entry = Some(entry);
        match self.asking.hub.create_token(name, &new).await {
            Ok(minted) => {
                self.asking.hide(&minted.token);
                let id = minted.model.id.clone();
                self.update(|rotation| rotation.new.token_id = Some(id))?;
                Ok(minted)
            }
            Err(error) => {
                if understood(&error) {
                    self.strike()?;
                }
                let scoped = self.wanted.scopes.is_some();
                Err(not_minted(self.asking, name, scoped, &error, Found::There).await)
            }
        }
    }

    /// Writes the entry again with what is now known.
    fn update(&mut self, change: impl FnOnce(&mut Rotation)) -> Result<(), Problem> {
        if let Some(entry) = &mut self.entry
            && let Made::Rotation(rotation) = &mut entry.made
        {
            change(rotation);
            self.ledger.enter(entry)?;
        }
        Ok(())
    }

    fn strike(&mut self) -> Result<(), crate::undo::LedgerError> {
        if let Some(entry) = &self.entry {
            self.ledger.strike(entry.id)?;
            self.entry = None;
        }
        Ok(())
    }
}

/// Back, with patience for a token that is still on its way.
async fn back(hub: &Hub, rotation: &Rotation) -> Result<Taken, String> {
    let until = Instant::now() + LATE;
    loop {
        let taken = rotation::withdraw(hub, rotation).await?;
        if !taken.may_come || Instant::now() >= until {
            return Ok(taken);
        }
        sleep(BETWEEN_LOOKS).await;
    }
}
