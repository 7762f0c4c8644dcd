"""What a miner says its result is: asked for, fetched, checked, then accepted or refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from suanli.client.events import CameLate, ClaimRefused, Corrected, Trouble
from suanli.client.records import DealRecord, DealStage, Fault, Kept
from suanli.client.run.core import awaiting, challenging, payment, watching
from suanli.client.run.core import observations as o
from suanli.client.run.core.book import RunBook
from suanli.client.run.core.instructions import (
    AskClaim,
    Checked,
    Fetch,
    KeepEvidence,
    Rerun,
    SignAcceptance,
    TellDone,
)
from suanli.client.run.core.standing import (
    can_be_challenged,
    is_for_court_alone,
    submitted_in,
)
from suanli.protocol import ZERO_DIGEST, Claim, Deal, Leaf, Sibling, State, Tree
from suanli.verify import ResultRefused, drawn

SUBMITTED = (State.SUBMITTED, State.CHALLENGED, State.SETTLEABLE, State.SETTLED)
"""States in which a result may stand on the chain."""
JUDGE_AGAIN = 5.0
"""Seconds after which it is looked again whether what was withheld has come."""
AT_A_TIME = 4
"""Tasks that are run again in a round while a case is open."""
IN_TIME = (State.CONFIRMED, State.SUBMITTED)
"""States in which a fetch that gets on, if slowly, is let go on."""


def judge(book: RunBook, record: DealRecord, event: o.DealRead) -> None:
    """Look for a confirmed deal's result; compare what was submitted with what was accepted."""
    deal, submitted = event.deal, submitted_in(event)
    assert deal is not None
    if record.stage is DealStage.CONFIRMED or _is_to_be_judged_again(book, record, event):
        book.do(AskClaim(record, submitted))
    elif record.stage is DealStage.ACCEPTED and submitted not in (
        None,
        (record.root, record.units_used),
    ):
        # The results stay: they were checked.
        why = (
            f"another result was submitted than the one accepted: {deal.units_used} units, not"
            f" {record.units_used}"
        )
        book.do(KeepEvidence(record, ResultRefused("wrong", why), _claim_of(record, deal)))
    else:
        _go_on(book, record)


def _is_to_be_judged_again(book: RunBook, record: DealRecord, event: o.DealRead) -> bool:
    """Whether a result that was refused, or another in its place, may go before a court, and it is
    not known what is wrong with it: or it was withheld, and may have come."""
    fault, memory, submitted = record.fault, book.memory(record), submitted_in(event)
    if record.stage is not DealStage.REFUSED:
        return False
    if not (can_be_challenged(event) or awaiting.may_come(book, record)):
        return False
    if record.late and (record.root, record.units_used) == submitted:
        return False
    is_known = fault is not None and (fault.root, fault.units_used) == submitted
    if is_known and fault is not None and not fault.withheld:
        return False
    if memory.judged_at is not None and book.now - memory.judged_at < JUDGE_AGAIN:
        return False
    memory.judged_at = book.now
    return True


def claim_read(book: RunBook, event: o.ClaimRead) -> None:
    record = _judged(book, event)
    if record is None:
        return
    memory = book.memory(record)
    memory.answered, memory.case.away = event.answered, not event.answered
    if event.claim is not None:
        book.do(Fetch(record, event.claim))
        return
    if _chain(book, record).state in SUBMITTED:
        refused = ResultRefused("withheld", "nobody has its list of leaves")
        if _is_final(book, record, refused):
            _refuse(book, record, refused)
            return
    _go_on(book, record)


def not_fetched(book: RunBook, event: o.NotFetched) -> None:
    record = _judged(book, event)
    if record is None:
        return
    refused, memory = event.refused, book.memory(record)
    memory.case.away = event.away
    if event.progress and _chain(book, record).state in IN_TIME:
        memory.missed_since = None
    if refused.kind == "withheld" and not memory.told_missed:
        memory.told_missed = True
        book.tell(Trouble(f"deal {record.number}: its result can't be fetched: {refused.why}"))
    is_wrong = refused.kind == "wrong" and bool(event.leaves)
    if record.stage is DealStage.REFUSED and is_wrong and not _proof(event.claim, event.leaves):
        # What it should be is for a court to compare.
        wrong = 0 if refused.task is None else refused.task
        book.do(Rerun(record, Checked(event.claim, event.leaves, ()), (wrong,)))
    elif _is_final(book, record, refused):
        _refuse(book, record, refused, event.claim, event.leaves)
    else:
        _go_on(book, record)


