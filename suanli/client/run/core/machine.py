"""A job's decisions: observations in, instructions out, no I/O.

What is written down (`Changes`) is facts only. After a restart the core asks again for all that is
no fact yet; each instruction may therefore be carried out twice, and whoever carries it out sees to
it that this does no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from suanli.client.errors import ClientError
from suanli.client.run.core import (
    challenging,
    deals,
    judging,
    offering,
    payment,
    placing,
    pleading,
    rounds,
    watching,
)
from suanli.client.run.core import observations as o
from suanli.client.run.core.book import RunBook, RunChanges
from suanli.client.run.core.instructions import RunInstruction
from suanli.client.run.core.state import RunState


class RunCore:
    """`step` is the only way to change `state`, which others may look at."""

    def __init__(self, state: RunState) -> None:
        self.state = state
        self._book = RunBook(state)
        self._handlers: dict[type, Callable[[RunBook, Any], None]] = {
            o.Begun: _begun,
            o.Chosen: _chosen,
            o.RoundBegun: rounds.begin,
            o.Unreachable: rounds.unreachable,
            o.Continue: lambda book, _: rounds.go_on(book),
            o.Failed: rounds.failed,
            o.DealRead: deals.read,
            o.EndRead: deals.end_read,
            o.Opened: deals.opened,
            o.NotLodged: deals.not_lodged,
            o.RejectionRead: deals.rejection_read,
            o.ClaimRead: judging.claim_read,
            o.Fetched: judging.fetched,
            o.NotFetched: judging.not_fetched,
            o.Reran: judging.reran,
            o.AcceptanceSigned: judging.signed,
            o.EvidenceKept: judging.evidence_kept,
            o.ProgressRead: watching.told,
            o.ActSent: payment.sent,
            o.AcceptancePosted: payment.acceptance_posted,
            o.StakesRead: challenging.stakes_read,
            o.FalseProved: challenging.false_proved,
            o.CaseRead: pleading.case_read,
            o.CaseActSent: pleading.act_sent,
            o.FaultRunAgain: pleading.run_again,
            o.CaseClosed: pleading.closed,
            o.OutputsRead: placing.outputs_read,
            o.OffersRead: placing.offers_read,
            o.TermsRead: offering.terms_read,
            o.Promised: offering.promised,
        }

    def step(self, event: o.RunObservation) -> list[RunInstruction]:
        """What is to be done now, in this order, once `take_changes` is written down."""
        book = self._book
        book.now, book.out = event.now, []
        try:
            self._handlers[type(event)](book, event)
        except ClientError as error:
            rounds.refuse(book, error)
        return book.out

    def take_changes(self) -> RunChanges:
        """Since this was asked last."""
        changes, self._book.changes = self._book.changes, RunChanges()
        return changes


def _begun(book: RunBook, event: o.Begun) -> None:
    state = book.state
    state.begun_at = len(state.records)
    state.stuck, state.failing_since = {}, None
    for memory in state.memory.values():
        memory.seen_again = False


def _chosen(book: RunBook, event: o.Chosen) -> None:
    state = book.state
    if event.budget is not None:
        state.budget, state.doubling = event.budget, None
        book.set_facts(budget=str(event.budget), doubling=None)
    if event.options is not None:
        state.options, state.doubling = event.options, None
        book.set_facts(options=event.options.to_json(), doubling=None)
    if event.closing:
        state.closing = True
        if not state.done:
            book.set_facts(cancelled=True)
