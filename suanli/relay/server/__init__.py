"""The relay's own side: board, blobs, limits."""

from suanli.relay.server.app import create_app
from suanli.relay.server.database import open_database
from suanli.relay.server.desk import Desk
from suanli.relay.server.listen import config_of, listen
from suanli.relay.server.node import connect_sparingly
from suanli.relay.server.standing import Standing

__all__ = [
    "Desk",
    "Standing",
    "config_of",
    "connect_sparingly",
    "create_app",
    "listen",
    "open_database",
]
