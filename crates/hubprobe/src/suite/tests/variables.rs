//! Variables in the texts of a suite: what they stand for, where they are not
//! looked up, and the exact text of what is wrong.

use std::env::VarError;
use std::path::Path;

use serde_json::json;

use super::super::load::{examine, load_bytes};
use super::super::sources::{Made, Sources};
use super::super::{SecretSource, Suite};
use super::{Expect, with};

fn made(text: &str) -> (Suite, Vec<String>) {
    load_bytes(Path::new("dir/suite.yaml"), text.into(), &Made).unwrap()
}

fn fault(text: &str) -> String {
    load_bytes(Path::new("suite.yaml"), text.into(), &Made)
        .err()
        .unwrap()
        .to_string()
}

#[test]
fn variables_stand_for_what_is_there() {
    let (suite, notes) = made(
        "defaults: { tags: ['${env:NONE:-slow}'] }\n\
         hubs:\n  alps:\n    url: https://${env:PLACE}/${env:EMPTY}p\n    ca_file: ${env:NONE:-there.py}\n    \
         accounts: { '${env:NAME}': { token: { env: T } } }\n\
         probes:\n  p:\n    server: ${env:EMPTY:-gpu}\n    \
         options: { '${env:KEY}': '${env:PLACE}', list: ['a$$${env:X}', { deep: '$${env:PLACE} $5 ${HOME} ${PLACE}' }],\n      \
         nested: '${env:NESTED}', number: '${env:NONE:-0012}', dashes: '${env:NONE:-a:-b}', none: '${env:NONE:-}' }\n    \
         deadlines: { start: '${env:NONE:-9m}' }\n    \
         steps:\n      - ${env:NONE:-lab}\n      - execute: { code: '${file:there.py}', expect: { contains: '${env:PLACE}' } }\n      \
         - files: { size: '${env:NONE:-1}KiB' }\n",
    );
    let probe = suite.probes(&[]).unwrap().remove(0);
    assert_eq!(probe.hub.url.as_str(), "https://h.org/p/");
    assert_eq!(
        probe.hub.ca_file.as_deref(),
        Some(Path::new("dir/there.py"))
    );
    assert_eq!(probe.account.name, "${env:NAME}");
    assert_eq!(
        (probe.server.as_str(), &probe.tags[..]),
        ("gpu", &["slow".to_owned()][..])
    );
    assert_eq!(
        json!(probe.options),
        json!({"${env:KEY}": "h.org", "list": ["a$${env:X}", {"deep": "${env:PLACE} $5 ${HOME} ${PLACE}"}],
            "nested": "${env:PLACE} $${", "number": "0012", "dashes": "a:-b", "none": ""})
    );
    assert_eq!(probe.deadlines.start.as_secs(), 540);
    assert!(probe.lab.is_some());
    assert_eq!(probe.execute[0].code, "import os\nprint(os.cpu_count())");
    assert_eq!(
        probe.execute[0].expect,
        Some(Expect::Contains("h.org".to_owned()))
    );
    assert_eq!(probe.files.unwrap().size, 1024);
    assert_eq!(notes, Vec::<String>::new());
}

#[test]
fn where_secrets_are_named_nothing_is_looked_up() {
    let (suite, notes) = made(
        "hubs:\n  alps:\n    url: https://h.org\n    \
         accounts: { me: { token: { file: '${env:NONE}/t' } }, you: { token: { command: [echo, '${file:none}'] } } }\n    \
         headers: { X-A: { env: '${env:PLACE}' } }\nprobes: { p: { account: me }, q: { account: you } }\n",
    );
    let probes = suite.probes(&[]).unwrap();
    assert_eq!(
        probes[0].account.token,
        SecretSource::File("dir/${env:NONE}/t".into())
    );
    assert_eq!(
        probes[1].account.token,
        SecretSource::Command(vec!["echo".into(), "${file:none}".into()])
    );
    assert_eq!(
        probes[0].hub.headers[0].1,
        SecretSource::Env("${env:PLACE}".into())
    );
    let said = |column| {
        format!(
            "dir/suite.yaml:{column}: a variable is not looked up where a secret is named; it stands here as it is typed"
        )
    };
    assert_eq!(notes, [said("4:38"), said("4:91"), said("5:28")]);
    let itself = fault(
        "hubs:\n  a:\n    url: https://h.org\n    accounts: { me: { token: '${env:PLACE}' } }\nprobes: {}\n",
    );
    assert!(
        itself.starts_with("suite.yaml:4:30: the token of `me` itself does not belong in a suite"),
        "{itself}"
    );
}

