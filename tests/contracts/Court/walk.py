"""Every order of every call in a small court, on the model; states that are alike are one.

Whoever is honest keeps to the protocol, and time passes no deadline before which it has something
to do; all others do, or leave, what they like.
"""

from __future__ import annotations

import pickle
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from suanli.model.court import Case
from suanli.protocol import State, Trial
from suanli.protocol.court import CasePhase
from tests.contracts.Court import plays, small
from tests.contracts.Court.small import (
    ANYBODY,
    FIRST,
    JURORS,
    MINER,
    REQUESTER,
    SECOND,
    Town,
)

FILERS = (FIRST, SECOND)
MISSED = 257
"""Blocks after which a hash is gone."""


class Filing(NamedTuple):
    """A challenge that may be filed: by whom, of what; `told`: the leaf that it holds right."""

    filer: str
    task: int
    told: str = "right"
    withheld: bool = False


class Step(NamedTuple):
    """A call; or time, or blocks, that pass."""

    name: str
    who: str
    args: tuple[Any, ...] = ()
    is_exit: bool = False
    """Anybody may do it, whoever the parties are."""
    draws: int = 0
    """Position that the hash, with the secrets, will draw first; 0: no hash is read."""
    told: str = ""
    """By a vote."""


@dataclass(frozen=True)
class Play:
    """Who is honest, what may be filed, what jurors may say."""

    honest: frozenset[str] = frozenset()
    filings: tuple[Filing, ...] = ()
    votes: tuple[str, ...] = ("right", "wrong", "nothing")
    accepts: bool = True
    """The requester may accept the result."""
    misses: bool = False
    """Hashes may be missed."""
    told_late: bool = False
    """What a juror committed to is not told before its reveal, which is when it matters."""


@dataclass
class Found:
    states: int = 0
    steps: int = 0
    ends: list[tuple[Town, tuple[Step, ...]]] = field(default_factory=list)
    """States in which all is done, with a way there."""
    stuck: list[tuple[Step, ...]] = field(default_factory=list)
    """Ways to states from which public calls and time lead to no end."""
    names: Counter[str] = field(default_factory=Counter)


def steps(town: Town, play: Play) -> Iterator[Step]:
    """All that anybody may try, but for what is known to be refused."""
    yield from _filings(town, play)
    for number, case_id in enumerate(town.cases):
        case = town.court.cases[case_id]
        yield from _of_parties(town, case, play)
        yield from _of_jurors(case, play)
        yield from _of_anybody(town, case, number, play)
    docket = town.court.dockets[town.market.request_id(town.request)]
    if docket.frozen and not docket.finished:
        yield Step("finish", ANYBODY, (town.request,), True)
    deal = town.market.deal_of(town.market.request_id(town.request))
    if deal.state == State.SUBMITTED:
        yield Step("settle", ANYBODY, (town.request,), True)
        if play.accepts and deal.trial != Trial.REVEALED:
            result = (town.request, deal.root, deal.units_used)
            yield Step("accept_result", REQUESTER, result)


def _filings(town: Town, play: Play) -> Iterator[Step]:
    request_id = town.market.request_id(town.request)
    for filing in play.filings:
        new = plays.case_id(request_id, filing.filer, 0)
        if new in town.court.cases:
            continue
        leaf = plays.committed_leaf(new, *filing)
        secret = plays.committed_secret(new, 0, False)
        of = (town.request, 0, filing.withheld, filing.task, leaf, secret)
        yield Step("challenge", filing.filer, of)


def _of_parties(town: Town, case: Case, play: Play) -> Iterator[Step]:
    if case.phase.is_final:
        return
    parties = ((MINER, True), (case.filer, False))
    number, case_id = case.round.number, case.case_id
    if case.phase == CasePhase.ANSWERING and number == 0:
        tree = plays.tree(small.TASKS, town.wrong)
        told = "wrong" if case.task in town.wrong else "right"
        opened = plays.leaf(case.task, told), tree.path(case.task)
        secret = plays.committed_secret(case_id, 0, True)
        yield Step("answer", MINER, (town.request, case_id, secret, *opened))
    elif case.phase == CasePhase.ANSWERING:
        for who, by_miner in parties:
            if by_miner not in case.round.secrets:
                secret = plays.committed_secret(case_id, number, by_miner)
                yield Step("commit_secret", who, (case_id, secret))
    elif case.phase == CasePhase.DRAWING:
        for who, by_miner in parties:
            if by_miner not in case.round.shown:
                args = case_id, plays.secret(case_id, number, by_miner)
                yield from _draws(town, case, Step("reveal_secret", who, args))
    elif case.phase == CasePhase.SHOWING:
        told = next(one.told for one in play.filings if one.filer == case.filer)
        args = plays.shown_leaf(case, told), plays.salt_of(case_id)
        yield Step("show_leaf", case.filer, (town.request, case_id, *args))
    elif case.phase == CasePhase.DECIDED and not case.appealed:
        for who, by_miner in parties:
            yield Step("appeal", who, (case_id, plays.committed_secret(case_id, 2, by_miner)))


