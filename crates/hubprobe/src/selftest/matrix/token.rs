//! Layer 3: does the hub know the token, and what may it do.

use super::super::case::{After, Case, Deed, Token, When};
use super::super::kind::{HubKind, standing};
use super::super::wording::red;
use crate::vocabulary::Cause::{
    TokenExpired, TokenHeaderStripped, TokenLost, TokenMissing, TokenMissingScope, TokenRejected,
    TokenStaleLogin, TokenWrongUser,
};

/// OAuth's refresh refuses accounts that never logged in, on every request.
const STALE_LOGIN: HubKind = standing("stale-login", &["stale_login"]).deserted();
/// Users hold less than they should.
const FEW_SCOPES: HubKind = standing("few-scopes", &["few_scopes"]);

/// 64 hexadecimal digits, as a token of JupyterHub's has them.
const NOBODYS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

pub(super) const CASES: &[Case] = &[
    red(
        "token-no-file",
        TokenMissing,
        "the token's file is not there",
    )
    .token(Token::NoFile)
    .fast(),
    red("token-empty", TokenMissing, "the token's file is empty")
        .token(Token::Text("\n"))
        .fast(),
    red(
        "token-two-lines",
        TokenMissing,
        "the token's file holds two lines",
    )
    .token(Token::Text("abc\ndef\n"))
    .fast(),
    red(
        "token-nobodys",
        TokenRejected,
        "the hub never made this token",
    )
    .token(Token::Text(NOBODYS))
    .fast(),
    red("token-revoked", TokenRejected, "the token was revoked")
        .deeds(&[(When::Before, Deed::RevokeToken)])
        .fast(),
    red(
        "token-user-deleted",
        TokenRejected,
        "the account was deleted, and its token with it",
    )
    .deeds(&[(When::Before, Deed::DeleteUser)]),
    red(
        "token-expired",
        TokenExpired,
        "the token that account create made has expired",
    )
    .token(Token::Registered("2s"))
    .deeds(&[(When::Before, Deed::Wait(3.0))])
    .fast(),
    red(
        "token-expires",
        TokenExpired,
        "the token expires while the code runs",
    )
    .token(Token::Registered("9s"))
    .code("import time; time.sleep(10)")
    .exits(4)
    .leaves(After::Anything),
    red(
        "token-lost",
        TokenLost,
        "the token is revoked while the code runs",
    )
    .code("import time; time.sleep(8)")
    .deeds(&[(When::Ready(3.0), Deed::RevokeToken)])
    .exits(4)
    .leaves(After::Anything),
    red(
        "token-lost-early",
        TokenLost,
        "the token is revoked while the server starts",
    )
    .options(&["fault=slow:6"])
    .deeds(&[(When::Pending(1.0), Deed::RevokeToken)])
    .exits(4)
    .leaves(After::Anything),
    red(
        "token-stale-login",
        TokenStaleLogin,
        "OAuth's refresh refuses an account that never logged in",
    )
    .on(&STALE_LOGIN),
    red(
        "token-few-scopes",
        TokenMissingScope,
        "the token may read servers, and not start them",
    )
    .token(Token::Scopes(&[
        "read:servers!user=USER",
        "access:servers!user=USER",
    ]))
    // 2.x takes no notice of the scopes that a token shall have.
    .from(3)
    .fast(),
    red(
        "token-role-too-small",
        TokenMissingScope,
        "the site's role for users lacks the scope servers",
    )
    .on(&FEW_SCOPES)
    .token(Token::Scopes(&[])),
    red(
        "token-others",
        TokenWrongUser,
        "the token is one account's, the check is for another",
    )
    .user("ada")
    .fast(),
    red(
        "token-stripped",
        TokenHeaderStripped,
        "a proxy removes the Authorization header",
    )
    .front("strip_auth")
    .fast(),
    red(
        "token-garbled",
        TokenHeaderStripped,
        "a proxy puts its own credentials into the Authorization header",
    )
    .front("strip_auth_garbled"),
    red(
        "token-user-stripped",
        TokenHeaderStripped,
        "a proxy removes the Authorization header below /user/ alone",
    )
    .front("strip_user_auth"),
];
