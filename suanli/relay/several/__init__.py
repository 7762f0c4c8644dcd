"""Several relays as one: what one of them lacks, hides, delays or makes up costs nothing while
another is there."""

from suanli.relay.several.relays import Cursor, Relays, RelayStanding
from suanli.relay.several.store import SeveralStores, blobs_of

__all__ = ["Cursor", "RelayStanding", "Relays", "SeveralStores", "blobs_of"]
