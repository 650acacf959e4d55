"""Servers as jobs of the sandbox's own Slurm, by batchspawner; the options are those of a page for HPC.

The template takes `account`, `runtime`, `nnodes` and `reservation` as lists, as firecrestspawner's chart does: a plain string is
indexed by character there, and so it is here. `partition`, `qos` and `constraint` may be either. Not the place for Slurm itself.
"""

import os
import shlex

import batchspawner  # its import adds the handler by which a job tells its port
from traitlets import Unicode, default

SCRIPT = """#!/bin/bash
#SBATCH --output={{logfile}}
#SBATCH --open-mode=append
#SBATCH --job-name=jupyter
#SBATCH --chdir={{homedir}}
#SBATCH --export={{keepvars}}
{% if partition %}#SBATCH --partition={{ partition if partition is string else partition[0] }}
{% endif %}{% if account %}#SBATCH --account={{account[0]}}
{% endif %}{% if runtime %}#SBATCH --time={{runtime[0]}}
{% endif %}{% if nnodes %}#SBATCH --nodes={{nnodes[0]}}
{% endif %}{% if reservation %}#SBATCH --reservation={{reservation[0]}}
{% endif %}{% if qos %}#SBATCH --qos={{ qos if qos is string else qos[0] }}
{% endif %}{% if constraint %}#SBATCH --constraint={{ constraint if constraint is string else constraint[0] }}
{% endif %}{% if nprocs %}#SBATCH --cpus-per-task={{ nprocs if nprocs is string else nprocs[0] }}
{% endif %}
set -euo pipefail
{{prologue}}
{{cmd}}
{{epilogue}}
"""


class JobSpawner(batchspawner.SlurmSpawner):
    """All jobs are those of the hub's own user; each person has a home below the sandbox's directory."""

    home_dir_template = Unicode(config=True)
    log_directory = Unicode(config=True)

    batch_script = Unicode(SCRIPT).tag(config=True)
    exec_prefix = Unicode("").tag(config=True)
    ip = Unicode("127.0.0.1").tag(config=True)
    state_exechost_exp = Unicode("127.0.0.1").tag(config=True)
    req_logfile = Unicode()

    @default("req_homedir")
    def _home(self):
        home = self.home_dir_template.format(username=self.user.name)
        os.makedirs(home, mode=0o700, exist_ok=True)
        return home

    @default("req_logfile")
    def _log(self):
        name = "-".join(part for part in ("user", self.user.name, self.name) if part)
        return os.path.join(self.log_directory, name.replace("/", "_") + ".log")

    def user_env(self, env):
        env["USER"] = self.user.name
        env["HOME"] = self.req_homedir
        env["SHELL"] = "/bin/bash"
        return env


def apply(c, settings, here, python):
    wrapper = os.path.join(settings["modules"], "batchspawner", "singleuser.py")
    os.environ["SLURM_CONF"] = settings["conf"]
    c.Spawner.environment["SLURM_CONF"] = settings["conf"]
    c.JupyterHub.spawner_class = JobSpawner
    c.JobSpawner.batchspawner_singleuser_cmd = shlex.join([python, os.path.join(here, "ports.py"), wrapper])
    c.JobSpawner.home_dir_template = os.path.join(here, "homes", "{username}")
    c.JobSpawner.log_directory = os.path.join(here, "logs")
