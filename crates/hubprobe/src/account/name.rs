//! Names of accounts: what cannot be one, and what is asking for trouble.
//!
//! The API of a hub takes a name literally, whereas a login and the hub's
//! configuration turn it into lower case (`Authenticator.normalize_username`,
//! JupyterHub 2 to 6): an account made as `Test` is not the `test` of a role.

/// Looks at the name of a user that may be there already, whoever made it.
///
/// # Errors
/// Why a hub cannot be asked for it.
pub fn asked(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("the account's name is empty".to_owned());
    }
    if matches!(name, "." | "..") || name.contains('/') {
        return Err(format!(
            "{name:?} cannot be an account's name: no URL could carry it"
        ));
    }
    Ok(())
}

/// Looks at the name of an account that is to be made; gives back what to mind.
///
/// # Errors
/// Why no account can have this name.
pub fn check(name: &str) -> Result<Vec<String>, String> {
    asked(name)?;
    if name
        .chars()
        .any(|c| c.is_control() || c.is_whitespace() || "!,=".contains(c))
    {
        return Err(format!(
            "{name:?} cannot be an account's name: white space, control characters and ! , = cannot stand in a scope"
        ));
    }
    let mut warnings = Vec::new();
    if name.chars().any(char::is_uppercase) {
        warnings.push(format!(
            "the name {name} has upper case letters: the hub's API takes them as they are, while logins and the hub's \
             configuration turn them into lower case, so a role or hook for {name} would miss it; better is {}",
            name.to_lowercase()
        ));
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if !name.chars().all(plain) {
        warnings.push(format!(
            "the name {name} must be escaped in URLs, which not every proxy in front of a hub does right; better are \
             lower case letters, digits and -"
        ));
    }
    Ok(warnings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_into_good_doubtful_and_impossible() {
        assert_eq!(check("servuser-1"), Ok(Vec::new()));
        assert!(check("ServUser").unwrap()[0].contains("better is servuser"));
        assert!(check("a@b").unwrap()[0].contains("escaped"));
        for bad in ["", ".", "..", "a/b", "a b", "a\n", "a!user=b", "a,b"] {
            assert!(check(bad).is_err(), "{bad}");
        }
        // Somebody else may have made such a user.
        assert_eq!(asked("a b"), Ok(()));
        for bad in ["", ".", "..", "a/b"] {
            assert!(asked(bad).is_err(), "{bad}");
        }
    }
}
