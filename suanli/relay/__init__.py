"""A broker for signed messages and a blob server; it holds no funds and can only withhold."""

from suanli.relay.client import Lodged, RelayClient
from suanli.relay.errors import RelayBusy, RelayError, RelayLied, RelayRefusal, RelayUnreachable
from suanli.relay.http_store import HttpStore
from suanli.relay.paths import SESSIONS
from suanli.relay.roots import RelayRoots, ipfs_store

__all__ = [
    "SESSIONS",
    "HttpStore",
    "Lodged",
    "RelayBusy",
    "RelayClient",
    "RelayError",
    "RelayLied",
    "RelayRefusal",
    "RelayRoots",
    "RelayUnreachable",
    "ipfs_store",
    "server",
]