#[test]
fn commands_say_what_is_there() {
    let text = |option: &str| with("", &format!("    options: {{ a: {option} }}\n"));
    let option = |typed: &str| made(&text(typed)).0.probes(&[]).unwrap()[0].options["a"].clone();
    assert_eq!(option("'x-${command:say  a b }-y'"), "x-a b-y");
    for (typed, words) in [
        ("'${command: }'", "`${command:}` names no program"),
        (
            "'${command:false now}'",
            "`false` failed: it ended with exit status: 1",
        ),
        ("'${command:say a'", "`${command:` is not closed"),
    ] {
        let said = fault(&text(typed));
        assert!(
            said.starts_with(&format!("suite.yaml:8:19: {words}")),
            "{said}"
        );
    }
    let many: Vec<String> = (0..21)
        .map(|number| format!("'${{command:say {number}}}'"))
        .collect();
    let said = fault(&text(&format!("[{}]", many.join(", "))));
    assert!(
        said.contains("the suite runs more than 20 commands to be read"),
        "{said}"
    );
    let twice: Vec<&str> = std::iter::repeat_n("'${command:say 1}'", 30).collect();
    assert_eq!(option(&format!("[{}]", twice.join(", ")))[29], "1");
    // What names a secret is not said where it would be shown.
    let said = fault(
        "hubs:\n  a:\n    url: https://h.org\n    accounts: { me: { token: { command: [say, key, 7] } } }\n\
         probes:\n  p: { options: { a: '${command:say key  7}' } }\n",
    );
    assert!(
        said.starts_with("suite.yaml:6:22: what `say` says holds a secret"),
        "{said}"
    );
}

#[test]
fn faults_of_variables() {
    for (option, message) in [
        (
            "'${env:NONE}'",
            "suite.yaml:8:19: the variable `NONE` is not set in the environment\n    8 |     options: { a: '${env:NONE}' }\n      |                   ^\n  set it, or give a default, as in ${env:NONE:-default}",
        ),
        (
            "'x ${env:PLACE'",
            "suite.yaml:8:19: `${env:` is not closed\n    8 |     options: { a: 'x ${env:PLACE' }\n      |                   ^\n  add a `}`; for these characters themselves write `$${`",
        ),
        (
            "'${file:none.py}'",
            "suite.yaml:8:19: the file none.py cannot be read: No such file or directory (os error 2)\n    8 |     options: { a: '${file:none.py}' }\n      |                   ^\n  name a file of text; a relative path starts at the suite's directory",
        ),
        (
            "'${file:}'",
            "suite.yaml:8:19: `${file:}` names no file\n    8 |     options: { a: '${file:}' }\n      |                   ^\n  write ${file:PATH}",
        ),
        (
            "'${env:a-b}'",
            "suite.yaml:8:19: `a-b` cannot be the name of a variable\n    8 |     options: { a: '${env:a-b}' }\n      |                   ^\n  write ${env:NAME}, or ${env:NAME:-default}, with letters, digits and _",
        ),
        (
            "'${env:BYTES:-x}'",
            "suite.yaml:8:19: the variable `BYTES` of the environment is not UTF-8 text\n    8 |     options: { a: '${env:BYTES:-x}' }\n      |                   ^\n  give it another value",
        ),
        (
            "'${env:T}'",
            "suite.yaml:8:19: the variable `T` holds a secret, and what a variable stands for is shown in lists and reports\n    8 |     options: { a: '${env:T}' }\n      |                   ^\n  name it only where the secret is wanted, as in token: { env: NAME } or token: { file: PATH }",
        ),
        (
            "${env:PLACE}",
            "suite.yaml:8:20: this is not YAML: while parsing a flow mapping, did not find expected ',' or '}'\n    8 |     options: { a: ${env:PLACE} }\n      |                    ^\n  quote a text with `${…}` inside of { } and [ ]",
        ),
    ] {
        let options = format!("    options: {{ a: {option} }}\n");
        assert_eq!(fault(&with("", &options)), message);
    }
    for name in ["HUBPROBE_ADMIN_TOKEN", "JUPYTERHUB_API_TOKEN", "T:-x"] {
        let said = fault(&with("", &format!("    server: ${{env:{name}}}\n")));
        assert!(said.contains("holds a secret"), "{said}");
    }
    let named =
        with("", "    server: ${file:./a.token}\n").replace("{ env: T }", "{ file: a.token }");
    assert!(
        fault(&named).contains("the file ./a.token holds a secret")
            || fault(&named).contains("the file a.token holds a secret")
    );
    // What was put in is judged where it was asked for.
    let said = fault(&with("", "    deadlines: { start: '${env:PLACE}' }\n"));
    assert!(
        said.starts_with("suite.yaml:8:25: the deadline `start`: `h.org` is no length of time"),
        "{said}"
    );
}

