//! What is wrong inside a suite file: the exact text of every error.

use super::{fault, with};

#[test]
fn faults_of_a_hub() {
    for (line, message) in [
        (
            "    acounts: {}\n",
            "suite.yaml:5:5: unknown key `acounts` in a hub\n    5 |     acounts: {}\n      |     ^\n  did you mean `accounts`? the keys of a hub are: url, ca_file, headers, accounts, defaults, consecutive_failure_limit",
        ),
        (
            "    ca_file: nowhere.pem\n",
            "suite.yaml:5:14: ca_file: nowhere.pem cannot be read: No such file or directory (os error 2)\n    5 |     ca_file: nowhere.pem\n      |              ^\n  name a PEM file; a relative path starts at the suite's directory",
        ),
        (
            "    headers: { 'X Access': { env: A } }\n",
            "suite.yaml:5:16: `X Access` cannot be the name of a header\n  use letters, digits and hyphens, as in X-Access",
        ),
        (
            "    headers: { authorization: { env: A } }\n",
            "suite.yaml:5:16: the header authorization cannot be set\n  the account's token goes there; if a proxy in front of the hub wants that header too, give it another",
        ),
        (
            "    headers: { Host: { env: A } }\n",
            "suite.yaml:5:16: the header Host cannot be set\n  remove it; the connection sets it",
        ),
        (
            "    headers: { X-A: { env: A }, x-a: { env: A } }\n",
            "suite.yaml:5:33: the header x-a is there twice\n  remove one of the two",
        ),
        (
            "    headers: { X-A: geheim }\n",
            "suite.yaml:5:21: the value of the header X-A itself does not belong in a suite, where it would be read and copied with it\n  say where it is: { file: PATH }, { env: NAME } or { command: [PROGRAM, ARGUMENT] }; replace it on the hub if others may have read this file",
        ),
    ] {
        assert_eq!(fault(&with(line, "")), message);
    }
    let hub = |rest: &str| fault(&format!("hubs:\n  alps:\n    {rest}\nprobes: {{}}\n"));
    assert_eq!(
        hub("accounts: {}"),
        "suite.yaml:3:5: the hub `alps` has no `url`\n    3 |     accounts: {}\n      |     ^\n  add it, as in url: https://jupyter.example.org"
    );
    assert_eq!(
        hub("url: jupyter.example.org"),
        "suite.yaml:3:10: the hub `alps`: `jupyter.example.org` has no scheme\n    3 |     url: jupyter.example.org\n      |          ^\n  did you mean https://jupyter.example.org?"
    );
    assert_eq!(
        hub("url: https://me:geheim@h.org/"),
        "suite.yaml:3:10: the hub `alps`: the URL holds a user name or a password before the `@`\n    3 |     url: https://*********@h.org/\n      |          ^\n  remove it; the token comes from a file, the environment or a command"
    );
    assert_eq!(
        hub("url: 5"),
        "suite.yaml:3:10: url: expected a text, found the number 5\n    3 |     url: 5\n      |          ^\n  quote it: \"5\""
    );
    assert_eq!(
        hub("{ url: 'http://h.org' }"),
        "suite.yaml:3:5: the hub `alps` has no `accounts`\n    3 |     { url: 'http://h.org' }\n      |     ^\n  add it, as in accounts: { servuser: { token: { file: servuser.token } } }"
    );
    assert_eq!(
        hub("{ url: 'http://h.org', accounts: {} }"),
        "suite.yaml:3:38: the hub `alps` has no accounts\n    3 |     { url: 'http://h.org', accounts: {} }\n      |                                      ^\n  add one, as in servuser: { token: { file: servuser.token } }"
    );
}

