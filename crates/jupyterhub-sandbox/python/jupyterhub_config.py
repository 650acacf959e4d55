"""The configuration of a sandbox's hub. What differs between sandboxes is in settings.json beside it.

Whatever this file sets, the extra configuration at its end may change.
"""

import json
import os
import sys

import jupyterhub

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, here)


def beside(name):
    with open(os.path.join(here, name), encoding="utf-8") as file:
        return file.read().strip()


settings = json.loads(beside("settings.json"))
c = get_config()  # noqa: F821

# Addresses: all on loopback. The proxy is not the hub's child, so that either may live without the other.
c.JupyterHub.bind_url = f"http://127.0.0.1:{settings['public_port']}{settings['base_url']}"
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = settings["hub_port"]
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{settings['api_port']}"
c.JupyterHub.cleanup_servers = True
c.JupyterHub.cleanup_proxy = False

# Files.
c.JupyterHub.db_url = "sqlite:///" + os.path.join(here, "jupyterhub.sqlite")
c.JupyterHub.cookie_secret_file = os.path.join(here, "cookie_secret")

# People: anybody may log in with any password. The service's token is for whoever made the sandbox.
c.JupyterHub.authenticator_class = "jupyterhub.auth.DummyAuthenticator"
if jupyterhub.version_info >= (5, 0):
    c.Authenticator.allow_all = True
c.JupyterHub.services = []
c.JupyterHub.load_roles = []

# Servers: processes of the same user, each person with a home below the sandbox's directory.
c.JupyterHub.spawner_class = "faults.FaultSpawner" if settings["faults"] else "local.LocalSpawner"
if settings["faults"]:
    import kernels

    c.FaultSpawner.standing = settings["standing"]["spawn"]
    c.FaultSpawner.old_server = settings["old_server"] or ""
    c.JupyterHub.proxy_class = "routes.FaultProxy"
    kernels.write(os.path.join(here, "share"))
c.LocalSpawner.log_directory = os.path.join(here, "logs")
c.SimpleLocalProcessSpawner.home_dir_template = os.path.join(here, "homes", "{username}")
c.JupyterHub.allow_named_servers = True
c.Spawner.cmd = [os.path.join(os.path.dirname(sys.executable), "jupyterhub-singleuser")]
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
c.Spawner.environment = {
    # Settings that keep servers from asking the internet for news, and make the light one light.
    "JUPYTER_CONFIG_PATH": os.path.join(here, "jupyter"),
}
if settings["faults"]:
    c.Spawner.environment["JUPYTER_PATH"] = os.path.join(here, "share")
if settings["single_user"] == "light":
    c.Spawner.environment["JUPYTERHUB_SINGLEUSER_APP"] = "jupyter_server.serverapp.ServerApp"
    c.LocalSpawner.settle = True

if settings["slurm"]:
    # After the standard library and the environment, so that nothing of theirs is hidden.
    sys.path.append(settings["slurm"]["modules"])
    import slurm

    slurm.apply(c, settings["slurm"], here, sys.executable)

if settings["standing"]["hub"]:
    import hub_faults

    hub_faults.apply(c, settings["standing"]["hub"])

# What the sandbox's maker adds.
for path in settings["extra_config"]:
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), {**globals(), "__file__": path})

# Without these the sandbox could not be used or ended.
admin_service = {"name": settings["admin_service"], "api_token": beside("admin.token")}
c.JupyterHub.services = [*c.JupyterHub.services, admin_service]
# With the system's accounts only (the fault `pam`) there is no such user.
admins = [] if "PAM" in str(c.JupyterHub.authenticator_class) else [settings["admin_user"]]
for role in c.JupyterHub.load_roles:
    if role["name"] == "admin":
        role["services"] = [*role.get("services", []), admin_service["name"]]
        break
else:
    c.JupyterHub.load_roles = [
        *c.JupyterHub.load_roles,
        {"name": "admin", "users": admins, "services": [admin_service["name"]]},
    ]
for section in list(c.values()):
    if isinstance(section.get("environment"), dict):
        section["environment"]["HUBPROBE_SANDBOX"] = settings["id"]
for service in c.JupyterHub.services:
    service["environment"] = {**service.get("environment", {}), "HUBPROBE_SANDBOX": settings["id"]}

if settings["parent"]:
    import watch

    watch.begin(settings["parent"], settings["id"])
