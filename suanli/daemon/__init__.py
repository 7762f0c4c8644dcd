"""What daemons share: their files and how they reach a market, the loop and its journal, lanes of
work, the chain's clock, locks, what they tell."""

from suanli.daemon.checks import Finding
from suanli.daemon.clock import ChainClock
from suanli.daemon.config import DaemonConfig, read_file
from suanli.daemon.journal import DaemonJournal, Fact, JournalError
from suanli.daemon.lane import Errand, Lane, LaneBatch
from suanli.daemon.loop import DaemonLoop
from suanli.daemon.opening import AWAY, OUTAGES, NotReady
from suanli.daemon.ports import Broken, Inbox, Lanes, Orphans
from suanli.daemon.telling import DaemonTeller, is_running, rows_of_daemon

__all__ = [
    "AWAY",
    "OUTAGES",
    "Broken",
    "ChainClock",
    "DaemonConfig",
    "DaemonJournal",
    "DaemonLoop",
    "DaemonTeller",
    "Errand",
    "Fact",
    "Finding",
    "Inbox",
    "JournalError",
    "Lane",
    "LaneBatch",
    "Lanes",
    "NotReady",
    "Orphans",
    "checks",
    "clock",
    "is_running",
    "lock",
    "opening",
    "read_file",
    "rows_of_daemon",
    "runtimes",
]
