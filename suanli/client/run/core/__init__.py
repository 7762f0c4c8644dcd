"""What is decided about a job, pure: observations in, instructions out.

    core = Core(JobState(setting, budget, options))
    for instruction in core.step(observation):
        …                                   # once core.take_changes() is written down

A round begins with `RoundBegun`; whatever an instruction leads to is observed at once, and when
there is nothing left to do, `Continue` asks what is next, until it is `Wait`, `Finish` or `GiveUp`.
A deal changes its stage only along `MOVES`.
"""

from suanli.client.run.core import instructions, observations
from suanli.client.run.core.barring import barred
from suanli.client.run.core.book import RunChanges
from suanli.client.run.core.hedging import SHARE, most
from suanli.client.run.core.machine import RunCore
from suanli.client.run.core.moves import MOVES, IllegalStep
from suanli.client.run.core.placing import owed
from suanli.client.run.core.state import RunState, Setting
from suanli.client.run.core.validation import validate_state

__all__ = [
    "MOVES",
    "SHARE",
    "IllegalStep",
    "RunChanges",
    "RunCore",
    "RunState",
    "Setting",
    "barred",
    "instructions",
    "most",
    "observations",
    "owed",
    "validate_state",
]
