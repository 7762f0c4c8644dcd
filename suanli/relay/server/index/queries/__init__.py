"""What the API asks of the tables; each answer is bounded, and found by an index."""

from suanli.relay.server.index.queries.all import Queries
from suanli.relay.server.index.queries.live import Live
from suanli.relay.server.index.queries.people import about_id
from suanli.relay.server.index.queries.reader import ToldBoard, about_of, entries_of

__all__ = ["Live", "Queries", "ToldBoard", "about_id", "about_of", "entries_of"]
