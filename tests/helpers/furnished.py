"""Servers that have what a session needs: a storage root and an environment with a viewer."""

from tests.helpers.runicorn_env import NEW, MadeUpHome
from tests.helpers.standin import SERVES, stand_in


def with_stand_in(server, viewer=SERVES):
    """Give the account a viewer that starts in no time, named ``train``; return the server."""
    MadeUpHome(server.home).root()
    stand_in(server.home, viewer=viewer)
    return server


def with_runicorn(server, version=NEW):
    """Give the account a real Runicorn in an environment named ``train``; return the server."""
    home = MadeUpHome(server.home)
    home.root()
    home.venv("envs/train", version)
    return server
