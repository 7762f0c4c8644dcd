"""What daemons share: lanes of work and their inbox, the chain's clock, facts, locks."""

from suanli.daemon.clock import ChainClock
from suanli.daemon.facts import FACTS_SCHEMA, Fact, note_facts, read_fact
from suanli.daemon.lane import Errand, Lane, LaneBatch
from suanli.daemon.ports import Broken, Inbox, Lanes

__all__ = [
    "FACTS_SCHEMA",
    "Broken",
    "ChainClock",
    "Errand",
    "Fact",
    "Inbox",
    "Lane",
    "LaneBatch",
    "Lanes",
    "clock",
    "lock",
    "note_facts",
    "read_fact",
]
