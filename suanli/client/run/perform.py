"""Carries out what the core wants: one instruction after the other, and what came of each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from suanli.base.text import plain
from suanli.chain import BadAnswer, Block, FeeTooHigh
from suanli.client.events import JobEvent, TaskAccepted
from suanli.client.run.buying import Buying
from suanli.client.run.checking import Checking
from suanli.client.run.core import instructions as i
from suanli.client.run.core import observations as o
from suanli.client.run.dealing import Dealing
from suanli.client.run.pleading import Pleading
from suanli.client.run.sealing import Sealing
from suanli.client.run.ways import TRANSIENT, Ways
from suanli.verify import fetch_output

_DEAR = "dear gas"


class Performer:
    def __init__(self, ways: Ways) -> None:
        self._ways = ways
        sealing = Sealing(ways)
        dealing, buying = Dealing(ways, sealing), Buying(ways)
        checking, pleading = Checking(ways, sealing), Pleading(ways, sealing)
        self._dealing, self._buying = dealing, buying
        self._doers: dict[type, Callable[[Any], o.RunObservation | JobEvent | None]] = {
            i.Tell: lambda wanted: wanted.event,
            i.TellDone: self._task_done,
            i.AskWallet: dealing.ask_wallet,
            i.ReadOutputs: buying.read_outputs,
            i.ReadOffers: buying.read_offers,
            i.ReadTerms: buying.read_terms,
            i.Promise: buying.promise,
            i.Deposit: buying.deposit,
            i.ReadDeal: dealing.read,
            i.ReadEnd: dealing.read_end,
            i.Lodge: dealing.lodge,
            i.Post: dealing.post,
            i.AskRejection: dealing.ask_rejection,
            i.AskClaim: dealing.ask_claim,
            i.AskProgress: dealing.ask_progress,
            i.SendAct: dealing.send,
            i.PostAcceptance: dealing.post_acceptance,
            i.Fetch: checking.fetch,
            i.Rerun: checking.rerun,
            i.SignAcceptance: checking.sign_acceptance,
            i.KeepEvidence: checking.keep_evidence,
            i.ReadStakes: pleading.read_stakes,
            i.ProveFalse: pleading.prove_false,
            i.ReadCase: pleading.read_case,
            i.SendCaseAct: pleading.send,
            i.RunFaultAgain: pleading.run_again,
            i.CloseCase: pleading.close,
        }

    def look(self) -> o.RunObservation:
        """The blocks that a round goes by."""
        session = self._ways.session
        try:
            head = session.market.node.head()
            seen = self._confirmed_block(head)
        except TRANSIENT as error:
            return o.Unreachable(session.clock(), plain(str(error)), key_of(error))
        self._buying.head, self._dealing.seen = head, o.At(seen.number, seen.time)
        return o.RoundBegun(session.clock(), o.At(head.number, head.time), self._dealing.seen)

    def perform(self, instruction: i.RunInstruction) -> o.RunObservation | JobEvent | None:
        """What came of it, or what is to be told. Raises as what it uses does."""
        return self._doers[type(instruction)](instruction)

    def failed(self, error: Any) -> o.Failed:
        """For the core, to decide what becomes of it."""
        why, passing = plain(str(error)), isinstance(error, TRANSIENT)
        return o.Failed(self._ways.session.clock(), error, why, key_of(error), passing)

    def _confirmed_block(self, head: Block) -> Block:
        """The block to judge by."""
        session = self._ways.session
        if not session.confirmations:
            return head
        number = max(0, head.number - session.confirmations)
        found = session.market.node.block(number)
        if found is None:
            raise BadAnswer("eth_getBlockByNumber", f"block {number} below the newest is missing")
        return found

    def _task_done(self, wanted: i.TellDone) -> TaskAccepted:
        kept, job = wanted.kept, self._ways.job
        read = partial(fetch_output, job.blobs, kept.leaf, job.salt, job.manifest.limits)
        return TaskAccepted(kept.task, wanted.miner, kept.leaf.units, kept.audited, kept.ok, read)


def key_of(error: Exception) -> str:
    """By which a trouble is known as the same."""
    # What gas costs changes with each block.
    return _DEAR if isinstance(error, FeeTooHigh) else plain(str(error))
