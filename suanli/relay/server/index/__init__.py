"""What happened on the chain, in tables that answer at once, and the API over them."""

from suanli.relay.server.index.api import STREAM_PATH, document
from suanli.relay.server.index.indexer import IndexProgress
from suanli.relay.server.index.service import IndexSettings, MarketIndex
from suanli.relay.server.index.store import IndexFailed, UnusableDatabase

__all__ = [
    "STREAM_PATH",
    "IndexFailed",
    "IndexProgress",
    "IndexSettings",
    "MarketIndex",
    "UnusableDatabase",
    "document",
]
