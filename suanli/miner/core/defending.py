"""This miner's part in a court's cases about its results: pure.

Who is silent loses, so what is due is asked for until the chain shows it. It follows from what the
court says alone; the secrets of draws are made of one that was written down when the case was seen.
"""

from __future__ import annotations

from dataclasses import replace

from suanli.base.amounts import show
from suanli.miner.core.accusations import Accusation, CaseLook
from suanli.miner.core.book import Book
from suanli.miner.core.case_words import charge, standing
from suanli.miner.core.instructions import (
    Act,
    RunTask,
    SendAnswer,
    SendBond,
    SendForCase,
    SendSecret,
    Serve,
)
from suanli.miner.core.lines import Told
from suanli.miner.core.observations import ChallengeSeen, DealServed
from suanli.miner.core.records import MinerDeal
from suanli.protocol import ZERO_ADDRESS, CaseOutcome, CasePhase, Request, State, Tree

HASHES = 250
"""Blocks for which the hash of one can be recorded, with some to spare."""
PATIENCE = 30
"""Seconds for which others may do what is due and nobody's part."""
AGAIN = 10
"""Seconds until a task is run again that could not be."""
SERVED_DAILY = 86_400
"""Seconds after which it is seen to that the data of a submitted result is still in the store: a
relay forgets what nobody asks for within a week."""
LAST_ROUND = 2
_LOST = (CaseOutcome.WRONG, CaseOutcome.UNAVAILABLE)
_SERVED = (CasePhase.QUEUED, CasePhase.ANSWERING, CasePhase.VOTING, CasePhase.CURING)
"""Phases in which it is seen to, once in each, that all data is in the store."""
_NOBODYS = (CasePhase.QUEUED, CasePhase.VOTING, CasePhase.REVEALING, CasePhase.CURING)
"""Phases that end by time."""


def challenged(book: Book, event: ChallengeSeen) -> None:
    deal = book.state.deals.get(event.id)
    if deal is None or event.case in deal.cases:
        return
    made = Accusation(event.case, event.court, event.task, event.withheld, event.secret)
    deal.cases[event.case] = made
    _tell(book, deal, made, charge(made))
    book.changed(deal)


def see(book: Book, deal: MinerDeal, case: Accusation, look: CaseLook) -> None:
    """What the chain says of a case."""
    before, case.look = case.look, look
    if before is None or before.step != look.step:
        case.note = ""
        if look.status.phase is not CasePhase.NONE:
            _tell(book, deal, case, standing(look.status))


def defend(book: Book, deal: MinerDeal) -> None:
    """Ask for what is due."""
    _keep_served(book, deal)
    for case in deal.cases.values():
        if case.look is not None and case.look.status.phase is not CasePhase.NONE:
            _defend(book, deal, case, case.look)


def ran_again(book: Book, deal: MinerDeal, task: int, same: bool | None) -> None:
    """A task of a result was run once more; `same`: whether it left what was claimed, None: it
    could not be run."""
    for case in deal.cases.values():
        if case.task == task and same is None:
            case.wait_until = book.now + AGAIN
        elif case.task == task and case.right is not same:
            case.right = same
            if not same:
                _tell(book, deal, case, "run again here, the task leaves ANOTHER result")
            book.changed(deal)
    if same is not None:
        deal.lost.discard(task)


def served(book: Book, event: DealServed) -> None:
    deal = book.answered("serve", event)
    if deal is None:
        return
    deal.served, deal.lost = book.now, set(event.lost)
    for case in deal.cases.values():
        if case.look is not None and not event.lost:
            case.served_in = case.look.step


def holds(deal: MinerDeal, me: str) -> bool:
    """Whether a deposit of ours may still come out of one of its cases."""
    return any(case.open and _is_ours(case, me) for case in deal.cases.values())


