"""Who may do what with a request, in every situation it can be in: one table, each cell tried.

A rule is a list of guards in the order in which the market applies them; the first that objects
names the error. What no guard objects to succeeds, and leaves the request in the state named last.
Transitions that the table does not draw do not succeed.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.harness.evm import account, reverts
from tests.harness.market import (
    ALICE,
    BOB,
    CPU,
    DAVE,
    GUARDIAN,
    OWNER,
    PAYOUT,
    ROOT,
    STRANGER,
    Request,
    State,
    Trial,
    World,
)

COURT, OTHER_COURT = account("court"), account("other court")
ROLES = {
    "requester": ALICE,
    "miner": BOB,
    "other miner": DAVE,
    "payout": PAYOUT,
    "court": COURT,
    "other court": OTHER_COURT,
    "owner": OWNER,
    "guardian": GUARDIAN,
    "stranger": STRANGER,
}
HOUR, WINDOW, TRIAL = 3_600, 86_400, 7 * 86_400


class Market(NamedTuple):
    """A world with one request in it, and the signatures that go with it."""

    world: World
    request: Request
    id: bytes
    request_signature: bytes
    acceptance: bytes
    releases: dict[str, bytes]

    def call(self, function: str, caller: str) -> Any:
        return getattr(self.world.market, function)(
            *ARGUMENTS[function](self, caller), sender=caller
        )


class Case(NamedTuple):
    """Who tries, and what a guard may look at."""

    role: str
    situation: str
    request: Request
    id: bytes
    time: int

    @property
    def caller(self) -> str:
        return ROLES[self.role]

    @property
    def stored(self) -> int:
        return SITUATIONS[self.situation].stored


# What is passed


def only_the_request(market: Market, caller: str) -> tuple:
    return (market.request,)


ARGUMENTS: dict[str, Callable[[Market, str], tuple]] = {
    "postRequest": only_the_request,
    "cancelRequest": only_the_request,
    "confirmRequest": lambda market, caller: (market.request, market.request_signature),
    "release": only_the_request,
    "releaseByAgreement": lambda market, caller: (
        market.request,
        market.releases[BOB if caller == ALICE else ALICE],
    ),
    "submitResult": lambda market, caller: (market.request, ROOT, 80),
    "acceptResult": lambda market, caller: (market.request, ROOT, 80),
    "submitAccepted": lambda market, caller: (market.request, ROOT, 80, market.acceptance),
    "settle": only_the_request,
    "settleMany": lambda market, caller: ([market.request],),
    "claimDefault": only_the_request,
    "freeze": only_the_request,
    "thaw": only_the_request,
    "noteReveal": only_the_request,
    "setDue": lambda market, caller: (market.request, 40),
    "resolve": lambda market, caller: (market.request, 40, 5_000),
}


# What situations there are


class Situation(NamedTuple):
    """The states, and how it comes about: functions with their callers, and seconds that pass."""

    stored: int
    derived: int
    steps: tuple


POST = ("postRequest", "requester")
CONFIRM = (POST, ("confirmRequest", "miner"))
SUBMIT = (*CONFIRM, ("submitResult", "miner"))
FREEZE = (*SUBMIT, ("freeze", "court"))
REVEAL = (*FREEZE, ("noteReveal", "court"))

SITUATIONS = {
    "unknown": Situation(State.NONE, State.NONE, ()),
    "posted": Situation(State.POSTED, State.POSTED, (POST,)),
    "expired": Situation(State.POSTED, State.EXPIRED, (POST, HOUR + 1)),
    "confirmed": Situation(State.CONFIRMED, State.CONFIRMED, CONFIRM),
    "overdue": Situation(State.CONFIRMED, State.OVERDUE, (*CONFIRM, 2 * HOUR + 1)),
    "submitted": Situation(State.SUBMITTED, State.SUBMITTED, SUBMIT),
    "challenged": Situation(State.SUBMITTED, State.CHALLENGED, FREEZE),
    "on trial": Situation(State.SUBMITTED, State.CHALLENGED, (*FREEZE, WINDOW + 1)),
    "undecided": Situation(State.SUBMITTED, State.SETTLEABLE, (*FREEZE, WINDOW + TRIAL + 1)),
    "revealed": Situation(State.SUBMITTED, State.CHALLENGED, REVEAL),
    "settleable": Situation(State.SUBMITTED, State.SETTLEABLE, (*SUBMIT, WINDOW + 1)),
    "settled": Situation(State.SETTLED, State.SETTLED, (*SUBMIT, ("acceptResult", "requester"))),
    "cancelled": Situation(
        State.CANCELLED, State.CANCELLED, (POST, ("cancelRequest", "requester"))
    ),
    "released": Situation(State.RELEASED, State.RELEASED, (*CONFIRM, ("release", "miner"))),
    "annulled": Situation(
        State.ANNULLED, State.ANNULLED, (*CONFIRM, ("releaseByAgreement", "miner"))
    ),
    "defaulted": Situation(
        State.DEFAULTED, State.DEFAULTED, (*CONFIRM, 2 * HOUR + 1, ("claimDefault", "stranger"))
    ),
    "overturned": Situation(State.OVERTURNED, State.OVERTURNED, (*FREEZE, ("resolve", "court"))),
}
FROZEN = ("challenged", "on trial", "undecided")


# The table


def stored(*states: int):
    return lambda case: None if case.stored in states else ("WrongState", case.id, case.stored)


def requester(case):
    return None if case.role == "requester" else ("NotRequester", case.caller, ALICE)


def deal_miner(case):
    return None if case.role == "miner" else ("NotDealMiner", case.caller)


def party(case):
    return None if case.role in ("requester", "miner") else ("NotDealMiner", case.caller)


def court(case):
    return None if case.role == "court" else ("NotCourt", case.caller, COURT)


def named_miner(case):
    if case.role == "miner":
        return None
    if case.role == "other miner":
        return ("NotNamedMiner", DAVE, 1)
    return ("NotRegistered", case.caller)


def not_in(situations: tuple[str, ...], name: str, *fields: Callable[[Case], Any]):
    return lambda case: (
        (name, *(field(case) for field in fields)) if case.situation in situations else None
    )


def by_requester_or_late(case):
    if case.role == "requester" or case.situation == "expired":
        return None
    if case.stored == State.NONE:
        return ("NotRequester", case.caller, ALICE)
    return ("RequestNotExpired", case.request.confirmBy)


def the_deadline(case):
    return case.time


def the_windows_end(case):
    return case.time + WINDOW


def the_verdicts_deadline(case):
    return case.time + WINDOW + TRIAL


def the_id(case):
    return case.id


def the_trial(case):
    return {"revealed": Trial.REVEALED, "submitted": Trial.NONE, "settleable": Trial.NONE}.get(
        case.situation, Trial.FROZEN
    )


unfrozen = not_in((*FROZEN, "revealed"), "WrongTrial", the_id, the_trial)
frozen = not_in(("submitted", "settleable"), "WrongTrial", the_id, the_trial)
unrevealed = not_in(("revealed",), "WrongTrial", the_id, the_trial)
in_time = not_in(("overdue",), "DeadlinePassed", the_deadline)
in_window = not_in(("settleable", "on trial", "undecided"), "DeadlinePassed", the_windows_end)
judging = (
    stored(State.SUBMITTED),
    court,
    frozen,
    not_in(("undecided",), "DeadlinePassed", the_verdicts_deadline),
)

RULES: dict[str, tuple[tuple, Any]] = {
    "postRequest": ((requester, stored(State.NONE)), State.POSTED),
    "cancelRequest": ((stored(State.NONE, State.POSTED), by_requester_or_late), State.CANCELLED),
    "confirmRequest": (
        (
            stored(State.NONE, State.POSTED),
            not_in(("expired",), "RequestExpired", lambda case: case.request.confirmBy),
            named_miner,
        ),
        State.CONFIRMED,
    ),
    "release": ((stored(State.CONFIRMED), deal_miner, in_time), State.RELEASED),
    "releaseByAgreement": ((stored(State.CONFIRMED), party), State.ANNULLED),
    "submitResult": ((stored(State.CONFIRMED), deal_miner, in_time), State.SUBMITTED),
    "acceptResult": ((requester, stored(State.SUBMITTED), unrevealed), State.SETTLED),
    "submitAccepted": ((stored(State.CONFIRMED), deal_miner), State.SETTLED),
    "settle": (
        (
            stored(State.SUBMITTED),
            not_in(("submitted",), "DeadlineNotPassed", the_windows_end),
            not_in(
                ("challenged", "on trial", "revealed"), "DeadlineNotPassed", the_verdicts_deadline
            ),
        ),
        State.SETTLED,
    ),
    "settleMany": (
        (),
        lambda case: (
            State.SETTLED
            if SITUATIONS[case.situation].derived == State.SETTLEABLE
            else SITUATIONS[case.situation].derived
        ),
    ),
    "claimDefault": (
        (
            stored(State.CONFIRMED),
            not_in(("confirmed",), "DeadlineNotPassed", the_deadline),
        ),
        State.DEFAULTED,
    ),
    "freeze": ((stored(State.SUBMITTED), court, unfrozen, in_window), State.CHALLENGED),
    "thaw": (
        judging,
        lambda case: State.SETTLEABLE if case.situation == "on trial" else State.SUBMITTED,
    ),
    "noteReveal": ((*judging, unrevealed), State.CHALLENGED),
    "setDue": (judging, State.CHALLENGED),
    "resolve": (judging, State.OVERTURNED),
}
RIGHTFUL = {
    "postRequest": "requester",
    "cancelRequest": "requester",
    "acceptResult": "requester",
    "confirmRequest": "miner",
    "release": "miner",
    "releaseByAgreement": "miner",
    "submitResult": "miner",
    "submitAccepted": "miner",
    "freeze": "court",
    "thaw": "court",
    "noteReveal": "court",
    "setDue": "court",
    "resolve": "court",
    "settle": "stranger",
    "settleMany": "stranger",
    "claimDefault": "stranger",
}


def objection(function: str, case: Case) -> tuple | None:
    guards, _ = RULES[function]
    return next((error for guard in guards if (error := guard(case))), None)


def state_after(function: str, case: Case) -> int:
    _, outcome = RULES[function]
    return outcome(case) if callable(outcome) else outcome


# The trials


@pytest.fixture(scope="module")
def built() -> Market:
    """Alice with money, Bob and Dave with offers; her request names Bob."""
    world = World()
    world.register(BOB, payout=PAYOUT)
    world.register(DAVE)
    world.fund(ALICE, 1_000 * world.unit)
    terms = world.add_terms(court=COURT)
    world.add_terms(court=OTHER_COURT)
    request = world.request(miner=BOB, terms=terms)
    return Market(
        world,
        request,
        world.request_id(request),
        world.sign(request),
        world.sign_acceptance(request, ROOT, 80),
        {signer: world.sign_release(request, signer) for signer in (ALICE, BOB)},
    )


@pytest.fixture
def market(built: Market, situation: str):
    """The same, with the request in one situation."""
    with built.world.evm.rollback():
        for step in SITUATIONS[situation].steps:
            if isinstance(step, int):
                built.world.evm.advance(step)
            else:
                built.call(step[0], ROLES[step[1]])
        yield built


def case_of(market: Market, situation: str, role: str) -> Case:
    time = market.world.market.dealOf(market.id).time
    return Case(role, situation, market.request, market.id, time)


def attempt(market: Market, function: str, case: Case, error: tuple | None) -> None:
    """Call, and see exactly this error or success, and the state after it."""
    if error:
        with reverts(*error):
            market.call(function, case.caller)
        assert market.world.state(market.request) == SITUATIONS[case.situation].derived
    else:
        market.call(function, case.caller)
        assert market.world.state(market.request) == state_after(function, case)


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.spec("6.2")
def test_situations_are_what_they_say(market, situation):
    expected = SITUATIONS[situation]
    assert market.world.market.dealOf(market.id).state == expected.stored
    assert market.world.state(market.request) == expected.derived


def test_situations_cover_all_states():
    reached = {situation.derived for situation in SITUATIONS.values()}
    assert reached == set(range(14))


@pytest.mark.parametrize("function", RULES)
@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.spec("6.1")
def test_who_may_do_what_when(market, situation, function):
    for role in ROLES:
        case = case_of(market, situation, role)
        with market.world.evm.rollback():
            attempt(market, function, case, objection(function, case))


@pytest.mark.parametrize("function", RULES)
def test_every_function_succeeds_somewhere(function):
    """The table forbids nothing altogether, and the rightful caller is one that may."""
    request = Request(miner=1)
    allowed = {
        role
        for situation in SITUATIONS
        for role in ROLES
        if objection(function, Case(role, situation, request, b"", 0)) is None
    }
    assert RIGHTFUL[function] in allowed


# What happens around a request touches new business only


def pause(world):
    world.market.pause(sender=GUARDIAN)


def retire_class(world):
    world.market.retireResourceClass(CPU, sender=OWNER)


def retire_terms(world):
    world.market.retireTerms(world.market.termsCount() - 1, sender=OWNER)


def break_model(world):
    puppet = world.evm.deploy("Puppet")
    puppet.instruct(b"", True)
    world.market.setPriceModel(CPU, puppet.address, sender=OWNER)


def withdraw_offer(world):
    world.market.withdrawOffer(CPU, sender=BOB)


def advance_epoch(world):
    world.market.advanceEpoch(sender=ALICE)


def renounce_ownership(world):
    world.market.renounceOwnership(sender=OWNER)


EVENTS: dict[Callable[[World], None], dict[tuple[str, str], tuple]] = {
    pause: {
        (function, situation): ("EnforcedPause",)
        for function in ("postRequest", "confirmRequest")
        for situation in SITUATIONS
    },
    retire_class: {
        ("postRequest", "unknown"): ("ResourceRetired", CPU),
        ("confirmRequest", "unknown"): ("ResourceRetired", CPU),
        ("confirmRequest", "posted"): ("ResourceRetired", CPU),
    },
    retire_terms: {
        ("postRequest", "unknown"): ("RetiredTerms", 3),
        ("confirmRequest", "unknown"): ("RetiredTerms", 3),
        ("confirmRequest", "posted"): ("RetiredTerms", 3),
    },
    break_model: {
        ("confirmRequest", "unknown"): ("Empty",),
        ("confirmRequest", "posted"): ("Empty",),
    },
    withdraw_offer: {
        ("confirmRequest", "unknown"): ("OfferExpired", 0),
        ("confirmRequest", "posted"): ("OfferExpired", 0),
    },
    advance_epoch: {
        ("postRequest", "unknown"): ("EpochMismatch", 0, 1),
        ("confirmRequest", "unknown"): ("EpochMismatch", 0, 1),
    },
    renounce_ownership: {},
}


@pytest.mark.parametrize("function", RULES)
@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.spec("4.5", "9.3")
def test_only_new_business_can_be_stopped(market, situation, function):
    case = case_of(market, situation, RIGHTFUL[function])
    for event, objections in EVENTS.items():
        with market.world.evm.rollback():
            event(market.world)
            error = objections.get((function, situation)) or objection(function, case)
            attempt(market, function, case, error)


# What belongs to governance

GOVERNED = {
    "setGuardian": (STRANGER,),
    "unpause": (),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("function", GOVERNED)
def test_only_the_owner(world, role, function):
    world.market.pause(sender=OWNER)
    call, arguments = getattr(world.market, function), GOVERNED[function]
    if role == "owner":
        call(*arguments, sender=OWNER)
        return
    with reverts("OwnableUnauthorizedAccount", ROLES[role]):
        call(*arguments, sender=ROLES[role])


@pytest.mark.parametrize("role", ROLES)
def test_only_owner_and_guardian_pause(world, role):
    if role in ("owner", "guardian"):
        world.market.pause(sender=ROLES[role])
        assert world.market.paused()
        return
    with reverts("NotOwnerOrGuardian", ROLES[role]):
        world.market.pause(sender=ROLES[role])


@pytest.mark.parametrize("role", ROLES)
def test_everyone_advances_an_epoch_of_their_own(world, role):
    world.market.advanceEpoch(sender=ROLES[role])
    epochs = {name: world.market.epochOf(address) for name, address in ROLES.items()}
    assert epochs == {name: int(name == role) for name in ROLES}
