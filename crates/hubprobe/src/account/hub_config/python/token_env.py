def _hubprobe_token(variable):
    import os

    return os.environ.get(variable, "").strip()
