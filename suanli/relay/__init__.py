"""A broker for signed messages and a blob server; it holds no funds and can only withhold."""

from suanli.relay.client import Lodged, RelayClient
from suanli.relay.errors import RelayBusy, RelayError, RelayLied, RelayRefusal, RelayUnreachable
from suanli.relay.http_store import HttpStore
from suanli.relay.paths import SESSIONS
from suanli.relay.prices import PriceStep, prices_told
from suanli.relay.roots import RelayRoots, ipfs_store
from suanli.relay.several import Cursor, Relays, RelayStanding, SeveralStores, blobs_of

__all__ = [
    "SESSIONS",
    "Cursor",
    "HttpStore",
    "Lodged",
    "PriceStep",
    "RelayBusy",
    "RelayClient",
    "RelayError",
    "RelayLied",
    "RelayRefusal",
    "RelayRoots",
    "RelayStanding",
    "RelayUnreachable",
    "Relays",
    "SeveralStores",
    "blobs_of",
    "ipfs_store",
    "prices_told",
    "server",
]