#[test]
fn faults_of_an_account_never_repeat_a_secret() {
    let account = |rest: &str| {
        let text = format!(
            "hubs:\n  a:\n    url: http://h.org\n    accounts:\n      me: {rest}\nprobes: {{}}\n"
        );
        let message = fault(&text);
        assert!(!message.contains("geheim"), "{message}");
        message
    };
    let places = "{ file: PATH }, { env: NAME } or { command: [PROGRAM, ARGUMENT] }";
    let itself = format!(
        "the token of `me` itself does not belong in a suite, where it would be read and copied with it\n  say where it is: {places}; replace it on the hub if others may have read this file"
    );
    for (rest, message) in [
        ("{ token: geheim }", format!("suite.yaml:5:20: {itself}")),
        ("{ token: [geheim] }", format!("suite.yaml:5:20: {itself}")),
        ("{ token: }", format!("suite.yaml:5:18: the token of `me`: expected where it is, found nothing\n  write {places}")),
        ("{ token: { value: geheim } }", format!("suite.yaml:5:22: the token of `me`: `value` is no place for a secret\n  write {places}")),
        ("{ token: { fil: geheim } }", format!("suite.yaml:5:22: the token of `me`: `fil` is no place for a secret\n  did you mean `file`? write {places}")),
        ("{ token: { file: a, env: b } }", format!("suite.yaml:5:20: the token of `me` is in 2 places, and has to be in one\n  write {places}")),
        ("{ token: { command: pass show } }", format!("suite.yaml:5:31: the token of `me`: command is a list of texts, the program first\n  write {places}")),
        ("{ token: { file: '' } }", format!("suite.yaml:5:28: the token of `me`: file is a text that is not empty\n  write {places}")),
        (
            "{ dedicated: true }",
            "suite.yaml:5:11: the account `me` has no `token`\n    5 |       me: { dedicated: true }\n      |           ^\n  add it, as in token: { file: servuser.token }".to_owned(),
        ),
        (
            "{ token: { env: T }, dedicated: yes }",
            "suite.yaml:5:43: dedicated: expected true or false, found a text\n    5 |       me: { token: { env: T }, dedicated: yes }\n      |                                           ^".to_owned(),
        ),
        (
            "{ token: geheim, dedicatd: true }",
            "suite.yaml:5:28: unknown key `dedicatd` in an account\n  did you mean `dedicated`? the keys of an account are: token, dedicated".to_owned(),
        ),
    ] {
        assert_eq!(account(rest), message);
    }
}

