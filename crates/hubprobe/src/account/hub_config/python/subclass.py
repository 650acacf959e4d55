def _hubprobe_exempt(c, names):
    import inspect

    from jupyterhub.app import JupyterHub
    from traitlets.utils.importstring import import_item

    base = c.JupyterHub.get("authenticator_class")
    if isinstance(base, str):
        registered = JupyterHub.class_traits()["authenticator_class"].load_entry_points()
        base = registered[base.lower()].load() if base.lower() in registered else import_item(base)
    if not isinstance(base, type):
        print("hubprobe: no c.JupyterHub.authenticator_class before this piece, so it exempts nobody")
        return

    class ServiceAccountsExempt(base):
        async def refresh_user(self, user, *args, **kwargs):
            if user.name in names:
                return True  # always fresh
            refreshed = super().refresh_user(user, *args, **kwargs)
            return await refreshed if inspect.isawaitable(refreshed) else refreshed

    c.JupyterHub.authenticator_class = ServiceAccountsExempt