def _draws(town: Town, case: Case, step: Step) -> Iterator[Step]:
    """Every chance: which seat is drawn first, which is all of a jury of one."""
    if case.round.seed != bytes(32):
        yield step
        return
    used = {position for each in case.rounds for position in each.seats}
    free = [position for position in town.court.seats if position not in used]
    for position in free if case.round.jury == 1 else free[:1]:
        yield step._replace(draws=position)


def _of_jurors(case: Case, play: Play) -> Iterator[Step]:
    if case.phase not in (CasePhase.VOTING, CasePhase.REVEALING):
        return
    ballot = case.round.ballot
    for index, position in enumerate(case.round.seats):
        juror = JURORS[position - 1]
        votes = ("right",) if juror in play.honest else play.votes
        for told in votes:
            if case.phase == CasePhase.VOTING and index not in ballot.commitments:
                if play.told_late and told != votes[0]:
                    continue
                committed = plays.committed_vote(case, index, told)
                yield Step("commit_vote", juror, (case.case_id, index, committed), told=told)
            elif case.phase == CasePhase.REVEALING:
                args = case.case_id, index, *plays.vote(case, index, told)
                yield Step("reveal_vote", juror, args, told=told)


def _of_anybody(town: Town, case: Case, number: int, play: Play) -> Iterator[Step]:
    if case.phase.is_final:
        if case.claims:
            yield Step("collect", ANYBODY, (case.request_id, case.case_id), True)
        return
    yield Step("advance", ANYBODY, (town.request, case.case_id), True)
    if case.phase == CasePhase.DRAWING and case.round.seed == bytes(32) and play.misses:
        yield from _draws(town, case, Step("record_hash", ANYBODY, (case.case_id,), True))
        if number == 0 and not case.round.renamed:
            yield Step("miss", ANYBODY)


def waits(town: Town) -> list[int]:
    """Moments at which something ends, from now on: the next one first."""
    court, request_id = town.court, town.market.request_id(town.request)
    deal = town.market.deal_of(request_id)
    moments = {case.deadline for case in court.cases.values() if not case.phase.is_final}
    moments.add(court.dockets[request_id].filing_until)
    if deal.state == State.SUBMITTED:
        terms = town.market.terms[1]
        end = deal.time + terms.challenge_window
        moments |= {end, end + terms.verdict_by, end + terms.verdict_by - court.rules.step}
    return sorted(moment + 1 for moment in moments if moment >= town.market.time)


def key(town: Town) -> bytes:
    """What tells two states apart: times from now, balances, jurors without their names."""
    court, market, now = town.court, town.market, town.market.time
    deal = market.deal_of(market.request_id(town.request))
    docket = court.dockets[market.request_id(town.request)]
    books = tuple(
        (book.available, book.locked)
        for who in small.EVERYBODY[: -len(JURORS)]
        for book in (court.accounts[who], market.accounts[who])
    )
    jurors = sorted(_juror_key(town, juror) for juror in JURORS)
    cases = [
        (
            case.phase,
            case.deadline - now,
            case.deposit,
            case.cured,
            case.shown,
            case.appealed and case.appealed_by_miner,
            case.outcome,
            case.appealed,
            case.owed,
            case.right,
            case.claims,
            [
                (
                    each.number,
                    each.jury,
                    sorted(each.secrets),
                    sorted(each.shown),
                    each.seed != bytes(32),
                    each.renamed,
                    each.began - now if case.phase == CasePhase.DRAWING else 0,
                    len(each.ballots),
                    each.counted,
                    each.outcome,
                )
                for each in case.rounds
            ],
        )
        for case in court.cases.values()
    ]
    whole = (
        tuple(town.cases),
        (deal.state, deal.trial, deal.due_set, deal.units_due, max(deal.time - now, -(10**6))),
        (docket.filing_until - now, docket.reopened, docket.frozen, docket.noted),
        (docket.finished, docket.cured, docket.all_wrong, sorted(docket.wrong), docket.open),
        (docket.right, docket.owed, docket.refunds, docket.reward),
        books,
        jurors,
        cases,
    )
    return repr(whole).encode()


