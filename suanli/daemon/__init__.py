"""What daemons share: lanes of work and their inbox, the chain's clock, facts, locks, checks."""

from suanli.daemon.clock import ChainClock
from suanli.daemon.facts import FACTS_SCHEMA, Fact, note_facts, read_fact
from suanli.daemon.findings import Finding
from suanli.daemon.lane import Errand, Lane, LaneBatch
from suanli.daemon.ports import Broken, Inbox, Lanes

__all__ = [
    "FACTS_SCHEMA",
    "Broken",
    "ChainClock",
    "Errand",
    "Fact",
    "Finding",
    "Inbox",
    "Lane",
    "LaneBatch",
    "Lanes",
    "clock",
    "lock",
    "note_facts",
    "read_fact",
]
