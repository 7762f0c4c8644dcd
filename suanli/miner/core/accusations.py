"""Challenges of this miner's results, as the core knows them. Times are the chain's, in seconds;
amounts in base units."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from suanli.protocol import CaseStatus, Docket, secret_commitment


@dataclass(frozen=True)
class CaseLook:
    """A case at one block. `appeal`: what an appeal takes now, 0 where none can follow; `time`: the
    block's."""

    status: CaseStatus
    docket: Docket
    time: int
    appeal: int = 0

    @property
    def step(self) -> str:
        """Tells apart all that a party can be asked for in a case."""
        it = self.status
        return f"{it.phase:d}-{it.round}-{it.second:d}-{it.deadline}"


@dataclass(frozen=True)
class Purse:
    """What this miner has for a court: in its escrow, in its wallet, and how much of that the court
    may take. `owed`: in the court's escrow for its payout, where that is another account."""

    available: int = 0
    wallet: int = 0
    allowance: int = 0
    owed: int = 0


@dataclass
class Accusation:
    """A case about one task of a deal; `secret` makes this miner's part in each draw.

    `right`: whether the task, run once more, left what was claimed; None: that is not known yet.
    `look` and what follows begin anew with each start. `served_in`: the step in which all data was
    last found in the requesters' store; `note`: what keeps this miner from an appeal.
    """

    case: bytes
    court: str
    task: int
    withheld: bool
    secret: bytes
    right: bool | None = None
    look: CaseLook | None = None
    served_in: str = ""
    wait_until: int = 0
    note: str = ""

    @property
    def open(self) -> bool:
        return self.look is None or not self.look.status.phase.is_final

    def draw_secret(self, round_: int) -> bytes:
        """Its part in the draw of a round."""
        return hashlib.sha256(self.secret + round_.to_bytes(1)).digest()

    def commitment(self, round_: int) -> bytes:
        """To that."""
        return secret_commitment(self.case, round_, True, self.draw_secret(round_))


class Accused(NamedTuple):
    """A deal whose cases are to be read: its court, the block from which on there may be some, and
    those that are known."""

    court: str
    since: int
    cases: Sequence[bytes] = ()