def fetched(book: RunBook, event: o.Fetched) -> None:
    record = _judged(book, event)
    if record is not None:
        _check(book, record, event.checked, begins=True)


def _check(book: RunBook, record: DealRecord, checked: Checked, begins: bool) -> None:
    """Have what is drawn run again; if that is done, it is right. While a case is open it is a few
    in each round, since what the case waits for comes before."""
    setting, memory = book.state.setting, book.memory(record)
    odds = (record.number, record.tasks, record.audit, checked.good, setting.tasks)
    # Where two miners differ one is wrong.
    chosen = sorted({*drawn(setting.secret, *odds), *_contradicting(book, record, checked.leaves)})
    root, done = memory.reran
    todo = [index for index in chosen if root != checked.claim.root or index not in done]
    if not todo and record.stage is DealStage.REFUSED and is_for_court_alone(_chain(book, record)):
        _use(book, record, checked, chosen)
    elif not todo:
        book.do(SignAcceptance(record, checked, chosen))
    elif not book.state.open_filings():
        book.do(Rerun(record, checked, todo))
    elif begins:
        book.do(Rerun(record, checked, todo[:AT_A_TIME]))
    else:
        memory.judged_at = None


def reran(book: RunBook, event: o.Reran) -> None:
    record = _judged(book, event)
    if record is None:
        return
    checked, right = event.checked, event.right
    if right:
        first = min(right)
        why = f"task {record.tasks[first]} run again leaves something else"
        wrong = ResultRefused("wrong", why, first)
        _refuse(book, record, wrong, checked.claim, checked.leaves, right)
    elif checked.good:
        memory, root = book.memory(record), checked.claim.root
        before = memory.reran[1] if memory.reran[0] == root else frozenset[int]()
        memory.reran = root, before | set(event.chosen)
        _check(book, record, checked, begins=False)
    else:
        _go_on(book, record)


def signed(book: RunBook, event: o.AcceptanceSigned) -> None:
    """Keep the results with the acceptance, or neither."""
    record = _judged(book, event)
    if record is None:
        return
    if record.withheld:
        book.tell(CameLate(record.number, record.miner, len(record.tasks), accepted=True))
    claim = event.checked.claim
    changes = {"root": claim.root, "units_used": claim.units_used, "refused": "", "fault": None}
    record = book.move(record, DealStage.ACCEPTED, acceptance=event.signature, **changes)
    _keep(book, record, event.checked, event.chosen)
    _go_on(book, record)


def _use(book: RunBook, record: DealRecord, checked: Checked, chosen: Sequence[int]) -> None:
    """What was withheld is here, and right."""
    claim = checked.claim
    if new := len(set(record.tasks) - book.state.results.keys()):
        book.tell(CameLate(record.number, record.miner, new, accepted=False))
    record = book.note(
        record, root=claim.root, units_used=claim.units_used, fault=None, why=payment.LATE
    )
    _keep(book, record, checked, chosen)
    _go_on(book, record)


def _keep(book: RunBook, record: DealRecord, checked: Checked, chosen: Sequence[int]) -> None:
    known = book.state.results.keys() & set(record.tasks)
    corrected = _contradicting(book, record, checked.leaves)
    kept = [
        Kept(record.tasks[leaf.index], record.number, leaf, leaf.index in chosen, ok)
        for leaf, ok in zip(checked.leaves, checked.good, strict=True)
    ]
    book.keep(kept)
    for other in book.state.live():
        # What another withholds may be just these outputs.
        if other.withheld and not known.issuperset(other.tasks):
            book.memory(other).judged_at = None
    for result in kept:
        if result.task not in known:
            book.do(TellDone(result, record.miner))
        elif result.leaf.index in corrected:
            book.tell(Corrected(result.task, record.miner))


