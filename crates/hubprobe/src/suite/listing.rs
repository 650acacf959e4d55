//! A suite's probes as `hubprobe suite list` shows them: what each would do, with
//! every default filled in. Data for programs and text for people; no secret is
//! in it, since a suite knows only where they are.

use indexmap::IndexSet;
use serde_json::{Map, Value, json};

use super::duration::format_duration;
use super::error::note;
use super::resolved::Probe;
use super::{EnvironmentStep, NotebookStep, Retries, Seat, Suite};

impl Probe {
    /// The steps that a visit walks, in their order, as a suite writes them.
    fn steps(&self) -> Vec<Value> {
        let mut steps: Vec<Value> = ["reach", "identify", "spawn", "open"]
            .into_iter()
            .map(Value::from)
            .collect();
        steps.extend(
            self.lab
                .as_ref()
                .map(|lab| json!({"lab": {"path": lab.path}})),
        );
        steps.push(match &self.kernel.name {
            Some(name) => json!({"kernel": {"name": name}}),
            None => json!("kernel"),
        });
        steps.push(json!("execute"));
        steps.extend(self.execute.iter().map(|step| match &step.expect {
            Some(expect) => json!({"execute": {"code": step.code, "expect": expect.written()}}),
            None => json!({"execute": {"code": step.code}}),
        }));
        steps.extend(self.environment.as_ref().map(EnvironmentStep::written));
        steps.extend(self.options_honoured.then(|| json!("options-honoured")));
        steps.extend(self.notebooks.iter().map(NotebookStep::written));
        steps.extend(self.files.map(|files| match files.persist {
            true => json!({"files": {"size": files.size, "persist": true}}),
            false => json!({"files": {"size": files.size}}),
        }));
        steps.extend(["stop", "gone"].into_iter().map(Value::from));
        steps
    }
}

/// Probes of a suite as JSON: `{"schema": "hubprobe.suite-list/1", "suite": FILE,
/// "probes": [{name, hub: {name, url}, account, server, options, steps, deadlines,
/// warn, tags; queue, gone, retries and seats (`[{account, server}]`) where there are any}], node_time where it is set:
/// {limit, nodes}}`. Fields are only ever added.
#[must_use]
pub fn as_json(suite: &Suite, probes: &[Probe]) -> Value {
    let probes: Vec<Value> = probes
        .iter()
        .map(|probe| {
            let mut listed = json!({
                "name": probe.name,
                "hub": {"name": probe.hub.name, "url": probe.hub.url.as_str()},
                "account": probe.account.name,
                "server": probe.server,
                "options": probe.options,
                "steps": probe.steps(),
                "deadlines": probe.deadlines,
                "warn": probe.budgets.iter().map(|(step, length)| (step.word().to_owned(), json!(format_duration(*length)))).collect::<Map<_, _>>(),
                "tags": probe.tags,
            });
            let mut add = |key: &str, value: Option<Value>| {
                if let (Some(value), Some(listed)) = (value, listed.as_object_mut()) {
                    listed.insert(key.to_owned(), value);
                }
            };
            for (name, hook) in [("queue", &probe.queue), ("gone", &probe.gone)] {
                add(name, hook.as_ref().map(|hook| json!({"command": hook.command})));
            }
            let spread = !probe.elsewhere.is_empty();
            add("seats", spread.then(|| seats(probe)));
            add("retries", retried(probe).map(|retries| {
                json!({"times": retries.times, "wait": format_duration(retries.wait), "spawn": retries.spawn})
            }));
            listed
        })
        .collect();
    let mut list = json!({
        "schema": "hubprobe.suite-list/1",
        "suite": suite.source.display().to_string(),
        "probes": probes,
    });
    if let (Some(budget), Some(list)) = (&suite.node_time, list.as_object_mut()) {
        let budget = json!({"limit": format_duration(budget.limit), "nodes": budget.nodes});
        list.insert("node_time".to_owned(), budget);
    }
    list
}

fn retried(probe: &Probe) -> Option<Retries> {
    Some(probe.retries).filter(|retries| retries.times > 0)
}

fn seats(probe: &Probe) -> Value {
    probe
        .seats()
        .map(|seat| json!({"account": seat.account.name, "server": seat.server}))
        .collect()
}

/// Probes of a suite for people, a few lines each, ready to print.
#[must_use]
pub fn as_text(probes: &[Probe]) -> String {
    let blocks: Vec<String> = probes.iter().map(block).collect();
    blocks.join("\n")
}

fn block(probe: &Probe) -> String {
    let mut lines = note(&probe.name);
    let mut say = |what: &str, text: &str| {
        lines.push_str(&format!("\n  {what:<12}{}", note(text)));
    };
    let hub = probe.hub.name.as_deref().unwrap_or_default();
    say("hub", &format!("{hub} {}", probe.hub.url));
    let named = |name: fn(&Seat) -> &str| {
        let names: IndexSet<String> = probe.seats().map(|seat| name(&seat).to_owned()).collect();
        let several = if names.len() > 1 { "any of " } else { "" };
        several.to_owned() + &names.into_iter().collect::<Vec<_>>().join(", ")
    };
    say("account", &named(|seat| &seat.account.name));
    if !probe.server.is_empty() || !probe.elsewhere.is_empty() {
        let server = named(|seat| match seat.server.as_str() {
            "" => "the default one",
            name => name,
        });
        say("server", &server);
    }
    if !probe.tags.is_empty() {
        say("tags", &probe.tags.join(", "));
    }
    if !probe.options.is_empty() {
        say("options", &Value::Object(probe.options.clone()).to_string());
    }
    let steps: Vec<String> = probe.steps().iter().map(step_in_words).collect();
    say("steps", &steps.join(", "));
    if !probe.budgets.is_empty() {
        let warn = probe.budgets.iter();
        let warn: Vec<String> = warn
            .map(|(step, length)| format!("{step} {}", format_duration(*length)))
            .collect();
        say("warn after", &warn.join(", "));
    }
    if let Some(retries) = retried(probe) {
        let spawn = if retries.spawn {
            ", failed spawns too"
        } else {
            ""
        };
        let wait = format_duration(retries.wait);
        say(
            "retries",
            &format!("{}, after {wait}{spawn}", retries.times),
        );
    }
    for (name, hook) in [("queue", &probe.queue), ("gone", &probe.gone)] {
        if let Some(hook) = hook {
            say(name, &hook.command.join(" "));
        }
    }
    if let Ok(Value::Object(deadlines)) = serde_json::to_value(probe.deadlines) {
        say("deadlines", &pairs(&deadlines));
    }
    lines.push('\n');
    lines
}

/// `kernel`, or `kernel (name: python3)`.
fn step_in_words(step: &Value) -> String {
    match step {
        Value::Object(step) => step
            .iter()
            .filter_map(|(name, settings)| {
                Some(format!("{name} ({})", pairs(settings.as_object()?)))
            })
            .collect(),
        other => in_words(other),
    }
}

fn pairs(map: &Map<String, Value>) -> String {
    let pairs: Vec<String> = map
        .iter()
        .map(|(key, value)| format!("{key} {}", in_words(value)))
        .collect();
    pairs.join(", ")
}

fn in_words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
