//! Layer 4: the account itself, and the making of it.

use super::super::case::{Case, Token};
use super::super::kind::{HubKind, standing};
use super::super::wording::red;
use crate::vocabulary::Cause::{
    AccountNoSuchUser, AccountNotCreatable, AccountScopesExceedOwner, TokenMissingScope,
    TokenRejected,
};

/// Users must exist on the system.
const PAM: HubKind = standing("pam", &["pam"]).deserted();

pub(super) const CASES: &[Case] = &[
    red(
        "account-unknown",
        AccountNoSuchUser,
        "the hub has no such user",
    )
    .user("nobody-here")
    .token(Token::Admin)
    .fast(),
    red(
        "account-create-pam",
        AccountNotCreatable,
        "an account is to be made that the system does not have (PAM)",
    )
    .on(&PAM)
    .creates("not-on-this-system"),
    red(
        "account-too-much",
        AccountScopesExceedOwner,
        "an account is to be made with a scope that it does not hold",
    )
    .creates("asks-too-much")
    .flags(&["--scopes", "admin:users"])
    // 2.x takes no notice of the scopes that a token shall have.
    .from(3)
    .fast(),
    red(
        "account-weak-admin",
        TokenMissingScope,
        "an account is to be made with a token that may not",
    )
    .creates("never-made")
    .token(Token::Usual)
    .fast(),
    red(
        "account-false-admin",
        TokenRejected,
        "an account is to be made with a token that the hub does not know",
    )
    .creates("never-made-either")
    .token(Token::Text(
        "1111111111111111111111111111111111111111111111111111111111111111",
    ))
    .fast(),
];