def evidence_kept(book: RunBook, event: o.EvidenceKept) -> None:
    record, refused = book.state.records[event.number], event.refused
    if record.stage not in (DealStage.CONFIRMED, DealStage.ACCEPTED, DealStage.REFUSED):
        return
    if str(refused) != record.refused:
        book.tell(ClaimRefused(record.number, record.miner, refused.kind, refused.why, event.path))
    changes = {"refused": str(refused), "fault": event.fault}
    record = book.move(record, DealStage.REFUSED, **changes)
    _go_on(book, record)


def gives_up(book: RunBook, record: DealRecord) -> bool:
    """Whether after the deadline it is clear that nothing will come: everybody was asked, or could
    not be asked for a while; and no data are awaited."""
    memory, patience = book.memory(record), book.state.options.patience
    if memory.late_since is None:
        memory.late_since = book.now
    if memory.missed_since is not None and book.now - memory.missed_since <= patience:
        return False
    return memory.answered or book.now - memory.late_since > patience


def _go_on(book: RunBook, record: DealRecord) -> None:
    """Once the result was looked for: what is to be done about the deal's money."""
    event = _chain(book, record)
    confirmed = record.stage is DealStage.CONFIRMED
    if confirmed and event.state is State.CONFIRMED:
        watching.look(book, record, event)
    if event.state in (State.SETTLED, State.OVERTURNED):
        if not confirmed and not awaiting.may_come(book, record):
            payment.ended(book, record, event)
    elif event.state is State.OVERDUE and record.stage is DealStage.REFUSED:
        payment.claim_default(book, record, "its result was refused")
    elif event.state is State.OVERDUE and confirmed:
        if gives_up(book, record):
            payment.claim_default(book, record, "no result by the deadline")
    elif not (record.stage is DealStage.REFUSED and challenging.consider(book, record, event)):
        payment.advance(book, record, event)


def _refuse(
    book: RunBook,
    record: DealRecord,
    refused: ResultRefused,
    claim: Claim | None = None,
    leaves: Sequence[Leaf] = (),
    right: Mapping[int, Leaf] | None = None,
) -> None:
    """With what of it a court can find: a list of leaves that is not the result's is none."""
    event = _chain(book, record)
    if claim is None and event.deal is not None and submitted_in(event) is not None:
        claim = _claim_of(record, event.deal)
    fault = None
    if claim is not None:
        index = refused.task or 0
        leaf = (right or {}).get(index)
        fault = Fault(claim.root, claim.units_used, index, leaf, _proof(claim, leaves))
    book.do(KeepEvidence(record, refused, claim, leaves, right, fault))


def _proof(claim: Claim, leaves: Sequence[Leaf]) -> tuple[Leaf, tuple[Sibling, ...]] | None:
    """That the leaves of its root have another sum than it says: any of them shows it."""
    if not leaves or sum(leaf.units for leaf in leaves) == claim.units_used:
        return None
    tree = Tree(leaves)
    return (leaves[0], tuple(tree.path(0))) if tree.root == claim.root else None


def _claim_of(record: DealRecord, deal: Deal) -> Claim:
    """What was submitted, of which nobody has the leaves."""
    return Claim(record.miner, 0, bytes(32), deal.root, deal.units_used, ZERO_DIGEST)


def _judged(book: RunBook, event: o.OfRecord) -> DealRecord | None:
    """The deal, if it is still to be judged."""
    record = book.state.records[event.number]
    return record if record.stage in (DealStage.CONFIRMED, DealStage.REFUSED) else None


def _chain(book: RunBook, record: DealRecord) -> o.DealRead:
    found = book.memory(record).chain
    assert found is not None
    return found


def _contradicting(book: RunBook, record: DealRecord, leaves: Sequence[Leaf]) -> set[int]:
    """Which leaves differ from results that were accepted before."""
    known = book.state.results
    return {
        leaf.index
        for leaf in leaves
        if (kept := known.get(record.tasks[leaf.index])) and not kept.leaf.agrees(leaf)
    }


def _is_final(book: RunBook, record: DealRecord, refused: ResultRefused) -> bool:
    """What is withheld may come yet: only after a while is it refused."""
    memory = book.memory(record)
    if memory.missed_since is None:
        memory.missed_since = book.now
    patience = book.state.options.patience
    return refused.kind == "wrong" or book.now - memory.missed_since > patience
