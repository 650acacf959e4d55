//! Values as nobody should have them.

use super::super::*;
use super::wanted;

/// Whatever stands at whatever key: it is read or told, nothing panics, and what is printed is YAML that has the account.
#[test]
fn any_shape_at_any_key_is_lived_with() {
    let shapes = [
        "~",
        "12",
        "1.5e300",
        ".inf",
        "true",
        "''",
        "text",
        "[]",
        "{}",
        "[~, 1, [a], {b: c}]",
        "{a: ~}",
        "{a: {users: 1}}",
        "{a: {users: [a], scopes: self, services: [~]}}",
        "{? [x] : y}",
        "!vault secret",
        "!!binary aGk=",
        "&x [*x]",
        "'{{ x }}'",
        "\"['a'\"",
        "{'': '', 1: 2, ~: 3}",
    ];
    let keys = [
        "hub",
        "hub.config",
        "hub.config.Authenticator",
        "hub.config.Authenticator.admin_users",
        "hub.config.Authenticator.allowed_users",
        "hub.config.JupyterHub.authenticator_class",
        "hub.loadRoles",
        "hub.loadRoles.hubprobe-accounts",
        "hub.services",
        "hub.services.hubprobe-a",
        "hub.extraConfig",
        "hub.extraConfig.zz-hubprobe",
        "f7t4jhub",
        "f7t4jhub.config",
        "f7t4jhub.hub.image",
        "f7t4jhub.config.adminUsers",
        "f7t4jhub.config.serviceAccountUsers",
        "f7t4jhub.config.extraConfig",
        "f7t4jhub.config.spawner",
    ];
    let mut read = 0;
    for flavor in [Flavor::Z2jh, Flavor::F7t4jhub] {
        for (key, shape) in keys.iter().flat_map(|key| shapes.map(|shape| (key, shape))) {
            let mut text = String::new();
            let parts: Vec<&str> = key.split('.').collect();
            for (depth, part) in parts.iter().enumerate() {
                let value = if depth + 1 == parts.len() { shape } else { "" };
                text.push_str(&format!("{}{part}: {value}\n", "  ".repeat(depth)));
            }
            // Also as another system saves it.
            for text in [
                text.clone(),
                format!("\u{feff}{}", text.replace('\n', "\r\n")),
            ] {
                let Ok(values) = Values::parse("v.yaml", &text) else {
                    continue;
                };
                read += 1;
                let wanted = Wanted {
                    admins: vec!["boss".to_owned()],
                    as_service: Some(TokenPlace::Variable),
                    version: HubVersion::parse("4.1.6"),
                    ..wanted(flavor, &["a"])
                };
                let composed = compose(&wanted, Some(&values)).unwrap();
                let printed = values::parse("out", &composed.text)
                    .unwrap_or_else(|error| panic!("{text}\n{error}\n{}", composed.text));
                assert_eq!(printed.len(), 1, "{text}");
                assert!(
                    composed.text.contains("hubprobe-a"),
                    "{text}\n{}",
                    composed.text
                );
            }
        }
    }
    assert!(read > 1_000, "{read}");
}