def _juror_key(town: Town, juror: str) -> str:
    court = town.court
    position = JURORS.index(juror) + 1
    seat, account = court.seats.get(position), court.accounts[juror]
    part = []
    for case in court.cases.values():
        for each in case.rounds:
            if position not in each.seats:
                part.append("-")
                continue
            index = each.seats.index(position)
            for second, ballot in enumerate(each.ballots):
                told = town.said.get((case.case_id, each.number, second, index), "")
                part.append(f"{told}{index in ballot.votes:d}")
    state = seat and (bool(seat.left_at), seat.sitting, seat.penalties)
    return f"{part}{state}{account.available},{account.locked}"


def take(town: Town, step: Step, told_late: bool = False) -> bool:
    """Whether it was done, not refused; then `town` is another one."""
    said = None
    if step.told and step.name == ("reveal_vote" if told_late else "commit_vote"):
        case, index = town.court.cases[step.args[0]], step.args[1]
        ballots = case.round.ballots
        said = case.case_id, case.round.number, len(ballots) - 1, index
        if told_late and index in ballots[-1].commitments:
            ballots[-1].commitments[index] = plays.committed_vote(case, index, step.told)
    if step.name == "miss":
        town.court.block += MISSED
        return True
    if step.name == "wait":
        town.wait(step.args[0])
        return True
    if step.draws:
        town.court.hash_of = small.Fixed(_hash(town, step))
    if town.act(step.name, step.who, *step.args):
        return False
    if said:
        town.said[said] = step.told
    return True


def _hash(town: Town, step: Step) -> bytes:
    """By which this position is drawn first."""
    case = town.court.cases[step.args[0]]
    positions = case.round.positions
    seed = next(
        seed
        for seed in (bytes([number]) * 32 for number in range(1, 256))
        if town.court.number(seed, 0) % positions + 1 == step.draws
    )
    for by_miner in (False, True):
        said = plays.secret(case.case_id, case.round.number, by_miner)
        seed = town.court.mix(seed, said, by_miner)
    return seed


def one_by_one(town: Town, play: Play) -> Iterator[tuple[Step, ...]]:
    return ((step,) for step in steps(town, play))


def walk(
    start: Town,
    play: Play,
    most: int = 10**6,
    key: Callable[[Town], bytes] = key,
    options: Callable[[Town, Play], Iterator[tuple[Step, ...]]] = one_by_one,
) -> Found:
    """All that can be reached; `most` states at most.

    `key` tells what states are one, `options` what may be done at once.
    """
    found = Found()
    numbers = {key(start): 0}
    ways: list[tuple[int, tuple[Step, ...]]] = [(0, ())]
    exits: defaultdict[int, list[int]] = defaultdict(list)
    ends: list[int] = []
    todo = deque([start.copy()])
    at = 0
    while todo:
        kept = todo.popleft()
        town: Town = pickle.loads(kept)
        busy = done = False
        for option in (*options(town, play), None):
            if option is None:
                later = waits(town)
                if busy or not later:
                    continue
                option = (Step("wait", ANYBODY, (later[0],), True),)
            if not take(town, option[0], play.told_late):
                continue
            for step in option[1:]:
                assert take(town, step, play.told_late), step
            done = True
            busy |= bool(play.honest) and any(
                step.is_exit or step.who in play.honest for step in option
            )
            found.steps += 1
            found.names.update(step.name for step in option)
            check(town)
            new = numbers.setdefault(key(town), len(numbers))
            if new == len(ways):
                ways.append((at, option))
                todo.append(town.copy())
            if all(step.is_exit for step in option):
                exits[new].append(at)
            town = pickle.loads(kept)
        if not done:
            ends.append(at)
            found.ends.append((town, _way(ways, at)))
        at += 1
        assert len(ways) <= most, f"more than {most} states"
    found.states = len(ways)
    reach, fresh = set(ends), list(ends)
    while fresh:
        for before in exits[fresh.pop()]:
            if before not in reach:
                reach.add(before)
                fresh.append(before)
    found.stuck = [_way(ways, number) for number in range(len(ways)) if number not in reach]
    return found


def check(town: Town) -> None:
    """What holds in every state: the court has what it owes, and nothing is made or lost."""
    court = town.court
    owed = sum(account.available + account.locked for account in court.accounts.values())
    held = court.held + court.market.accounts[court.address].available
    assert held == owed, (held, owed)
    assert all(min(one.available, one.locked) >= 0 for one in court.accounts.values())


def _way(ways: list[tuple[int, tuple[Step, ...]]], number: int) -> tuple[Step, ...]:
    way: list[tuple[Step, ...]] = []
    while number:
        number, option = ways[number]
        way.append(option)
    return tuple(step for option in reversed(way) for step in option)
