"""What daemons share: their files and how they reach a market, lanes of work and their inbox, the
chain's clock, facts, locks, checks."""

from suanli.daemon.clock import ChainClock
from suanli.daemon.config import DaemonConfig, read_file
from suanli.daemon.facts import FACTS_SCHEMA, Fact, note_facts, read_fact
from suanli.daemon.findings import Finding
from suanli.daemon.lane import Errand, Lane, LaneBatch
from suanli.daemon.opening import AWAY, OUTAGES, NotReady
from suanli.daemon.ports import Broken, Inbox, Lanes

__all__ = [
    "AWAY",
    "FACTS_SCHEMA",
    "OUTAGES",
    "Broken",
    "ChainClock",
    "DaemonConfig",
    "Errand",
    "Fact",
    "Finding",
    "Inbox",
    "Lane",
    "LaneBatch",
    "Lanes",
    "NotReady",
    "clock",
    "lock",
    "note_facts",
    "opening",
    "read_fact",
    "read_file",
]
