def _hubprobe_service(c, service, account, scopes, token):
    if not token:
        print(f"hubprobe: no token for the service {service}, so nothing works as {account}")
        return
    _hubprobe_add(c, "services", [{"name": service, "api_token": token}])
    _hubprobe_add(c, "load_roles", [{"name": service, "services": [service], "scopes": scopes}])
