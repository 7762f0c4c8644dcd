"""A requester's core with one deal, stepped by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from suanli.client.options import Options
from suanli.client.records import DealRecord, DealStage, Kept
from suanli.client.run.core import RunCore, RunState, Setting, validate_state
from suanli.client.run.core import instructions as i
from suanli.client.run.core import observations as o
from suanli.engine import Limits
from suanli.protocol import Deal, Leaf, Scale, State, Trial
from tests.suanli.relay.conftest import request

HEAD = o.At(100, 1_000)
MADE = request()._replace(tasks=2, units=20, confirm_by=2_000)
SETTING = Setting(
    job="job",
    tasks=2,
    limits=Limits(fuel=10_000_000, memory=1 << 20),
    scale=Scale(18),
    symbol="SUAN",
    secret=bytes(32),
    requester=MADE.requester,
    is_wallet=False,
    has_relay=True,
    can_post=False,
    digest_of=lambda tasks: bytes(32),
)
RECORD = DealRecord(0, DealStage.SIGNED, (0, 1), MADE, b"signed", 7, None, miner="0x" + "22" * 20)


def core(
    stage: DealStage = DealStage.SIGNED, setting: Setting = SETTING, **changes: Any
) -> RunCore:
    made = RunCore(RunState(setting, 100, Options()))
    made.state.records[0] = replace(RECORD, stage=stage, **changes)
    if "acceptance" in changes:
        kept = [Kept(n, 0, Leaf(n, 0, bytes(32), 1), False, True) for n in RECORD.tasks]
        made.state.results = {result.task: result for result in kept}
    validate_state(made.state)
    return made


def deal(state: State) -> Deal:
    return Deal(state, 1, 5, 2_500, 0, Trial.NONE, False, bytes(32), 0)


def begin(made: RunCore) -> list[i.RunInstruction]:
    """Of a round, up to the first thing about the deal."""
    found = made.step(o.RoundBegun(0.0, HEAD, HEAD))
    while not isinstance(found[0], i.ReadDeal):
        found = made.step(o.Continue(0.0))
    return found


def read(made: RunCore, state: State) -> list[i.RunInstruction]:
    begin(made)
    return made.step(o.DealRead(0.0, 0, HEAD, state, deal(state)))
