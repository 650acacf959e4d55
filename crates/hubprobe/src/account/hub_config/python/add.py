def _hubprobe_add(c, trait, items):
    # Adds to a list that this file has assigned, only appended to, or not named yet. What has the same name is completed.
    known = c.JupyterHub.get(trait)
    if hasattr(known, "get_value"):
        known = known.get_value([])
    known = list(known or [])
    for item in items:
        twin = next((one for one in known if one.get("name") == item["name"]), None)
        if twin is None:
            known.append(item)
            continue
        for key, value in item.items():
            if isinstance(value, list):
                twin[key] = [*twin.get(key, []), *(one for one in value if one not in twin.get(key, []))]
    c.JupyterHub[trait] = known
