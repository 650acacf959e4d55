"""A proxy whose table lacks the routes of some servers: configurable-http-proxy as ever, asked late, never, or to forget.

The hub believes that the route is there: it only hears that adding it went well.
"""

import asyncio

import others
from jupyterhub.proxy import ConfigurableHTTPProxy


class FaultProxy(ConfigurableHTTPProxy):
    """Looks at the faults of the spawner whose route is to be added."""

    async def add_user(self, user, server_name=""):
        spawner = user.spawners[server_name]
        # The last that the hub does before it calls a server ready.
        while acts := getattr(spawner, "before_ready", None):
            await acts.pop(0)(spawner)
        faults = getattr(spawner, "faults", {})
        if "route_never" in faults or getattr(spawner, "route_is_lost", False):
            self.log.warning("The route of %s is not added, as asked", user.name)
            return
        if "route_late" in faults:
            turn = spawner.turn

            async def add(_):
                await asyncio.sleep(spawner.seconds("route_late"))
                if spawner.turn == turn and spawner.ready:
                    await ConfigurableHTTPProxy.add_user(self, user, server_name)

            others.later(spawner, add, 0)
            return
        await super().add_user(user, server_name)
        if "route_lost" in faults:

            async def lose(_):
                spawner.route_is_lost = True
                await self.delete_user(user, server_name)

            others.once_up(spawner, lose, spawner.seconds("route_lost"))
