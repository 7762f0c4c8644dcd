"""Two challenges with nobody honest: which orders and states of the small court are one.

States are alike, as far as it goes what can still happen, that differ in nothing but

- amounts: no rule reads one but to refuse what an account can't pay, and here everybody can always
  pay (which is looked at). That nothing is made or lost is looked at in each step, and a step
  changes the books by what the rest of the state says, whatever was in them before;
- the names of jurors: seats differ by the juries they sit in and by what they said there;
- the two cases' places, as filers and tasks are alike;
- the rounds of closed cases, votes of a ballot that a second one followed, the age of deadlines
  that are over: nothing reads them any more;
- how far the end of the court's time is, while it is farther than any deadline (looked at, too).

Orders are alike, so that one of them is enough, that differ in nothing but

- when somebody acts in a phase that this does not end: nothing reads it before the phase's end, so
  it is done together with the call that ends the phase, or just before its deadline passes;
- the order in which several act in one phase;
- whether the miner alone commits or shows its secret, or neither does: the filer loses;
- what a juror committed to, until it is revealed: nothing can read it.

Left out: what the end of a deal pays jurors whose phase had not ended, which the walk of one
challenge tries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

from suanli.model.court import Case, Round
from suanli.protocol import State
from suanli.protocol.court import CasePhase
from tests.contracts.Court.small import FIRST, JURORS, MINER, SECOND, UNIT, Town
from tests.contracts.Court.walk import Play, Step, steps, waits

SECRETS = ("commit_secret", "reveal_secret")
VOTES = ("commit_vote", "reveal_vote")
ENOUGH = 500 * UNIT


def together(town: Town, play: Play) -> Iterator[tuple[Step, ...]]:
    """Calls that are made at once."""
    acts: dict[bytes, list[Step]] = {}
    is_over = _is_over(town)
    for step in steps(town, play):
        if is_over and not step.is_exit:
            continue
        if step.name in (*SECRETS, *VOTES):
            acts.setdefault(step.args[0], []).append(step)
        else:
            yield (step,)
    for case_id, options in acts.items():
        case = town.court.cases[case_id]
        is_last = waits(town)[:1] == [case.deadline + 1]
        if options[0].name in SECRETS:
            yield from _secrets(case, options, is_last)
        else:
            yield from _votes(case, options, is_last)


def _secrets(case: Case, options: list[Step], is_last: bool) -> Iterator[tuple[Step, ...]]:
    by_filer = [step for step in options if step.who == case.filer]
    by_miner = [step for step in options if step.who == MINER]
    if not by_filer or not by_miner:
        yield from ((step,) for step in options)
        return
    for first in by_filer:
        yield first, by_miner[0]._replace(draws=0)
    if is_last:
        yield (by_filer[0],)


def _votes(case: Case, options: list[Step], is_last: bool) -> Iterator[tuple[Step, ...]]:
    ballot = case.round.ballot
    if case.phase == CasePhase.VOTING:
        open_ = [index for index in range(len(case.round.seats)) if index not in ballot.commitments]
    else:
        open_ = [index for index in ballot.commitments if index not in ballot.votes]
    by_index = {index: [s for s in options if s.args[1] == index] for index in open_}
    for count in range(1 if is_last else len(open_), len(open_) + 1):
        for some in combinations(open_, count):
            yield from product(*(by_index[index] for index in some))


def _end(town: Town) -> int:
    """Of the time in which the court may judge."""
    deal, terms = town.market.deal_of(town.market.request_id(town.request)), town.market.terms[1]
    return deal.time + terms.challenge_window + terms.verdict_by


def _is_over(town: Town) -> bool:
    """Cases that are open can only be closed as void."""
    deal = town.market.deal_of(town.market.request_id(town.request))
    return town.court.time > _end(town) or deal.state != State.SUBMITTED


def alike(town: Town) -> bytes:
    cases = list(town.court.cases.values())
    return min(_told(town, order) for order in (cases, cases[::-1]))


def _told(town: Town, cases: Sequence[Case]) -> bytes:
    court, market, now = town.court, town.market, town.court.time
    request_id = market.request_id(town.request)
    deal, docket, terms = market.deal_of(request_id), court.dockets[request_id], market.terms[1]
    end = _end(town)
    window = end - terms.verdict_by
    is_late = now > end - court.rules.step
    open_cases = [case for case in cases if not case.phase.is_final]
    is_over = _is_over(town)
    assert is_late or all(case.deadline < end - court.rules.step for case in open_cases)
    assert all(court.accounts[who].available > ENOUGH for who in (FIRST, SECOND, MINER))
    wrong = [case.task in docket.wrong for case in cases]
    judged = [] if is_over else open_cases
    seats = (_seat(town, position, judged) for position in range(1, len(JURORS) + 1))
    whole = (
        (is_late, now > end, max(window - now, -1)),
        (deal.state, deal.trial, deal.due_set, deal.units_due),
        (max(docket.filing_until - now, -1), docket.reopened, docket.frozen, docket.noted),
        (docket.finished, docket.cured, docket.all_wrong, wrong),
        [_case(case, now, is_over) for case in cases],
        sorted(seats),
    )
    return repr(whole).encode()


def _case(case: Case, now: int, is_over: bool) -> tuple[object, ...]:
    if case.phase.is_final:
        return case.phase, case.claims
    if is_over:
        return ("open",)
    drawn, phase = case.round, case.phase
    acted = {CasePhase.ANSWERING: drawn.secrets, CasePhase.DRAWING: drawn.shown}
    return (
        (phase, max(case.deadline - now, -1), case.shown, case.outcome),
        (case.appealed, case.appealed_by_miner, sorted(acted.get(phase, ()))),
        [_round(each) for each in case.rounds],
    )


def _round(drawn: Round) -> tuple[object, ...]:
    return drawn.number, len(drawn.seats), drawn.counted, drawn.outcome, len(drawn.ballots)


def _seat(town: Town, position: int, cases: list[Case]) -> str:
    seat = town.court.seats[position]
    said = [[_said(town, case, each, position) for each in case.rounds] for case in cases]
    drawable = [
        case.phase != CasePhase.DRAWING or not seat.left_at or seat.left_at > case.round.began
        for case in cases
    ]
    return repr((bool(seat.left_at), said, drawable))


def _said(town: Town, case: Case, drawn: Round, position: int) -> object:
    if position not in drawn.seats:
        return "not drawn"
    index, second = drawn.seats.index(position), len(drawn.ballots) - 1
    if index in drawn.ballot.votes:
        return town.said[case.case_id, drawn.number, second, index]
    return not drawn.counted and index in drawn.ballot.commitments
