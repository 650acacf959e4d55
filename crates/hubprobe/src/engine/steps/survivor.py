# Says, as one line of JSON, which processes a kernel and its server are. Runs in a kernel of whatever Python 3 a site has, leaves
# no name behind, and changes nothing.
def _hubprobe():
    import json, os, socket

    def read(path):
        try:
            with open(path) as file:
                return file.read().strip()
        except OSError:
            return ""

    def namespace():
        try:
            return os.readlink("/proc/self/ns/pid")
        except OSError:
            return ""

    def process(pid):
        # proc(5): field 22 is the start time; the second field, the command, may hold blanks.
        fields = read("/proc/%d/stat" % pid).rpartition(")")[2].split()
        return {"pid": pid, "started": int(fields[19]) if len(fields) > 19 else 0}

    # jupyter_client tells a kernel its server so; a script may stand between the two.
    parent = os.environ.get("JPY_PARENT_PID", "")
    parent = int(parent) if parent.isdigit() else os.getppid()
    return json.dumps(
        {
            "hubprobe": 1,
            "host": socket.gethostname(),
            "boot": read("/proc/sys/kernel/random/boot_id"),
            "space": namespace(),
            "kernel": process(os.getpid()),
            "server": process(parent) if parent > 0 else None,
            "job": os.environ.get("SLURM_JOB_ID"),
        }
    )


print(_hubprobe())
del _hubprobe
