//! The token that `account create` mints is shown to be the least: each scope
//! that it holds is taken away, as alone as the hub allows, and a check must
//! fail for it. docs/scopes.md holds what was seen; `UPDATE=1` writes it anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;

use jupyterhub_client::{HubVersion, Method, NewToken, Token};
use jupyterhub_sandbox::Spec;
use serde_json::Value;

use crate::Case;
use crate::hubs::{Hubs, block_on, limits_tokens};
use crate::world::{Said, World};

/// On the newest version always, on all with HUBPROBE_TEST=all.
pub const EDGES: &[Case] = &[
    ("least::without_any_scope_a_step_fails", without_any_scope),
    ("least::who_holds_no_more_than_that", who_holds_no_more),
];

/// The page, whose part of each version is between two comments.
const PAGE: &str = "docs/scopes.md";

/// One writer of the page at a time.
static WRITING: Mutex<()> = Mutex::new(());

type Scopes = BTreeSet<String>;

/// A hub's answers to the question what a token holds.
struct Minter<'a> {
    world: &'a World,
}

impl Minter<'_> {
    /// What a token of the world's account holds that was minted with these.
    fn holds(&self, asked: &Scopes) -> Scopes {
        let account = &self.world.account;
        let new = NewToken {
            scopes: Some(filtered(asked, account)),
            ..NewToken::default()
        };
        let minted = block_on(self.world.admin.create_token(account, &new)).unwrap();
        bases(&minted.model.scopes.unwrap(), account)
    }
}

fn filtered(scopes: &Scopes, account: &str) -> Vec<String> {
    let own = |scope: &String| format!("{scope}!user={account}");
    scopes.iter().map(own).collect()
}

/// The scopes without their filter, which is the account in all of them.
fn bases(scopes: &[String], account: &str) -> Scopes {
    let filter = format!("!user={account}");
    let base = |scope: &String| scope.strip_suffix(&filter).unwrap().to_owned();
    scopes.iter().map(base).collect()
}

/// A row of the table.
struct Row {
    taken: String,
    /// What the token was minted with instead, without what that includes.
    left: Vec<String>,
    /// The step that failed and its cause; none where all passed.
    failed: Option<(String, String)>,
    /// What the hub answers who asks all the same, in words.
    answer: String,
    /// What a check says of the token's end.
    end: bool,
}

fn without_any_scope(hubs: &Hubs, version: &str) {
    assert!(limits_tokens(version));
    // Servers remember verdicts for 300 s: each row has an account of its own.
    let sandbox = hubs.own(&Spec {
        name: format!("least-{version}"),
        ..hubs.spec(version)
    });
    let world = World::on(&sandbox, "asker");
    let minter = Minter { world: &world };
    // What a token holds that is asked for nothing else.
    create(&world, "whole", None).exits(0);
    let whole = bases(&held(&world, "whole"), "whole");
    let passed = check(&world, "whole");
    passed.passes();
    assert!(says_the_end(&passed), "{}", passed.out);

    let alone = |scope: &String| Scopes::from([scope.clone()]);
    let includes: BTreeMap<&String, Scopes> = whole
        .iter()
        .map(|scope| (scope, minter.holds(&alone(scope))))
        .collect();
    // Each token holds these, whatever it is asked for.
    let given: Scopes = includes
        .values()
        .cloned()
        .reduce(|one, other| &one & &other)
        .unwrap();
    let mut rows = Vec::new();
    for taken in &whole - &given {
        let rest: Scopes = whole
            .iter()
            .filter(|scope| !includes[scope].contains(&taken) && !given.contains(*scope))
            .cloned()
            .collect();
        let implied = |scope: &&String| {
            let others = rest.iter().filter(|other| other != scope);
            !others
                .into_iter()
                .any(|other| includes[other].contains(*scope))
        };
        let left: Vec<String> = rest.iter().filter(implied).cloned().collect();
        rows.push(row(&world, taken, left));
    }
    // Nothing that is there to stay may be without use.
    for row in &rows {
        let used = row.failed.is_some() || !row.end;
        assert!(used, "{version}: nothing wants {}", row.taken);
        if let Some((_, cause)) = &row.failed {
            assert!(
                ["token.missing-scope", "server.forbidden"].contains(&cause.as_str()),
                "{version}: without {}: {cause}",
                row.taken
            );
        }
    }
    kept(version, &table(&rows, &given));
    block_on(sandbox.down()).unwrap();
}

/// A hub refuses to mint a token that is to hold more than its owner does.
fn who_holds_no_more(hubs: &Hubs, version: &str) {
    let starts = if HubVersion::parse(version).unwrap().splits_servers() {
        "'start:servers', 'read:servers', 'delete:servers'"
    } else {
        "'servers'"
    };
    let sandbox = hubs.own(&Spec {
        name: format!("least-role-{version}"),
        extra_config_text: Some(format!(
            "scopes = [{starts}, 'access:servers', 'read:tokens', 'users:activity']\n\
             c.JupyterHub.load_roles = [\n    \
                 {{'name': 'user', 'scopes': ['read:users:name!user']}},\n    \
                 {{'name': 'probed', 'users': ['robot'], 'scopes': [f'{{scope}}!user' for scope in scopes]}},\n\
             ]\n"
        )),
        ..hubs.spec(version)
    });
    let world = World::with_scopes(&sandbox, "bystander", &["read:users:name!user"]);
    create(&world, "robot", None).exits(0).says("already");
    let said = check(&world, "robot");
    said.passes();
    assert!(says_the_end(&said), "{}", said.out);
    block_on(sandbox.down()).unwrap();
}

