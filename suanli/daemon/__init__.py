"""What daemons share: their files and how they reach a market, lanes of work and their inbox, the
chain's clock, journals, locks, checks."""

from suanli.daemon.clock import ChainClock
from suanli.daemon.config import DaemonConfig, read_file
from suanli.daemon.findings import Finding
from suanli.daemon.journal import DaemonJournal, Fact, JournalError
from suanli.daemon.lane import Errand, Lane, LaneBatch
from suanli.daemon.opening import AWAY, OUTAGES, NotReady
from suanli.daemon.ports import Broken, Inbox, Lanes

__all__ = [
    "AWAY",
    "OUTAGES",
    "Broken",
    "ChainClock",
    "DaemonConfig",
    "DaemonJournal",
    "Errand",
    "Fact",
    "Finding",
    "Inbox",
    "JournalError",
    "Lane",
    "LaneBatch",
    "Lanes",
    "NotReady",
    "clock",
    "lock",
    "opening",
    "read_file",
]
