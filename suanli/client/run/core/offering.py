"""From assignments to requests that are out: terms, money, and what they take of a miner."""

from __future__ import annotations

import hmac
from dataclasses import replace

from suanli.client.events import Placed, TermsChosen
from suanli.client.plan import Assignment, Candidate
from suanli.client.records import DealRecord, DealStage
from suanli.client.run.core import observations as o
from suanli.client.run.core.book import RunBook
from suanli.client.run.core.instructions import Promise
from suanli.client.run.core.state import RunState
from suanli.protocol import Request
from suanli.verify import chance

_UNLOCKED = (DealStage.SIGNED, DealStage.OPEN)
"""Stages in which the chain may not hold the deal's money yet."""


def with_our_load(state: RunState, offer: Candidate) -> Candidate:
    """What it was given and has not confirmed is not free any more."""
    free, busy = offer.free, offer.busy
    for record in state.records.values():
        if record.miner == offer.miner and record.running:
            busy += record.seconds or 0.0
            free -= record.request.units if record.stage in _UNLOCKED else 0
    return replace(offer, free=max(0, free), busy=busy)


def to_lock(state: RunState) -> int:
    """What requests that are out may still lock."""
    return sum(
        record.lock
        for record in state.records.values()
        if record.stage is DealStage.SIGNED
        or (record.stage is DealStage.OPEN and not record.posted)
    )


def terms_read(book: RunBook, event: o.TermsRead) -> None:
    """Make the requests, which are to be signed; nothing of them is kept yet."""
    state = book.state
    if event.terms.number != state.terms:
        state.terms = event.terms.number
        book.tell(TermsChosen(event.terms.number, str(event.terms)))
    start = len(state.records)
    records = [
        _record(state, number, assignment, event)
        for number, assignment in enumerate(event.assignments, start)
    ]
    amount = to_lock(state) + sum(record.lock for record in records)
    book.do(Promise(event.placement, records, amount))


def promised(book: RunBook, event: o.Promised) -> None:
    """They are signed, and their money is set apart: from now on they may be shown."""
    doubles, why = event.placement.doubles, event.placement.why
    book.add(event.records)
    for r in event.records:
        score, first = book.state.scores.get(r.miner), book.state.first_uses.get(r.miner, 0.0)
        told = (r.number, r.miner, r.tasks, r.lock, r.seconds, doubles, why, score, first)
        book.tell(Placed(*told))


def _record(state: RunState, number: int, assignment: Assignment, event: o.TermsRead) -> DealRecord:
    tasks, options, setting = assignment.tasks, state.options, state.setting
    request = Request(
        requester=setting.requester,
        miner=assignment.number,
        resource=options.resource,
        runtime=event.runtime,
        units=assignment.units,
        max_price=assignment.bid,
        confirm_by=state.round.head.time + assignment.confirm_within,
        duration=assignment.duration,
        tasks=len(tasks),
        job=setting.digest_of(tasks),
        terms=event.terms.number,
        flags=int(options.verified_only),
        epoch=event.epoch,
        salt=_salt(setting.secret, number),
    )
    completed = {offer.miner: offer.completed for offer in state.offers}
    odds = chance(
        options.audit,
        len(tasks),
        completed.get(assignment.miner, 0),
        assignment.bid,
        event.slashed,
    )
    return DealRecord(
        number,
        DealStage.SIGNED,
        tasks,
        request,
        b"",
        assignment.lock,
        assignment.seconds,
        odds,
        doubles=event.placement.doubles,
        miner=assignment.miner,
        seal_to=assignment.seal_to,
    )


def _salt(secret: bytes, number: int) -> int:
    """Makes a request differ from all others of the account; nobody can tell it beforehand."""
    return int.from_bytes(hmac.digest(secret, b"request %d" % number, "sha256")[:8])
