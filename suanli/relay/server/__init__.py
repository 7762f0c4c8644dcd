"""The relay's own side: board, blobs, limits."""

from suanli.relay.server.admission import Admission
from suanli.relay.server.app import create_app
from suanli.relay.server.board import Board
from suanli.relay.server.connections import config_of, listen
from suanli.relay.server.database import open_database
from suanli.relay.server.index import IndexSettings, MarketIndex
from suanli.relay.server.keeping import keeps
from suanli.relay.server.node import connect_sparingly
from suanli.relay.server.watch import RelayTally, RelayWatch, figures_of

__all__ = [
    "Admission",
    "Board",
    "IndexSettings",
    "MarketIndex",
    "RelayTally",
    "RelayWatch",
    "config_of",
    "connect_sparingly",
    "create_app",
    "figures_of",
    "keeps",
    "listen",
    "open_database",
]