def _defend(book: Book, deal: MinerDeal, case: Accusation, look: CaseLook) -> None:
    if not case.open:
        _after(book, deal, case, look)
        return
    if deal.result is None:
        return  # a journal that was lost: there is nothing to show
    _run_again(book, deal, case)
    _serve(book, deal, case, look)
    if _left(deal) and not _is_ours(case, book.state.settings.miner):
        return  # nothing is left for us to lose or to get
    act = due_act(look, _block(book), left=_left(deal))
    if act is not None:
        _send(book, deal, case, act)
    elif look.status.phase is CasePhase.DECIDED:
        _consider_appeal(book, deal, case, look)


def due_act(look: CaseLook, block: int, *, left: bool = False) -> Act | None:
    """What the miner has to do, or has a reason to; None: to wait. An appeal is its choice.
    `block`: the newest, as contracts see it; `left`: the deal has left the court."""
    it, over = look.status, look.time - look.status.deadline
    if left:
        return Act.ADVANCE
    if over > 0:
        return _ended(look, over)
    if it.phase is CasePhase.ANSWERING and not it.miner_acted:
        return Act.COMMIT_SECRET if it.round else Act.ANSWER
    if it.phase is CasePhase.DECIDED and it.round == LAST_ROUND:
        return Act.ADVANCE
    if it.phase is CasePhase.DRAWING and block > it.named:
        if not any(it.seed) and block > it.named + HASHES:
            return Act.RECORD_HASH
        if not it.miner_acted:
            return Act.REVEAL_SECRET
        return Act.DRAW if it.filer_acted else None
    return None


def _ended(look: CaseLook, over: int) -> Act | None:
    """Of a phase whose time is over, `over` seconds ago: what ends well for the miner it ends
    itself; what ends badly it leaves to others."""
    it = look.status
    if it.phase in (CasePhase.ANSWERING, CasePhase.DRAWING):
        wins = it.miner_acted and (not it.filer_acted or over > PATIENCE)
    elif it.phase is CasePhase.DECIDED:
        wins = it.outcome not in _LOST
    else:
        wins = it.phase is CasePhase.SHOWING or (it.phase in _NOBODYS and over > PATIENCE)
    return Act.ADVANCE if wins else None


def _after(book: Book, deal: MinerDeal, case: Accusation, look: CaseLook) -> None:
    """The case is closed: the deal goes on, and what is ours comes out."""
    docket, purse = look.docket, book.state.purses.get(case.court)
    overturned = docket.all_wrong or docket.wrong
    waits = docket.open or look.time <= docket.filing_until
    if docket.frozen and not docket.finished and not overturned and not waits:
        _send(book, deal, case, Act.FINISH)
    won = look.status.phase is CasePhase.REJECTED
    if purse and purse.available and (won or _is_ours(case, book.state.settings.miner)):
        _send_bond(book, deal, case, Act.WITHDRAW_BOND, purse.available)


def _consider_appeal(book: Book, deal: MinerDeal, case: Accusation, look: CaseLook) -> None:
    it = look.status
    lost = it.outcome in _LOST and it.round < LAST_ROUND and it.appellant == ZERO_ADDRESS
    if not lost or case.right is None:
        return
    if not case.right:
        _note(book, deal, case, "no appeal: run again here, the task leaves another result")
    elif it.outcome is CaseOutcome.UNAVAILABLE and deal.lost:
        _note(book, deal, case, "no appeal: some of its data is lost")
    else:
        _appeal(book, deal, case, look)


def _appeal(book: Book, deal: MinerDeal, case: Accusation, look: CaseLook) -> None:
    """As far as the bound and the account's tokens reach."""
    state, purse = book.state, book.state.purses.get(case.court)
    settings, takes = state.settings, look.appeal
    if takes + _held(book) > settings.appeal_bond:
        bound = show(settings.appeal_bond, settings.decimals)
        takes_ = show(takes, settings.decimals)
        _note(book, deal, case, f"no appeal: it takes {takes_} tokens, appeal_bond allows {bound}")
    elif purse is None:
        return
    elif (missing := takes - purse.available) <= 0:
        _send(book, deal, case, Act.APPEAL)
    elif purse.wallet < missing:
        lacks = show(missing - purse.wallet, settings.decimals)
        why = f"no appeal: {settings.miner} lacks {lacks} tokens for it; send them to it in time"
        _note(book, deal, case, why)
    else:
        enough = purse.allowance >= missing
        _send_bond(book, deal, case, Act.DEPOSIT_BOND if enough else Act.APPROVE_BOND, missing)


