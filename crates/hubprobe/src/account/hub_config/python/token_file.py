def _hubprobe_token(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError as error:
        print(f"hubprobe: {error}")
        return ""