fn row(world: &World, taken: String, left: Vec<String>) -> Row {
    let account = format!("no-{}", taken.replace(':', "-"));
    let scopes = filtered(&left.iter().cloned().collect(), &account);
    create(world, &account, Some(&scopes)).exits(0);
    let has = bases(&held(world, &account), &account);
    assert!(!has.contains(&taken), "{taken} is still there: {has:?}");
    let said = check(world, &account);
    let visit = said.visit();
    let failed = visit["steps"]
        .as_array()
        .unwrap()
        .iter()
        .find(|step| step["verdict"] != "passed" && step["verdict"] != "skipped")
        .map(|step| step["name"].as_str().unwrap().to_owned());
    let failed = failed.map(|step| {
        said.exits(1);
        let finding = visit["finding"].clone();
        // Who reads it learns which scope to give.
        let told = finding.to_string();
        // Until 5.x what starts and what stops is one scope.
        let named = told.contains(&format!("{taken}!user=")) || told.contains(" servers!user=");
        assert!(named, "without {taken}: {finding:#}");
        (step, finding["cause"].as_str().unwrap().to_owned())
    });
    if failed.is_none() {
        said.passes();
    }
    Row {
        answer: answer(world, &account, &taken),
        taken,
        left,
        end: says_the_end(&said),
        failed,
    }
}

/// The step that looks at the token foresees what the hub would refuse; here
/// the hub is asked.
fn answer(world: &World, account: &str, taken: &str) -> String {
    let path = world.dir.join(format!("{account}.token"));
    let token = Token::parse(&std::fs::read_to_string(path).unwrap()).unwrap();
    let hub = world.admin.with_token(token);
    let (method, path) = match taken {
        "servers" | "start:servers" => (Method::POST, "/server"),
        "delete:servers" => (Method::DELETE, "/server"),
        "read:tokens" => (Method::GET, "/tokens"),
        "read:servers" => {
            let user = block_on(hub.user(account, false)).unwrap().value;
            assert!(user.servers.is_none(), "{user:?}");
            return "`GET /users/NAME`: 200, without its servers".to_owned();
        }
        // The server is asked, by the check itself.
        "access:servers" => return String::new(),
        other => panic!("what is {other} for?"),
    };
    let url = hub.api_url(&format!("users/{account}{path}"));
    let seen = block_on(hub.look(method.clone(), &url, true)).unwrap();
    assert_eq!(seen.head.status, 403, "{method} {url} without {taken}");
    format!("`{method} /users/NAME{path}`: 403")
}

fn create(world: &World, account: &str, scopes: Option<&[String]>) -> Said {
    let admin = world.admin_token_file.display().to_string();
    let mut call = world
        .hubprobe(&["account", "create", account, "--url", &world.url])
        .and(&["--admin-token-file", &admin])
        .and(&["--out", &format!("{account}.token")]);
    if let Some(scopes) = scopes {
        call = call.and(&["--scopes", &scopes.join(",")]);
    }
    call.run()
}

/// What the hub says that the account's only token holds.
fn held(world: &World, account: &str) -> Vec<String> {
    let mut tokens = block_on(world.admin.tokens(account)).unwrap();
    assert_eq!(tokens.len(), 1, "{tokens:?}");
    tokens.remove(0).scopes.unwrap()
}

fn check(world: &World, account: &str) -> Said {
    world
        .hubprobe(&["check", "--url", &world.url, "--user", account])
        .and(&["--token-file", &format!("{account}.token")])
        .and(&["--format", "json"])
        .run()
}

/// Whether the step that looks at the token says until when it is good.
fn says_the_end(said: &Said) -> bool {
    let visit = said.visit();
    let identify: Vec<&Value> = visit["steps"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|step| step["name"] == "identify")
        .collect();
    identify[0].to_string().contains("token expires in")
}

fn table(rows: &[Row], given: &Scopes) -> String {
    let code = |scopes: &mut dyn Iterator<Item = &String>| {
        let scopes: Vec<String> = scopes.map(|scope| format!("`{scope}`")).collect();
        scopes.join(", ")
    };
    let mut table =
        "| without | which leaves | the step that fails | cause | the hub, asked all the same |\n|---|---|---|---|---|\n".to_owned();
    for row in rows {
        let (step, cause) = match &row.failed {
            Some((step, cause)) => (step.as_str(), format!("`{cause}`")),
            None => (
                "none; a check cannot say when the token ends",
                String::new(),
            ),
        };
        writeln!(
            table,
            "| `{}` | {} | {step} | {cause} | {} |",
            row.taken,
            code(&mut row.left.iter()),
            row.answer
        )
        .unwrap();
    }
    writeln!(
        table,
        "\nEvery token holds these, whatever it is asked for: {}.",
        code(&mut given.iter())
    )
    .unwrap();
    table
}

/// The version's part of the page is what was seen.
fn kept(version: &str, seen: &str) {
    let _writing = WRITING.lock().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (
        format!("<!-- {version} -->\n"),
        format!("<!-- /{version} -->"),
    );
    let (before, rest) = page
        .split_once(&begin)
        .unwrap_or_else(|| panic!("{PAGE} has no {begin}"));
    let (then, after) = rest
        .split_once(&end)
        .unwrap_or_else(|| panic!("{PAGE} has no {end}"));
    let now = format!("\n{seen}\n");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{before}{begin}{now}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(
        then, now,
        "{PAGE} is not what a hub of {version} does; write it anew with: \
         UPDATE=1 HUBPROBE_TEST=all cargo test -p hubprobe --test acceptance -- least"
    );
}
