//! What spreads, repeats and limits visits: accounts and servers of which any will do, `retries`, `node_time`.

use std::time::Duration;

use serde_json::json;

use super::super::{NodeTime, Probe, Retries, as_json, as_text};
use super::{fault, read};

fn suite(probe: &str) -> String {
    let token = "{ token: { env: T } }";
    format!(
        "hubs:\n  alps:\n    url: https://h.org\n    accounts: {{ a: {token}, b: {token}, c: {token} }}\nprobes:\n  p: {probe}\n"
    )
}

fn probe(text: &str) -> Probe {
    read(&suite(text)).0.probes(&[]).unwrap().remove(0)
}

fn seats(probe: &Probe) -> Vec<String> {
    probe
        .seats()
        .map(|seat| format!("{}/{}", seat.account.name, seat.server))
        .collect()
}

#[test]
fn several_accounts_and_servers_are_seats() {
    assert_eq!(seats(&probe("{ account: b }")), ["b/"]);
    assert_eq!(seats(&probe("{ account: [c, a] }")), ["c/", "a/"]);
    assert_eq!(seats(&probe("{ account: \"*\" }")), ["a/", "b/", "c/"]);
    // One server of each account before the second of any.
    let both = "{ account: [a, b], server: [x, \"\"] }";
    assert_eq!(seats(&probe(both)), ["a/x", "b/x", "a/", "b/"]);
    let mut spread = probe(both);
    spread.only_server("y");
    assert_eq!(seats(&spread), ["a/y", "b/y"]);
    let at = probe(both);
    let third = at.seats().nth(2).unwrap();
    assert_eq!(seats(&at.at(third)), ["a/"]);
}

#[test]
fn a_user_that_is_called_star_is_meant_by_it() {
    let named = suite("{ account: \"*\" }").replace("b: {", "\"*\": {");
    assert_eq!(seats(&read(&named).0.probes(&[]).unwrap()[0]), ["*/"]);
}

#[test]
fn a_list_of_one_that_extends_another_replaces_it() {
    let text = suite("{ abstract: true, account: \"*\" }\n  q: { extends: p, account: [b] }");
    assert_eq!(seats(&read(&text).0.probes(&[]).unwrap()[0]), ["b/"]);
}

#[test]
fn retries_and_node_time() {
    let of = |text: &str| probe(&format!("{{ account: a, retries: {text} }}")).retries;
    assert_eq!(probe("{ account: a }").retries, Retries::default());
    let usual = Retries::default();
    assert_eq!(of("3"), Retries { times: 3, ..usual });
    let all = Retries {
        times: 2,
        wait: Duration::from_secs(90),
        spawn: true,
    };
    assert_eq!(of("{ times: 2, wait: 1m30s, spawn: true }"), all);
    let with_budget = |text: &str| {
        let text = format!("node_time: {text}\n{}", suite("{ account: a }"));
        read(&text).0.node_time().cloned().unwrap()
    };
    let hour = Duration::from_secs(3600);
    let budget = |nodes: Option<&str>| NodeTime {
        limit: hour,
        nodes: nodes.map(str::to_owned),
    };
    assert_eq!(with_budget("1h"), budget(None));
    assert_eq!(
        with_budget("{ limit: 60m, nodes: size }"),
        budget(Some("size"))
    );
}

#[test]
fn what_is_wrong_has_its_place() {
    for (text, words) in [
        (
            "{ account: [] }",
            "suite.yaml:6:17: account: an empty list, so that the probe could not be walked",
        ),
        (
            "{ account: [a, b, a] }",
            "suite.yaml:6:24: account: `a` is named twice",
        ),
        (
            "{ account: [a, d] }",
            "suite.yaml:6:21: the probe `p`: the hub `alps` has no account named `d`",
        ),
        (
            "{ account: { a: b } }",
            "suite.yaml:6:17: account: expected a text, or a list of texts, found a map",
        ),
        (
            "{ account: a, server: [x, y/z] }",
            "suite.yaml:6:32: a server's name has no / in it",
        ),
        (
            "{ account: a, server: [5] }",
            "suite.yaml:6:29: server: expected a text, found the number 5",
        ),
        (
            "{ account: a, retries: 11 }",
            "suite.yaml:6:29: retries: expected a number from 0 to 10, found the number 11",
        ),
        (
            "{ account: a, retries: -1 }",
            "suite.yaml:6:29: retries: expected a number from 0 to 10, found the number -1",
        ),
        (
            "{ account: a, retries: { wait: 5s } }",
            "suite.yaml:6:29: `retries` has no `times`",
        ),
        (
            "{ account: a, retries: { times: 1, wait: 5 } }",
            "suite.yaml:6:47: wait: ",
        ),
        (
            "{ account: a, retries: { times: 1, spam: true } }",
            "suite.yaml:6:41: unknown key `spam` in `retries`",
        ),
        (
            "{ account: a }\nnode_time: 90",
            "suite.yaml:7:12: node_time: ",
        ),
        (
            "{ account: a }\nnode_time: { nodes: x }",
            "suite.yaml:7:12: `node_time` has no `limit`",
        ),
    ] {
        let said = fault(&suite(text));
        assert!(said.starts_with(words), "{text}: {said}");
    }
    for wrong in ["many", "-1", "1.5"] {
        let text = suite("{ account: a }").replace(
            "    accounts",
            &format!("    consecutive_failure_limit: {wrong}\n    accounts"),
        );
        let said = fault(&text);
        let words = "suite.yaml:4:32: consecutive_failure_limit: expected a number, as the hub's configuration has it";
        assert!(said.starts_with(words), "{said}");
    }
    let many: Vec<String> = (0..400).map(|number| format!("s{number}")).collect();
    let many = format!("{{ account: \"*\", server: [{}] }}", many.join(", "));
    let said = fault(&suite(&many));
    assert!(
        said.contains("could be walked on 1200 servers, and 1000 are the most"),
        "{said}"
    );
}

#[test]
fn the_list_shows_them() {
    let text = suite("{ account: \"*\", server: [\"\", x], retries: { times: 2, spawn: true } }");
    let (suite, _) = read(&format!(
        "node_time: {{ limit: 2h, nodes: nnodes }}\n{text}"
    ));
    let probes = suite.probes(&[]).unwrap();
    let list = as_json(&suite, &probes);
    assert_eq!(list["node_time"], json!({"limit": "2h", "nodes": "nnodes"}));
    let probe = &list["probes"][0];
    assert_eq!(probe["seats"][1], json!({"account": "b", "server": ""}));
    assert_eq!(probe["seats"].as_array().unwrap().len(), 6);
    assert_eq!(
        probe["retries"],
        json!({"times": 2, "wait": "10s", "spawn": true})
    );
    let text = as_text(&probes);
    for line in [
        "\n  account     any of a, b, c\n",
        "\n  server      any of the default one, x\n",
        "\n  retries     2, after 10s, failed spawns too\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
}
