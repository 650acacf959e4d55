def _hubprobe_exempt(c, names):
    import inspect

    def exempting(earlier):
        async def refresh_user_hook(authenticator, user, auth_state):
            if user.name in names:
                return True  # always fresh
            refreshed = earlier(authenticator, user, auth_state) if callable(earlier) else None
            return await refreshed if inspect.isawaitable(refreshed) else refreshed  # None: as without a hook

        return refresh_user_hook

    def sections(config):
        for name, section in list(config.items()):
            if name[:1].isupper() and isinstance(section, dict):
                yield section
                yield from sections(section)

    # A hook that is set already is asked for everybody else. That of a concrete class, such as
    # c.GenericOAuthenticator, goes before that of c.OAuthenticator, so each is wrapped where it is.
    inherited = c.Authenticator.get("refresh_user_hook")
    for section in list(sections(c)):
        if "refresh_user_hook" in section:
            section["refresh_user_hook"] = exempting(section["refresh_user_hook"])
    if "refresh_user_hook" not in c.OAuthenticator:
        c.OAuthenticator["refresh_user_hook"] = exempting(inherited)
