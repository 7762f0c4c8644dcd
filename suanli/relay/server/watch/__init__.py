"""How a relay fares: what it counts as it goes, what it sees when it looks, and who is told."""

from suanli.relay.server.watch.figures import figures_of
from suanli.relay.server.watch.health import add_health
from suanli.relay.server.watch.looking import RelayWatch
from suanli.relay.server.watch.seen import RelaySeen
from suanli.relay.server.watch.tally import Counting, RelayTally

__all__ = ["Counting", "RelaySeen", "RelayTally", "RelayWatch", "add_health", "figures_of"]
