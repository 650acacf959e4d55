//! What there is on the hub: users, their servers, tokens. Behind one lock; time is the wall clock's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::script::{Script, Stop};

/// A user of the hub.
#[derive(Debug, Clone)]
pub struct Account {
    /// May do everything.
    pub admin: bool,
    /// When it was made.
    pub created: Timestamp,
    /// When its last server was started; a user that never had one was never active.
    pub active: Option<Timestamp>,
    /// What its login left; null for nothing.
    pub auth_state: Value,
    /// Its servers, by name; stopped ones are not kept.
    pub servers: IndexMap<String, Running>,
}

/// A server, from its start request on.
#[derive(Debug, Clone)]
pub struct Running {
    /// Its birth, as the model says.
    pub started: Timestamp,
    /// The options of its spawn.
    pub options: Value,
    /// When it is ready.
    ready_at: Instant,
    /// When it is gone, if it is being stopped.
    gone_at: Option<Instant>,
    /// For so many looks the model does not show it.
    hidden: u32,
    /// Tells this server from one that comes after it.
    pub(crate) life: u64,
}

/// A token.
#[derive(Debug, Clone)]
pub struct Minted {
    /// The hub's id of it.
    pub id: String,
    /// Whose it is.
    pub owner: String,
    /// What it is for.
    pub note: String,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// What it may do; none means all that its owner may.
    pub scopes: Option<Vec<String>>,
}

/// The state of a hub. Cloning gives another handle on the same.
#[derive(Debug, Clone)]
pub struct World(Arc<Mutex<Inner>>);

/// What is behind the lock.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) script: Script,
    pub(crate) users: BTreeMap<String, Account>,
    pub(crate) tokens: BTreeMap<String, Minted>,
    lives: u64,
}

impl World {
    pub(crate) fn new(script: Script) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            script,
            users: BTreeMap::new(),
            tokens: BTreeMap::new(),
            lives: 0,
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a user, if it is not there, and a token of it with all that it may do.
    pub fn account(&self, name: &str, admin: bool) -> String {
        let mut inner = self.lock();
        inner.make_user(name, admin);
        inner.mint(name, "fakehub", None, None).0
    }

    /// Starts a server that is ready at once, as its owner would; returns its birth.
    pub fn start(&self, user: &str, server: &str) -> Timestamp {
        let mut inner = self.lock();
        inner.make_user(user, false);
        let spawn = std::mem::take(&mut inner.script.spawn);
        let _ = inner.start(user, server, json!({}));
        inner.script.spawn = spawn;
        inner.users[user].servers[server].started
    }

    /// Changes how the hub behaves from now on.
    pub fn script(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.lock().script);
    }

    /// The servers of a user that are there, ready or not, hidden or not.
    #[must_use]
    pub fn servers(&self, user: &str) -> IndexMap<String, Running> {
        let mut inner = self.lock();
        inner.settle();
        inner
            .users
            .get(user)
            .map(|user| user.servers.clone())
            .unwrap_or_default()
    }

    /// The names of all users.
    #[must_use]
    pub fn users(&self) -> Vec<String> {
        self.lock().users.keys().cloned().collect()
    }

    /// All tokens.
    #[must_use]
    pub fn tokens(&self) -> Vec<Minted> {
        self.lock().tokens.values().cloned().collect()
    }

    /// Takes a user away, with all that is its own.
    pub fn forget(&self, user: &str) {
        let mut inner = self.lock();
        inner.users.remove(user);
        inner.tokens.retain(|_, token| token.owner != user);
    }

    /// Takes a token away.
    pub fn revoke(&self, token: &str) {
        self.lock().tokens.remove(token);
    }
}

impl Inner {
    pub(crate) fn make_user(&mut self, name: &str, admin: bool) -> &mut Account {
        self.users
            .entry(name.to_owned())
            .or_insert_with(|| Account {
                admin,
                created: Timestamp::now(),
                active: None,
                auth_state: Value::Null,
                servers: IndexMap::new(),
            })
    }

