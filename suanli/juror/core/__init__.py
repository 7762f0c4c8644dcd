"""The juror's decisions, pure: observations in, instructions out.

    core = JurorCore(JurorState(settings))
    for instruction in core.step(CourtRead(now, view, cases)):
        …                                   # once core.take_changes() is written down

A ballot changes its stage only along `MOVES`; what goes against it is told (`JurorAlarm`).
"""

from suanli.juror.core.events import (
    CourtRead,
    Drawn,
    ForgetCase,
    Judge,
    Judged,
    JurorAct,
    JurorAlarm,
    JurorInstruction,
    JurorObservation,
    LeaveAsked,
    LeaveCourt,
    NotJudged,
    Obstacle,
    SendAdvance,
    SendForSeat,
    SendToCourt,
    SendVote,
    SendWithdraw,
    TimeWent,
    VoteRefused,
)
from suanli.juror.core.machine import ASK_AGAIN, FINAL, KEPT, JurorChanges, JurorCore
from suanli.juror.core.records import (
    UNAVAILABLE,
    Ballot,
    BallotId,
    CaseSeen,
    CourtView,
    Dispute,
    JurorSettings,
    JurorState,
    PlaceSeen,
    SeatSeen,
    Vote,
)
from suanli.juror.core.stages import MOVES, BallotStage, IllegalBallotMove

__all__ = [
    "ASK_AGAIN",
    "FINAL",
    "KEPT",
    "MOVES",
    "UNAVAILABLE",
    "Ballot",
    "BallotId",
    "BallotStage",
    "CaseSeen",
    "CourtRead",
    "CourtView",
    "Dispute",
    "Drawn",
    "ForgetCase",
    "IllegalBallotMove",
    "Judge",
    "Judged",
    "JurorAct",
    "JurorAlarm",
    "JurorChanges",
    "JurorCore",
    "JurorInstruction",
    "JurorObservation",
    "JurorSettings",
    "JurorState",
    "LeaveAsked",
    "LeaveCourt",
    "NotJudged",
    "Obstacle",
    "PlaceSeen",
    "SeatSeen",
    "SendAdvance",
    "SendForSeat",
    "SendToCourt",
    "SendVote",
    "SendWithdraw",
    "TimeWent",
    "Vote",
    "VoteRefused",
]
