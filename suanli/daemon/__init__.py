"""What daemons share: lanes of work and their inbox, the chain's clock, facts, locks."""

from suanli.daemon.clock import ChainClock
from suanli.daemon.facts import FACTS_SCHEMA, Fact, note_facts, read_fact
from suanli.daemon.lane import Batch, Errand, Lane
from suanli.daemon.ports import Broken, Inbox, Lanes

__all__ = [
    "FACTS_SCHEMA",
    "Batch",
    "Broken",
    "ChainClock",
    "Errand",
    "Fact",
    "Inbox",
    "Lane",
    "Lanes",
    "clock",
    "lock",
    "note_facts",
    "read_fact",
]
