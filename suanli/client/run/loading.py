"""From a job's ledger to what its core knows."""

from __future__ import annotations

from suanli.client.ledger import Ledger
from suanli.client.options import Options
from suanli.client.run.core import RunState, Setting
from suanli.client.session import Session
from suanli.job import StoredJob


def state_of(session: Session, name: str, job: StoredJob, ledger: Ledger) -> RunState:
    facts = ledger.facts()
    setting = Setting(
        job=name,
        tasks=len(job.manifest.tasks),
        limits=job.manifest.limits,
        scale=session.scale,
        symbol=session.symbol,
        secret=bytes.fromhex(facts["secret"]),
        requester=session.requester,
        is_wallet=session.requester != session.account.address,
        has_relay=session.relay is not None,
        can_post=_can_post(session, Options.from_json(facts["options"])),
        digest_of=lambda tasks: job.part(tasks).digest(job.salt),
    )
    state = RunState(setting, 0, Options())
    refresh(state, ledger)
    return state


def refresh(state: RunState, ledger: Ledger) -> None:
    """Others may have gone on with it."""
    facts, doubling = ledger.facts(), ledger.facts().get("doubling")
    state.budget, state.options = int(facts["budget"]), Options.from_json(facts["options"])
    state.doubling = None if doubling is None else int(doubling)
    state.closing = state.closing or bool(facts.get("cancelled"))
    state.records = {record.number: record for record in ledger.deals()}
    state.results = dict(ledger.results())
    state.filings = {(filing.deal, filing.number): filing for filing in ledger.filings()}


def _can_post(session: Session, options: Options) -> bool:
    """What is sealed only a relay tells of."""
    mine, shared = session.requester == session.account.address, session.results is not None
    return mine and shared and not options.seal