#[test]
fn faults_of_a_probe() {
    for (line, message) in [
        (
            "    acount: me\n",
            "suite.yaml:8:5: unknown key `acount` in a probe\n    8 |     acount: me\n      |     ^\n  did you mean `account`? the keys of a probe are: hub, account, server, options, deadlines, queue, gone, steps, tags, extends, abstract, matrix, retries",
        ),
        (
            "    account: you\n",
            "suite.yaml:8:14: the probe `normal`: the hub `alps` has no account named `you`\n    8 |     account: you\n      |              ^\n  its accounts are: me",
        ),
        (
            "    options: [a]\n",
            "suite.yaml:8:14: options: expected a map of spawn options, found a list\n    8 |     options: [a]\n      |              ^",
        ),
        (
            "    deadlines: { start: soon }\n",
            "suite.yaml:8:25: the deadline `start`: `soon` is no length of time; write 90s, 5m, 1h30m or 250ms\n    8 |     deadlines: { start: soon }\n      |                         ^",
        ),
        (
            "    deadlines: { start: 90 }\n",
            "suite.yaml:8:25: the deadline `start`: `90` has no unit; write 90s for seconds or 90m for minutes\n    8 |     deadlines: { start: 90 }\n      |                         ^",
        ),
        (
            "    deadlines: { strat: 90s }\n",
            "suite.yaml:8:18: unknown key `strat` in deadlines\n    8 |     deadlines: { strat: 90s }\n      |                  ^\n  did you mean `start`? the keys of deadlines are: reach, start, queue, open, lab, kernel, execute, files, stop, total",
        ),
        (
            "    steps: spawn\n",
            "suite.yaml:8:12: steps: expected a list of steps, found a text\n    8 |     steps: spawn\n      |            ^\n  begin each with a hyphen, as in - spawn",
        ),
        (
            "    steps: [span]\n",
            "suite.yaml:8:13: there is no step named `span`\n    8 |     steps: [span]\n      |             ^\n  did you mean `spawn`? the steps are: reach, identify, spawn, open, lab, kernel, execute, environment, options-honoured, notebook, files, stop, gone",
        ),
        (
            "    steps: [{ spawn: { x: 1 } }]\n",
            "suite.yaml:8:24: unknown key `x` in this step\n    8 |     steps: [{ spawn: { x: 1 } }]\n      |                        ^\n  the keys of this step are: warn, fail",
        ),
        (
            "    steps:\n      - execute:\n        code: x\n",
            "suite.yaml:9:9: a step is one name, found 2\n    9 |       - execute:\n      |         ^\n  give each step a hyphen of its own, and indent its settings below its name",
        ),
        (
            "    steps: [{ execute: { code: x, expect: 42 } }]\n",
            "suite.yaml:8:43: expect: expected a text, found the number 42\n    8 |     steps: [{ execute: { code: x, expect: 42 } }]\n      |                                           ^\n  quote it: \"42\"",
        ),
        (
            "    steps: [{ execute: { code: ' ' } }]\n",
            "suite.yaml:8:32: the step `execute` has no code to run\n    8 |     steps: [{ execute: { code: ' ' } }]\n      |                                ^\n  add some, as in execute: { code: \"print(6*7)\", expect: \"42\" }",
        ),
        (
            "    steps: [{ kernel: { name: a } }, { kernel: { name: b } }]\n",
            "suite.yaml:8:40: the step `kernel` is configured twice\n    8 |     steps: [{ kernel: { name: a } }, { kernel: { name: b } }]\n      |                                        ^\n  remove one of the two",
        ),
    ] {
        assert_eq!(fault(&with("", line)), message);
    }
    let hubs = "hubs:\n  one: { url: 'http://a.org', accounts: { me: { token: { env: T } }, you: { token: { env: U } } } }\n";
    let more = format!(
        "{hubs}  two: {{ url: 'http://b.org', accounts: {{ me: {{ token: {{ env: T }} }} }} }}\n"
    );
    assert_eq!(
        fault(&format!("{more}probes:\n  p: {{}}\n")),
        "suite.yaml:5:6: the probe `p` does not say which of 2 hubs it is for\n    5 |   p: {}\n      |      ^\n  add hub: one or hub: two"
    );
    assert_eq!(
        fault(&format!("{more}probes:\n  p: {{ hub: tow }}\n")),
        "suite.yaml:5:13: the probe `p`: there is no hub named `tow`\n    5 |   p: { hub: tow }\n      |             ^\n  did you mean `two`? the hubs are: one, two"
    );
    assert_eq!(
        fault(&format!("{hubs}probes:\n  p: {{}}\n")),
        "suite.yaml:4:6: the probe `p` does not say which of the 2 accounts of the hub `one` it walks as\n    4 |   p: {}\n      |      ^\n  add account: me or account: you; or account: \"*\", if any of them will do"
    );
    assert_eq!(
        fault(&format!("{hubs}probes: {{}}\n")),
        "suite.yaml:3:9: there are no probes\n    3 | probes: {}\n      |         ^\n  add one, as in normal: { hub: alps }"
    );
}

#[test]
fn faults_of_what_code_must_print() {
    for (expect, message) in [
        ("{}", "suite.yaml:8:41: `expect` says nothing\n"),
        (
            "{ equals: '1', json: 1 }",
            "suite.yaml:8:41: `expect` has 2 of its kinds, equals and json\n",
        ),
        (
            "{ equal: '1' }",
            "suite.yaml:8:43: unknown key `equal` in `expect`\n",
        ),
        (
            "{ equals: 1 }",
            "suite.yaml:8:51: equals: expected a text, found the number 1\n",
        ),
        (
            "{ contains: '' }",
            "suite.yaml:8:53: contains: expected a text that is not empty",
        ),
        (
            "{ matches: '(' }",
            "suite.yaml:8:52: matches: this is no regular expression: ",
        ),
        (
            "[1]",
            "suite.yaml:8:41: expect: expected a text, found a list\n",
        ),
    ] {
        let steps = format!("    steps: [execute: {{ code: x, expect: {expect} }}]\n");
        let said = fault(&with("", &steps));
        assert!(said.starts_with(message), "{said}\nis not {message}");
        assert!(
            said.lines().last().unwrap().starts_with("  "),
            "no remedy: {said}"
        );
    }
    let none = fault(&with("", "    steps: [execute: []]\n"));
    assert!(none.contains("has no code to run"), "{none}");
}

