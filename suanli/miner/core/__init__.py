"""The miner's decisions, pure: observations in, instructions out.

    core = Core(CoreState(settings))
    for instruction in core.step(TimePassed(now)):
        …                                   # once core.take_changes() is written down

`step` takes an observation, at the chain's second `now`, and says what is to be done; each
instruction carries what its doer needs. `take_changes` gives what a restart must find again.
`outlook` says what the core wants to know. A deal changes its stage only along `MOVES`; what goes
against it is told (`Alarm`), and the deal goes on from its facts.
"""

from suanli.miner.core.asking import Ask, Share
from suanli.miner.core.book import ASK_AGAIN, Changes
from suanli.miner.core.chores import grows
from suanli.miner.core.instructions import (
    Act,
    Alarm,
    Check,
    ForDeal,
    Forget,
    Instruction,
    Leave,
    PostClaim,
    PostRejection,
    RunTask,
    Send,
    SendAccepted,
    SendConfirm,
    SendForClass,
    SendForDeal,
    SendPublish,
    SendResult,
    SendStake,
    SendUpdate,
    StoreLeaves,
    StoreTask,
)
from suanli.miner.core.lines import Line, Told
from suanli.miner.core.machine import Core
from suanli.miner.core.observations import (
    AcceptanceAsked,
    AcceptanceSeen,
    ActRefused,
    ChainRead,
    CheckFailed,
    CheckPassed,
    ClaimAnswered,
    DrainAsked,
    LeavesStored,
    Observation,
    OfDeal,
    OwnConfirmed,
    RequestGone,
    RequestSeen,
    RolledBack,
    RoomSeen,
    TaskDone,
    TaskFailed,
    TaskStored,
    TimePassed,
    TwinSeen,
)
from suanli.miner.core.outlook import Outlook, Talk, Watch
from suanli.miner.core.policy import Listed, Policy, module_objection
from suanli.miner.core.reasons import Reason
from suanli.miner.core.records import (
    AdaptiveView,
    ClassView,
    Commitment,
    CoreState,
    MarketView,
    MinerDeal,
    OnChain,
    Passed,
    Rest,
    Sale,
    Settings,
    Work,
)
from suanli.miner.core.resting import shown
from suanli.miner.core.room import most_of_task
from suanli.miner.core.stages import FREE, LIVE, MOVES, IllegalMove, Stage
from suanli.miner.core.validation import validate_state

__all__ = [
    "ASK_AGAIN",
    "FREE",
    "LIVE",
    "MOVES",
    "AcceptanceAsked",
    "AcceptanceSeen",
    "Act",
    "ActRefused",
    "AdaptiveView",
    "Alarm",
    "Ask",
    "ChainRead",
    "Changes",
    "Check",
    "CheckFailed",
    "CheckPassed",
    "ClaimAnswered",
    "ClassView",
    "Commitment",
    "Core",
    "CoreState",
    "DrainAsked",
    "ForDeal",
    "Forget",
    "IllegalMove",
    "Instruction",
    "Leave",
    "LeavesStored",
    "Line",
    "Listed",
    "MarketView",
    "MinerDeal",
    "Observation",
    "OfDeal",
    "OnChain",
    "Outlook",
    "OwnConfirmed",
    "Passed",
    "Policy",
    "PostClaim",
    "PostRejection",
    "Reason",
    "RequestGone",
    "RequestSeen",
    "Rest",
    "RolledBack",
    "RoomSeen",
    "RunTask",
    "Sale",
    "Send",
    "SendAccepted",
    "SendConfirm",
    "SendForClass",
    "SendForDeal",
    "SendPublish",
    "SendResult",
    "SendStake",
    "SendUpdate",
    "Settings",
    "Share",
    "Stage",
    "StoreLeaves",
    "StoreTask",
    "Talk",
    "TaskDone",
    "TaskFailed",
    "TaskStored",
    "TimePassed",
    "Told",
    "TwinSeen",
    "Watch",
    "Work",
    "grows",
    "module_objection",
    "most_of_task",
    "shown",
    "validate_state",
]
