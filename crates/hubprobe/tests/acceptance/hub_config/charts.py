"""Does with values what the configurations of the two charts do with them. There is no Helm here: the values come as files, merged as
Helm merges them (maps are merged, lists and texts replaced), read by PyYAML, and what the charts take from Kubernetes lies in the same
directory. Only what concerns accounts is here; the sandbox's own configuration does the rest."""

import os
import secrets

import yaml


def merged(one, other):
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return other
    return {**one, **{key: merged(one[key], value) if key in one else value for key, value in other.items()}}


def read_values(directory, names):
    values = {}
    for name in names:
        path = os.path.join(directory, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                values = merged(values, yaml.safe_load(file) or {})
    return values


def provider(c):
    """A provider that nobody of these tests ever speaks to."""
    authenticator = c.GenericOAuthenticator
    authenticator.client_id = "hub"
    authenticator.client_secret = "none"
    for trait in ["oauth_callback_url", "authorize_url", "token_url", "userdata_url"]:
        authenticator[trait] = f"http://127.0.0.1:9/{trait}"


def z2jh(c, scope, directory):
    """zero-to-jupyterhub 4: roles and services anew from the values, hub.config over all, hub.extraConfig last, by key."""
    hub = read_values(directory, ["values.yaml", "added.yaml"]).get("hub", {})
    provider(c)
    c.JupyterHub.services = []
    c.JupyterHub.load_roles = []
    for key, service in (hub.get("services") or {}).items():
        # The chart makes a token and keeps it in its secret.
        path = os.path.join(directory, f"hub.services.{key}.apiToken")
        if not os.path.exists(path):
            with open(path, "w", encoding="utf-8") as file:
                file.write(secrets.token_hex(32))
            os.chmod(path, 0o600)
        with open(path, encoding="utf-8") as file:
            token = file.read()
        c.JupyterHub.services.append({**(service or {}), "name": key, "api_token": token})
    for key, role in (hub.get("loadRoles") or {}).items():
        c.JupyterHub.load_roles.append({"name": key, **role})
    for section, traits in (hub.get("config") or {}).items():
        c[section].update(traits)
    for _, code in sorted((hub.get("extraConfig") or {}).items()):
        exec(code, scope)


def f7t4jhub(c, scope, directory):
    """f7t4jhub: always OAuth with auth_state; the role service-account; extraConfig appended."""
    config = read_values(directory, ["values.yaml", "added.yaml"])["f7t4jhub"]["config"]
    provider(c)
    c.JupyterHub.authenticator_class = "generic-oauth"
    c.Authenticator.enable_auth_state = True
    c.Authenticator.auth_refresh_age = 250
    c.Authenticator.admin_users = set(config.get("adminUsers") or [])
    c.JupyterHub.load_roles = [
        {
            "name": "service-account",
            "users": config.get("serviceAccountUsers") or [],
            "scopes": [
                "self",
                "admin-ui",
                "list:users",
                "read:servers",
                "shutdown",
                "read:metrics",
                "admin:groups",
                "delete:users",
                "delete:groups",
            ],
        }
    ]
    exec(config.get("extraConfig") or "", scope)


def python(_, scope, directory):
    """A jupyterhub_config.py: what the site has, and what is put at its end."""
    for name in ["site.py", "added.py"]:
        path = os.path.join(directory, name)
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                exec(compile(file.read(), path, "exec"), scope)
