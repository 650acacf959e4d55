"""Runs printed configuration on every state that a hub's configuration may be in before it; by traitlets, as a hub reads it.

Arguments: the printed text, for the accounts one and two, with a hook; and the same hook as f7t4jhub has it. The classes stand for the hub's and oauthenticator's of the
same names, since sections are found by names."""

import asyncio
import inspect
import sys
import types

from traitlets import Any, List
from traitlets.config import Config, Configurable


class JupyterHub(Configurable):
    load_roles = List().tag(config=True)
    services = List().tag(config=True)


class Authenticator(Configurable):
    pass


class OAuthenticator(Authenticator):
    refresh_user_hook = Any().tag(config=True)


class GenericOAuthenticator(OAuthenticator):
    pass


with open(sys.argv[1], encoding="utf-8") as file:
    PRINTED = file.read()


def configured(before, times=1):
    c = Config()
    scope = {"c": c}
    exec(before, scope)
    for _ in range(times):
        exec(PRINTED, scope)
    hub = JupyterHub(config=c)
    return hub, GenericOAuthenticator(parent=hub), scope


ROLE = '{"name": "mine", "users": ["ann"], "scopes": ["self"]}'
OURS = '{"name": "hubprobe-accounts", "users": ["zero"], "scopes": ["read:hub"]}'
for before, wanted in [
    ("", {}),
    (f"c.JupyterHub.load_roles = [{ROLE}]", {"mine": ["ann"]}),
    (f"c.JupyterHub.load_roles = ({ROLE},)", {"mine": ["ann"]}),
    (f"c.JupyterHub.load_roles.append({ROLE})", {"mine": ["ann"]}),
    (f"c.JupyterHub.load_roles.extend([{ROLE}])", {"mine": ["ann"]}),
    (f"c.JupyterHub.load_roles.append({ROLE})\nc.JupyterHub.load_roles = []", {}),
    ("c.JupyterHub.load_roles", {}),
    (f"c.JupyterHub.load_roles = [{ROLE}, {OURS}]", {"mine": ["ann"], "hubprobe-accounts": ["zero"]}),
]:
    for times in (1, 2):
        hub, _, _ = configured(before, times)
        wanted = {**wanted, "hubprobe-accounts": [*wanted.get("hubprobe-accounts", []), "one", "two"]}
        wanted["hubprobe-accounts"] = list(dict.fromkeys(wanted["hubprobe-accounts"]))
        found = {role["name"]: role["users"] for role in hub.load_roles}
        assert found == wanted and len(hub.load_roles) == len(wanted), (before, hub.load_roles)

HOOK = """
asked = []
def hook(authenticator, user, auth_state):
    asked.append(user.name)
    return {"ann": True, "bob": False}.get(user.name)
async def slow(authenticator, user, auth_state):
    return hook(authenticator, user, auth_state)
"""
for section in [
    "c.OAuthenticator",
    "c.GenericOAuthenticator",
    "c.Authenticator",
    "c.JupyterHub.GenericOAuthenticator",
    "c.JupyterHub.OAuthenticator",
    None,
    # Only read, which makes it a value of its own that hides others; and none on purpose.
    "read",
    "none",
]:
    for name in ["hook", "slow"]:
        for times in (1, 2):
            before = HOOK
            if section == "read":
                before += "\nc.OAuthenticator.refresh_user_hook\nc.GenericOAuthenticator.refresh_user_hook\n"
            elif section == "none":
                before += "\nc.GenericOAuthenticator.refresh_user_hook = None\n"
            elif section:
                before += f"\n{section}.refresh_user_hook = {name}\n"
            _, authenticator, scope = configured(before, times)
            hook = authenticator.refresh_user_hook
            for user, of_the_site in [("one", True), ("two", True), ("ann", True), ("bob", False), ("cyd", None)]:
                said = hook(authenticator, types.SimpleNamespace(name=user), None)
                said = asyncio.run(said) if inspect.isawaitable(said) else said
                ours = user in ("one", "two")
                has_own = section not in (None, "read", "none")
                assert said is (of_the_site if ours or has_own else None), (section, name, user, said)
                assert scope["asked"].count(user) == (0 if ours or not has_own else 1), (section, user, scope["asked"])

# Of f7t4jhub: with credentials of its own an account is refreshed as everybody is.
with open(sys.argv[2], encoding="utf-8") as file:
    PRINTED = file.read()
hook = configured("")[1].refresh_user_hook
for user, auth_state, wanted in [("one", None, True), ("one", {}, True), ("one", {"refresh_token": "x"}, None), ("ann", None, None)]:
    assert asyncio.run(hook(None, types.SimpleNamespace(name=user), auth_state)) is wanted, (user, auth_state)
print("all as it should be")
