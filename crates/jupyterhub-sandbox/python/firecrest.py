"""firecrestspawner in front of FirecREST v2 and Slurm, emulated: its words, and what it makes of options, errors and a stop.

There is neither FirecREST nor Slurm here; servers are processes like all others of the sandbox. What is said is what was seen on a
real deployment (JupyterHub 5.4.3, the chart's own configuration), word for word, the missing space and the double one included.
The template takes `account`, `runtime`, `nnodes` and `reservation` as lists and of each the first element, which of a plain text
is its first letter; `partition` is a plain text. Other options, a nested map of options too, are ignored.

The argument of the fault `firecrest` says what goes wrong, see HOW; a number behind it is how many seconds that takes.
"""

import asyncio
import os

from tornado import web

PARTITIONS, ACCOUNTS, RESERVATIONS = ("normal", "debug"), ("proj",), ("class",)

# With the real ones each of these takes its own time; without a number it is the real one's.
HOW = {
    "old": 4,  # the version before April 2026: the progress stream ends while the spawn goes on
    "queue": 10**6,  # the job waits
    "dies": 1,  # the job is gone before it was seen to run
    "dies_late": 5,  # the job was seen to run, and ends
    "down": 0,  # FirecREST is not there
    "hangs": 30,  # FirecREST takes the request and never answers
    "unhealthy": 0,  # FirecREST answers 503, or refuses for a reason that the spawner keeps to itself
    "no_slurmctld": 5,  # FirecREST is well, and its Slurm does not answer
    "keeps": 0,  # FirecREST is down when the server is stopped, which the spawner takes for stopped
}
VANISHED = "The Jupyter batch job has disappeared while pending in the queue or died  immediately after starting."
RUNNING = (
    "Cluster job running... waiting to connect. If the server fails to start in a few moments, check the log file for possible"
    " reasons: {home}/slurm-{job}.out"
)
jobs = iter(range(13, 10**9))
# Where the servers listen that nobody has ended, by their logs: one port for all, as the chart has it.
orphans = {}


class ReadTimeout(Exception):
    """Has no words, as httpx's."""


def wanted(spawner):
    """What goes wrong (nothing: an empty text), and after how many seconds; none where the spawn is another spawner's."""
    argument = spawner.faults.get("firecrest")
    if argument is None:
        return None
    how, _, seconds = argument.partition(":")
    return how, float(seconds or HOW.get(how, 0))


def first(spawner, name):
    """As the chart's template has it: {{ NAME[0] }}, where NAME is not empty."""
    value = (spawner.user_options or {}).get(name)
    return str(value[0]) if value else ""


async def start(spawner):
    """What happens before there is a process; the address of an older one that answers for it."""
    how, seconds = wanted(spawner)
    spawner.job_id = spawner.job_status = ""
    if how in ("down", "unhealthy"):
        raise RuntimeError({"down": "All connection attempts failed", "unhealthy": "Jupyter batch job submission failure"}[how])
    if how in ("hangs", "no_slurmctld"):
        await asyncio.sleep(seconds)
        raise ReadTimeout() if how == "hangs" else RuntimeError(("Channel not open for sending",))
    await asyncio.sleep(0.3)
    spawner._env.update(submit(spawner))
    spawner.job_id = str(next(jobs))
    spawner._env["SLURM_JOB_ID"] = spawner.job_id
    await asyncio.sleep(0.2)
    spawner.job_status = "PENDING"
    await asyncio.sleep(seconds if how in ("queue", "dies", "old") else 1)
    if how == "dies":
        spawner.job_id = spawner.job_status = ""
        raise RuntimeError(VANISHED)
    spawner.job_status = "RUNNING"
    # So that it is seen.
    await asyncio.sleep(1)
    if how == "dies_late":
        spawner.cmd, spawner.settle = ["sh", "-c", f"sleep {seconds}; exit 1"], False
    return orphans.get(spawner.log_path)


def submit(spawner):
    """What the job's environment says of it; raises where Slurm refuses it."""
    partition = str((spawner.user_options or {}).get("partition") or PARTITIONS[0])
    account, reservation, nodes = (first(spawner, name) for name in ("account", "reservation", "nnodes"))
    if partition not in PARTITIONS:
        refuse(f"sbatch: error: invalid partition specified: {partition}\n", "Invalid partition name specified")
    if account and account not in ACCOUNTS:
        refuse("", "Invalid account or account/partition combination specified")
    if reservation and reservation not in RESERVATIONS:
        refuse("", "Requested reservation is invalid")
    if nodes and not nodes.isdecimal():
        refuse(f'sbatch: error: invalid number of nodes (-N {nodes})\n', "Invalid node count")
    runtime = first(spawner, "runtime")
    if runtime and runtime in "0123456789":
        # A day or nothing, of 00:05:00: no limit, which the partition does not allow.
        refuse("", "Requested time limit is invalid (missing or exceeds some limit)")
    facts = {"PARTITION": partition, "ACCOUNT": account or ACCOUNTS[0], "NUM_NODES": nodes or "1", "RESERVATION": reservation}
    return {f"SLURM_JOB_{name}": value for name, value in facts.items() if value}


def refuse(before, words):
    raise RuntimeError(
        f"Unexpected Slurm command response. exit_status:1 std_err:{before}sbatch: error: Batch job submission failed: {words}\n"
    )


async def events(spawner):
    """The spawner's own events, which have no `progress`."""
    how, _ = wanted(spawner)
    if how == "old":
        # To return is not enough: the hub would keep the stream open until the spawn is done.
        raise web.Finish()
    while True:
        if spawner.job_status.startswith("PENDING"):
            yield {"message": f"Job {spawner.job_id} is pending in queue "}
        elif spawner.job_status.startswith("RUNNING"):
            home = os.path.join("/home", spawner.user.name)
            yield {"message": RUNNING.format(home=home, job=spawner.job_id)}
            return
        else:
            yield {"message": "Waiting for job status..."}
        await asyncio.sleep(1)


def stopped_in_name(spawner):
    """Whether the stop does nothing to the process: it runs on, and answers whoever comes to its port next.

    The spawner could not ask for its job, took that for a job that is gone, and forgot it.
    """
    if spawner.log_path not in orphans:
        if wanted(spawner)[0] != "keeps" or spawner.address is None:
            return False
        orphans[spawner.log_path] = spawner.address
    spawner.job_id = spawner.job_status = ""
    return True