#[test]
fn faults_of_what_must_be_there() {
    for (settings, message) in [
        ("{}", "8:26: the step `environment` looks at nothing"),
        (
            "{ core: 4 }",
            "8:28: unknown key `core` in the step `environment`",
        ),
        (
            "{ cores: 0 }",
            "8:35: cores: expected a whole number of at least 1",
        ),
        ("{ memory: lots }", "8:36: memory: `lots` is no size"),
        ("{ memory: 0 }", "8:36: memory: expected more than nothing"),
        (
            "{ packages: [numpy] }",
            "8:38: packages: expected a map of names to texts",
        ),
        (
            "{ packages: { 'a b': '' } }",
            "8:40: packages: \"a b\" is no name of a package",
        ),
        (
            "{ packages: { a: 'two' } }",
            "8:43: packages: \"two\" are no versions",
        ),
        (
            "{ packages: { a: 2 } }",
            "8:43: a: expected a text, found the number 2",
        ),
        (
            "{ paths: { /x: exec } }",
            "8:41: paths: \"exec\" is neither read nor write",
        ),
        (
            "{ network: [pypi.org] }",
            "8:38: network: \"pypi.org\" is no HOST:PORT",
        ),
        (
            "{ variables: { A: 1 } }",
            "8:44: A: expected a text, found the number 1",
        ),
    ] {
        let said = fault(&with(
            "",
            &format!("    steps: [environment: {settings}]\n"),
        ));
        assert!(
            said.starts_with(&format!("suite.yaml:{message}")),
            "{said}\nis not {message}"
        );
    }
    for steps in [
        "[environment]",
        "[environment: { cores: 1 }, environment: { cores: 1 }]",
    ] {
        let said = fault(&with("", &format!("    steps: {steps}\n")));
        assert!(said.contains("the step `environment` "), "{said}");
    }
    let said = fault(&with("", "    steps: [options-honoured: { x: 1 }]\n"));
    assert!(
        said.contains("the step `options-honoured` has no settings"),
        "{said}"
    );
}

#[test]
fn faults_of_what_asks_the_scheduler() {
    for (gone, message) in [
        (
            "[squeue]",
            "suite.yaml:8:11: `gone`: expected a map of command, expect_empty, found a list\n",
        ),
        ("{}", "suite.yaml:8:11: `gone` has no `command`\n"),
        (
            "{ comand: [squeue] }",
            "suite.yaml:8:13: unknown key `comand` in `gone`\n",
        ),
        (
            "{ command: squeue }",
            "suite.yaml:8:22: command: expected a list of texts, the program first, found a text\n",
        ),
        (
            "{ command: [] }",
            "suite.yaml:8:22: command: expected a list of texts, the program first, found a list\n",
        ),
        (
            "{ command: [''] }",
            "suite.yaml:8:22: command: expected a list of texts",
        ),
        (
            "{ command: [[x]] }",
            "suite.yaml:8:22: command: expected a list of texts",
        ),
        (
            "{ command: [squeue, '{jobid}'] }",
            "suite.yaml:8:31: command: nothing is known by the name {jobid}\n",
        ),
        (
            "{ command: [squeue], expect_empty: false }",
            "suite.yaml:8:46: expect_empty: nothing but true is known here\n",
        ),
        (
            "{ command: [squeue], expect_empty: 'yes' }",
            "suite.yaml:8:46: expect_empty: expected true or false, found a text\n",
        ),
    ] {
        let said = fault(&with("", &format!("    gone: {gone}\n")));
        assert!(said.starts_with(message), "{said}\nis not {message}");
    }
    for (queue, message) in [
        ("{}", "suite.yaml:8:12: `queue` has no `command`\n"),
        (
            "{ command: [squeue], expect_empty: true }",
            "suite.yaml:8:33: unknown key `expect_empty` in `queue`\n",
        ),
        (
            "{ command: [squeue, '{jobid}'] }",
            "suite.yaml:8:32: command: nothing is known by the name {jobid}\n",
        ),
    ] {
        let said = fault(&with("", &format!("    queue: {queue}\n")));
        assert!(said.starts_with(message), "{said}\nis not {message}");
    }
}
