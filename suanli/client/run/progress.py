"""What happens to a job, for people, as it happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from suanli.base import amounts
from suanli.client.events import (
    Awaited,
    CameLate,
    CaseEnded,
    CaseMoved,
    Challenged,
    ClaimRefused,
    Confirmed,
    Corrected,
    DealEnded,
    FellBack,
    FellSilent,
    JobEvent,
    MayDouble,
    NotChallenged,
    Placed,
    Progressed,
    Rejected,
    RelayTold,
    TaskAccepted,
    TermsChosen,
    Trouble,
    Waiting,
    WalletAsked,
)
from suanli.client.failures import kind
from suanli.client.run.work_line import WorkLine
from suanli.client.wallets import shown

if TYPE_CHECKING:
    from suanli.client.run.run import Run
    from suanli.client.session import Session

SHORT = 10
"""Characters of an address."""
DIGITS = 10
"""Of a case's id."""


def progress(run: Run, happened: Iterable[JobEvent]) -> Iterator[str]:
    """A line for each event; results of a deal come together and share one."""
    lines = ProgressLines(run)
    for event in happened:
        yield from lines.lines(event)
    yield from lines.rest()


class ProgressLines:
    """Makes lines of a run's events, from now on."""

    def __init__(self, run: Run) -> None:
        self._run, self._board = run, WorkLine(run)
        self._done = len(run.ledger.results())
        self._batch: list[TaskAccepted] = []

    def lines(self, event: JobEvent) -> Iterator[str]:
        if not isinstance(event, TaskAccepted):
            yield from self.rest()
            if isinstance(event, Progressed | FellSilent):
                yield from self._board.lines(event)
            else:
                yield describe(self._run.session, event)
            return
        if self._batch and event.miner != self._batch[0].miner:
            yield from self.rest()
        self._batch.append(event)

    def rest(self) -> Iterator[str]:
        """What was held back."""
        batch, run = self._batch, self._run
        if not batch:
            return
        self._batch = []
        self._done += len(batch)
        units, audited = sum(e.units for e in batch), sum(e.audited for e in batch)
        yield (
            f"[{self._done}/{run.tasks}] {len(batch)} results of {short(batch[0].miner)} are"
            f" {_how(batch)}; {units:,} units, {audited} run again here;"
            f" {run.show(run.reserved)} locked or spent{self._board.left()}"
        )


def _how(batch: Sequence[TaskAccepted]) -> str:
    """A result that is no lie may still be of no use."""
    bad = Counter(kind(event.result) for event in batch if not event.ok)
    if not bad:
        return "right"
    if len(bad) == 1 and bad.total() == len(batch):
        return f"as the program left them: all {next(iter(bad))}"
    return "as the program left them: " + ", ".join(f"{n} {how}" for how, n in bad.items())


def describe(session: Session, event: JobEvent) -> str:
    """An event in one line."""
    match event:
        case TermsChosen():
            return event.terms
        case MayDouble():
            return told_doubling(session, event.most, event.late)
        case Corrected():
            return (
                f"task {event.task}: another result was accepted before; run again here, that of"
                f" {short(event.miner)} is the right one"
            )
        case Placed(doubles=int()):
            return (
                f"deal {event.deal}: {len(event.tasks)} tasks of deal {event.doubles} offered to"
                f" {short(event.miner)} as well, at most {session.show(event.lock)}: {event.why}"
            )
        case Placed():
            return (
                f"deal {event.deal}: {len(event.tasks)} tasks offered to {short(event.miner)},"
                f" at most {session.show(event.lock)}{score_told(event.score)}"
                f"{first_use_told(event.first_use)}"
            )
        case Confirmed():
            price = amounts.show_price(event.price)
            return f"deal {event.deal}: {short(event.miner)} took it at {price} a unit"
        case Rejected():
            how = "refuses it" if event.final else "puts it off"
            return f"deal {event.deal}: {short(event.miner)} {how}: {event.reason}"
        case Waiting():
            why = "".join(f"\n  {reason}" for reason in event.reasons) or " there are no offers"
            return f"no miner for {event.tasks} tasks, waiting {event.seconds:g} s for offers:{why}"
        case TaskAccepted():
            audited = ", run again here" if event.audited else ""
            return f"task {event.task} by {short(event.miner)}: {event.units:,} units{audited}"
        case ClaimRefused():
            return (
                f"deal {event.deal}: result of {short(event.miner)} refused ({event.kind}):"
                f" {event.why}; what shows it is kept in {event.evidence}"
            )
        case Challenged():
            return (
                f"deal {event.deal}: its result is before the court, {session.show(event.deposit)}"
                f" are held; suanli case show {event.case[:DIGITS]} tells more"
            )
        case Awaited():
            return (
                f"deal {event.deal}: {event.tasks} tasks are bought again only once"
                f" {short(event.miner)} is not paid for them (--hedge: at once)"
            )
        case CameLate():
            then = "accepted" if event.accepted else "used, and the court decides what is paid"
            return (
                f"deal {event.deal}: what {short(event.miner)} withheld has come and is right:"
                f" {event.tasks} results are {then}"
            )
        case NotChallenged():
            return f"deal {event.deal}: its result is not challenged: {event.why}"
        case CaseMoved():
            return f"deal {event.deal}: case {event.case[:DIGITS]}: {event.what}"
        case CaseEnded():
            won = f", it brought {session.show(event.reward)}" if event.reward else ""
            return f"deal {event.deal}: case {event.how}, it cost {session.show(event.cost)}{won}"
        case DealEnded():
            why = f" ({event.why})" if event.why else ""
            paid = session.show(event.cost)
            return f"deal {event.deal}: {short(event.miner)} {event.how}{why}, paid {paid}"
        case WalletAsked():
            return (
                f"deal {event.deal}: it ends by its time, or at once if {event.wallet} sends"
                f" {shown(event.call).strip()}"
            )
        case FellBack():
            return f"going on over the chain: {event.why}"
        case RelayTold():
            return event.text
        case Trouble():
            return f"trying again: {event.why}"
    return repr(event)


def told_doubling(session: Session, most: int, late: bool) -> str:
    whose = "is late or falls silent" if late else "falls silent"
    return (
        f"if a miner {whose}, its tasks are placed a second time, for at most {session.show(most)}"
        " more (--no-hedge: never)"
    )


def score_told(score: float | None) -> str:
    """The end of a line about a miner; empty where its score is not known."""
    return "" if score is None else f", score {score:.3f}"


def first_use_told(seconds: float) -> str:
    """The same of a miner that has the program to compile; empty where it has not."""
    return f", once it has compiled the program, about {seconds:.0f} s" if seconds >= 1 else ""


def short(address: str) -> str:
    return address[:SHORT]
