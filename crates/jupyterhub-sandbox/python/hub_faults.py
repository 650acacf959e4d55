"""Faults of the hub's configuration, from its start on. What each name does is said in src/fault/hub.rs, for people.

Every fault is a function of its own name, called with the configuration and the fault's argument. Those that take the database
away are in broken_database.py.
"""

import os
import sys
import time

import broken_database
import jupyterhub
from tornado import web

HERE = os.path.dirname(os.path.abspath(__file__))
FAULTS = {}
SERVICE = "prober-service"
# Whom the service may start servers for.
SERVED = "servuser"
PROFILES = ("small", "large")
# The sandbox's own options, which no site knows.
OURS = {"fault", "start_timeout", "http_timeout"}
NOBODY = "http://127.0.0.1:9"


def fault(function):
    FAULTS[function.__name__] = function
    return function


def apply(c, standing):
    """Applies faults, given as NAME[:ARGUMENT]."""
    for text in standing:
        name, _, argument = text.partition(":")
        FAULTS[name](c, argument)


def before_spawns(c, act):
    """Adds to the hooks that run before each spawn."""
    before = c.Spawner.get("pre_spawn_hook")

    def hook(spawner):
        if callable(before):
            before(spawner)
        act(spawner)

    c.Spawner.pre_spawn_hook = hook


@fault
def hub_full(c, argument):
    c.JupyterHub.active_server_limit = int(argument)


@fault
def throttled(c, argument):
    c.JupyterHub.concurrent_spawn_limit = int(argument)


@fault
def no_named_servers(c, _):
    c.JupyterHub.allow_named_servers = False


@fault
def named_limit(c, argument):
    c.JupyterHub.named_server_limit_per_user = int(argument)


@fault
def policy(c, argument):
    def refuse(_):
        raise web.HTTPError(403, argument)

    before_spawns(c, refuse)


@fault
def options_checked(c, _):
    def wrong(options):
        """What is wrong with them, in KubeSpawner's words; None if nothing is."""
        unknown = sorted(set(options) - OURS - {"profile"})
        if unknown:
            return f"Unknown options: {', '.join(unknown)}"
        profile = options.get("profile", PROFILES[0])
        if isinstance(profile, list):
            profile = profile[0] if profile else PROFILES[0]
        if profile not in PROFILES:
            return f"No such profile: {profile}. Options include: {', '.join(PROFILES)}"
        return None

    def apply_user_options(spawner, options):
        if words := wrong(options):
            # The hub makes "Invalid user options" of it, and keeps the words in its log.
            raise ValueError(words)

    def hook(spawner):
        if words := wrong(spawner.user_options or {}):
            raise web.HTTPError(400, words)

    if jupyterhub.version_info >= (5, 3):
        c.Spawner.apply_user_options = apply_user_options
    else:
        before_spawns(c, hook)


def oauth(c):
    """An OpenID provider that cannot be reached, and accounts that have never been there."""
    c.JupyterHub.authenticator_class = "oauthenticator.generic.GenericOAuthenticator"
    authenticator = c.GenericOAuthenticator
    authenticator.client_id = "hub"
    authenticator.client_secret = "sandbox"
    authenticator.oauth_callback_url = f"{NOBODY}/hub/oauth_callback"
    authenticator.authorize_url = f"{NOBODY}/authorize"
    authenticator.token_url = f"{NOBODY}/token"
    authenticator.userdata_url = f"{NOBODY}/userinfo"
    authenticator.enable_auth_state = True
    if jupyterhub.version_info >= (6, 1):
        # What the hubs before did, without being asked.
        c.Authenticator.auth_refresh_strict = True
    prober(c)


def prober(c):
    """A service that, as those of sites do, may start servers for one user, and use them."""
    with open(os.path.join(HERE, "service.token"), encoding="utf-8") as file:
        c.JupyterHub.services.append({"name": SERVICE, "api_token": file.read().strip()})
    scopes = ["servers", "access:servers", "read:users", "read:servers"]
    c.JupyterHub.load_roles.append(
        {
            "name": SERVICE,
            "services": [SERVICE],
            "scopes": [f"{scope}!user={SERVED}" for scope in scopes],
        }
    )


@fault
def service(c, _):
    prober(c)


@fault
def stale_login(c, _):
    oauth(c)


@fault
def stale_spawn(c, _):
    oauth(c)
    # Once a login was good, it stays so for longer than a sandbox lives. (0 would mean that nothing is ever refreshed.)
    c.Authenticator.auth_refresh_age = 10**9
    c.Authenticator.refresh_pre_spawn = True


@fault
def few_scopes(c, _):
    c.JupyterHub.load_groups = {**c.JupyterHub.get("load_groups", {}), "probers": []}
    c.JupyterHub.load_roles.append({"name": "user", "scopes": ["read:users!user", "tokens!user"]})
    c.JupyterHub.load_roles.append(
        {
            "name": "probers",
            "groups": ["probers"],
            # A group's role, with !user, is filtered to each of its members.
            "scopes": ["self"],
        }
    )


@fault
def pam(c, _):
    c.JupyterHub.authenticator_class = "jupyterhub.auth.PAMAuthenticator"
    c.LocalAuthenticator.create_system_users = False


@fault
def db_full(c, _):
    place = os.path.join(HERE, broken_database.PLACE)
    c.JupyterHub.db_url = "sqlite:///" + os.path.join(place, "jupyterhub.sqlite")
    before_spawns(c, lambda _: broken_database.fill(HERE))


@fault
def db_readonly(c, _):
    connections = broken_database.ReadOnly()
    before_spawns(c, lambda _: connections.strike())


@fault
def busy(c, argument):
    before_spawns(c, lambda _: time.sleep(float(argument)))


@fault
def slow_api(c, argument):
    import asyncio

    from jupyterhub.apihandlers.base import APIHandler

    prepare = APIHandler.prepare

    async def late(self):
        await asyncio.sleep(float(argument))
        answer = prepare(self)
        if hasattr(answer, "__await__"):
            await answer

    APIHandler.prepare = late


@fault
def culler(c, argument):
    name = "idle-culler"
    command = [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={int(float(argument))}", "--cull-every=1"]
    c.JupyterHub.services.append({"name": name, "command": command})
    scopes = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
    c.JupyterHub.load_roles.append({"name": name, "services": [name], "scopes": scopes})
