def _hubprobe_allow(c, names):
    # Only where there is a list already: an empty one allows everybody here.
    for section in list(c.values()):
        known = section.get("allowed_users") if isinstance(section, dict) else None
        if hasattr(known, "get_value"):
            known = known.get_value(set())
        if known:
            section["allowed_users"] = {*known, *names}