def _held(book: Book) -> int:
    """By appeals of ours that are open."""
    me = book.state.settings.miner
    return sum(
        case.look.status.appeal_deposit
        for deal in book.state.deals.values()
        for case in deal.cases.values()
        if case.look is not None and case.open and _is_ours(case, me)
    )


def _is_ours(case: Accusation, me: str) -> bool:
    """Whether this miner appealed."""
    return case.look is not None and case.look.status.appellant == me


def _left(deal: MinerDeal) -> bool:
    return deal.chain is not None and deal.chain.state is not State.SUBMITTED


def _block(book: Book) -> int:
    return book.state.view.evm_block if book.state.view else 0


# The data, and the task once more


def _run_again(book: Book, deal: MinerDeal, case: Accusation) -> None:
    wanted = {*deal.lost, *({case.task} if case.right is None else ())}
    if book.now >= case.wait_until:
        for task in sorted(wanted):
            book.ask("again", RunTask(deal.id, deal.request.job, task), task)


def _serve(book: Book, deal: MinerDeal, case: Accusation, look: CaseLook) -> None:
    if look.status.phase in _SERVED and case.served_in != look.step and not deal.lost:
        _ask_serve(book, deal)


def _keep_served(book: Book, deal: MinerDeal) -> None:
    submitted = deal.chain is not None and deal.chain.state is State.SUBMITTED
    if submitted and book.now >= max(deal.served, deal.waiting_since) + SERVED_DAILY:
        _ask_serve(book, deal)


def _ask_serve(book: Book, deal: MinerDeal) -> None:
    if deal.result is not None and deal.listed:
        leaves = [deal.leaves[index] for index in range(len(deal.leaves))]
        shown = [case for case in deal.cases.values() if case.open and case.look is not None]
        accused = sorted({case.task for case in shown if not case.withheld})
        withheld = any(case.withheld for case in shown)
        book.ask("serve", Serve(deal.id, deal.request.job, leaves, tuple(accused), withheld))


# Sending


def _send(book: Book, deal: MinerDeal, case: Accusation, act: Act) -> None:
    assert case.look is not None
    round_, of = case.look.status.round, _of(deal, case, act)
    match act:
        case Act.ANSWER:
            leaves = [deal.leaves[index] for index in range(len(deal.leaves))]
            path = Tree(leaves).path(case.task)
            book.send(SendAnswer(*of, case.commitment(0), leaves[case.task], path))
        case Act.COMMIT_SECRET:
            book.send(SendSecret(*of, case.commitment(round_)))
        case Act.REVEAL_SECRET:
            book.send(SendSecret(*of, case.draw_secret(round_)))
        case Act.APPEAL:
            book.send(SendSecret(*of, case.commitment(LAST_ROUND)))
        case _:
            book.send(SendForCase(*of))


def _send_bond(book: Book, deal: MinerDeal, case: Accusation, act: Act, amount: int) -> None:
    of = SendBond(*_of(deal, case, act), amount)
    book.send(replace(of, key=f"{of.key}:{book.now}"))


def _of(deal: MinerDeal, case: Accusation, act: Act) -> tuple[Act, str, bytes, Request, str, bytes]:
    assert case.look is not None
    key = f"{act}:0x{case.case.hex()}:{case.look.step}"
    return act, key, deal.id, deal.request, case.court, case.case


# Telling


def _tell(book: Book, deal: MinerDeal, case: Accusation, text: str) -> None:
    name = case.case.hex()
    step = case.look.step if case.look else ""
    book.tell(deal, Told.CASE, f"0x{name[:8]}: {text}", once=f"case:{name}:{step}:{text}")


def _note(book: Book, deal: MinerDeal, case: Accusation, text: str) -> None:
    if case.note != text:
        case.note = text
        _tell(book, deal, case, text)
