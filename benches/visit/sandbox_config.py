# Added to the sandbox's configuration by run.py.
#
# The hub answers a start request only once the server is ready, or after slow_spawn_timeout (10 s by default). Servers on a real
# deployment take longer than that; here they are up in three seconds, so the timeout is taken away to see the same thing.
import asyncio

c = get_config()  # noqa: F821
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": 0}


async def wait_as_asked(spawner):
    """Moves the instant of being ready about between the looks of who polls."""
    await asyncio.sleep(float(spawner.user_options.get("wait", 0)))


c.Spawner.pre_spawn_hook = wait_as_asked