#[test]
fn every_text_has_its_mistake_said() {
    let text = "hubs:\n  a:\n    url: ${env:NONE}\n    accounts: { me: { token: { env: T } } }\n\
                probes: { p: { options: { a: &a ['${env:NONE} ${env:OTHER}'], b: *a, c: '${file:x}' } } }\n";
    let places: Vec<_> = examine(Path::new("suite.yaml"), text.to_owned(), &Made)
        .err()
        .unwrap()
        .iter()
        .map(|error| error.place.map(|place| (place.line, place.column)))
        .collect();
    let all = [(3, 10), (5, 34), (5, 66), (5, 73)].map(Some);
    assert_eq!(places, all);
}

#[test]
fn a_word_that_is_nearly_a_variable_gets_a_note() {
    let (suite, notes) = made(&with(
        "",
        "    options: { a: '${evn:PLACE}', b: '${x:.2f}', c: '$${evn:PLACE}' }\n",
    ));
    assert_eq!(
        notes,
        [
            "dir/suite.yaml:8:19: `${evn:` stands here as it is typed; did you mean `${env:`? If not, write `$${`"
        ]
    );
    assert_eq!(
        json!(suite.probes(&[]).unwrap()[0].options),
        json!({"a": "${evn:PLACE}", "b": "${x:.2f}", "c": "${evn:PLACE}"})
    );
}

/// A world of files of 300 kB each.
struct Large;

impl Sources for Large {
    fn command(&self, _: &[String]) -> Result<String, String> {
        Err("failed: there is none".to_owned())
    }

    fn variable(&self, _: &str) -> Result<String, VarError> {
        Err(VarError::NotPresent)
    }

    fn file(&self, _: &Path) -> Result<String, String> {
        Ok("x".repeat(300_000))
    }

    fn notebook(&self, path: &Path) -> Result<String, String> {
        Err(format!("{} is not read", path.display()))
    }

    fn is_there(&self, _: &Path) -> Result<(), String> {
        Ok(())
    }
}

#[test]
fn what_variables_put_in_has_a_bound() {
    let text = |count: usize| {
        let items = vec!["'${file:large}'"; count].join(", ");
        with("", &format!("    options: {{ a: [{items}] }}\n"))
    };
    load_bytes(Path::new("s.yaml"), text(3).into(), &Large).unwrap();
    let all = examine(Path::new("s.yaml"), text(9), &Large).err().unwrap();
    let [only] = all.as_slice() else {
        unreachable!("{all:?}")
    };
    let said = only.to_string();
    assert!(
        said.starts_with(
            "s.yaml:8:71: the variables of this suite stand for more than 1 MiB in all\n"
        ),
        "{said}"
    );
}

#[test]
fn the_schema_takes_variables_where_it_looks_at_texts() {
    let schema = super::super::schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let suite = |text: &str| {
        json!({
            "hubs": {"a": {"url": text, "accounts": {"me": {"token": {"env": "T"}}}}},
            "probes": {"p": {"tags": [text], "deadlines": {"start": text},
                "steps": [text, {"files": {"size": text}}]}},
        })
    };
    for text in ["${env:A:-1 b}", "${file:a}", "x${env:A}"] {
        assert!(validator.is_valid(&suite(text)), "{text}");
    }
    assert!(!validator.is_valid(&suite("$env")));
}