    /// A new token of a user: the token, and what the hub knows of it.
    pub(crate) fn mint(
        &mut self,
        owner: &str,
        note: &str,
        life: Option<Duration>,
        scopes: Option<Vec<String>>,
    ) -> (String, Minted) {
        self.lives += 1;
        let created = Timestamp::now();
        let minted = Minted {
            id: format!("a{}", self.lives),
            owner: owner.to_owned(),
            note: note.to_owned(),
            created,
            expires: life.and_then(|life| created.checked_add(life).ok()),
            scopes,
        };
        let token = uuid::Uuid::new_v4().simple().to_string();
        self.tokens.insert(token.clone(), minted.clone());
        (token, minted)
    }

    /// Takes away what has come to its end.
    pub(crate) fn settle(&mut self) {
        let now = Instant::now();
        for user in self.users.values_mut() {
            user.servers
                .retain(|_, server| server.gone_at.is_none_or(|gone| now < gone));
        }
    }

    /// Starts a server; false where one of that name is there.
    pub(crate) fn start(&mut self, user: &str, name: &str, options: Value) -> bool {
        self.settle();
        self.lives += 1;
        let (life, spawn) = (self.lives, self.script.spawn);
        let Some(user) = self.users.get_mut(user) else {
            return false;
        };
        if user.servers.contains_key(name) {
            return false;
        }
        let server = Running {
            started: Timestamp::now(),
            options,
            ready_at: Instant::now() + spawn,
            gone_at: None,
            hidden: 0,
            life,
        };
        user.active = Some(server.started);
        user.servers.insert(name.to_owned(), server);
        true
    }

    /// Stops a server; the status that the hub answers.
    pub(crate) fn stop(&mut self, user_name: &str, name: &str) -> u16 {
        self.settle();
        let stop = self.script.stop;
        let Some(user) = self.users.get_mut(user_name) else {
            return 404;
        };
        let Some(server) = user.servers.get_mut(name) else {
            return 404;
        };
        match stop {
            Stop::AtOnce => {
                user.servers.shift_remove(name);
                204
            }
            Stop::After(time) => {
                server.gone_at = Some(Instant::now() + time);
                202
            }
            Stop::Ignored => 204,
            Stop::Returns(looks) => {
                server.hidden = looks;
                204
            }
            Stop::Replaced => {
                let options = server.options.clone();
                user.servers.shift_remove(name);
                let owner = user_name.to_owned();
                self.start(&owner, name, options);
                204
            }
            Stop::Fails => 500,
        }
    }

    /// The server that is ready at that place.
    pub(crate) fn ready(&mut self, user: &str, name: &str) -> Option<&Running> {
        self.settle();
        let server = self.users.get(user)?.servers.get(name)?;
        (server.is_ready() && server.hidden == 0).then_some(server)
    }

    /// A user's model.
    pub(crate) fn user_model(&mut self, name: &str) -> Option<Value> {
        self.settle();
        let user = self.users.get_mut(name)?;
        let mut servers = Map::new();
        for (server, running) in &mut user.servers {
            if running.hidden > 0 {
                running.hidden -= 1;
                continue;
            }
            servers.insert(server.clone(), running.model(name, server));
        }
        Some(json!({
            "kind": "user", "name": name, "admin": user.admin, "roles": ["user"], "groups": [],
            "created": user.created, "last_activity": user.active, "pending": null,
            "server": servers.contains_key("").then(|| format!("/user/{name}/")), "servers": servers,
        }))
    }
}

impl Running {
    /// Whether it is ready, and stays.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.gone_at.is_none() && Instant::now() >= self.ready_at
    }

    fn model(&self, user: &str, name: &str) -> Value {
        let path = if name.is_empty() {
            "server".to_owned()
        } else {
            format!("servers/{name}")
        };
        let pending = match (self.gone_at, self.is_ready()) {
            (Some(_), _) => Some("stop"),
            (None, true) => None,
            (None, false) => Some("spawn"),
        };
        json!({
            "name": name, "ready": self.is_ready(), "pending": pending, "stopped": false,
            "started": self.started, "last_activity": Timestamp::now(), "url": place(user, name),
            "progress_url": format!("/hub/api/users/{user}/{path}/progress"), "user_options": self.options, "state": {},
        })
    }
}

/// The path of a server behind the proxy.
fn place(user: &str, server: &str) -> String {
    if server.is_empty() {
        format!("/user/{user}/")
    } else {
        format!("/user/{user}/{server}/")
    }
}
