"""The market's invariants: each is one function whose docstring is the sentence.

`EACH_STEP` are checked after every call that succeeds; what a refused call may change is nothing,
which the comparison with the model has shown by then. The model's figures stand for the
contract's, because all getters have been compared before. `liveness` is the teardown's.
docs/invariants.md lists the same sentences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import astuple
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from suanli.model import Signature, Verdict
from suanli.protocol import Acceptance, Payment, Release, Request, Slash, State

if TYPE_CHECKING:
    from tests.contracts.stateful.twin import Step, Twin

T = TypeVar("T")
LIVE = (State.POSTED, State.CONFIRMED, State.SUBMITTED)

TRANSITIONS = {
    "post_request": {(State.NONE, State.POSTED)},
    "cancel_request": {(State.NONE, State.CANCELLED), (State.POSTED, State.CANCELLED)},
    "confirm_request": {(State.NONE, State.CONFIRMED), (State.POSTED, State.CONFIRMED)},
    "submit_result": {(State.CONFIRMED, State.SUBMITTED)},
    "submit_accepted": {(State.CONFIRMED, State.SETTLED)},
    "release": {(State.CONFIRMED, State.RELEASED)},
    "release_by_agreement": {(State.CONFIRMED, State.ANNULLED)},
    "claim_default": {(State.CONFIRMED, State.DEFAULTED)},
    "accept_result": {(State.SUBMITTED, State.SETTLED)},
    "settle": {(State.SUBMITTED, State.SETTLED)},
    "settle_many": {(State.SUBMITTED, State.SETTLED)},
    "resolve": {(State.SUBMITTED, State.SETTLED), (State.SUBMITTED, State.OVERTURNED)},
}
GOVERNANCE = {
    "add_resource_class",
    "permit_runtime",
    "set_runtime_suspended",
    "set_price_model",
    "retire_resource_class",
    "add_terms",
    "retire_terms",
    "set_guardian",
    "pause",
    "unpause",
    "transfer_ownership",
    "accept_ownership",
    "renounce_ownership",
}
FAULTS = {"release", "claim_default", "resolve"}


@pytest.mark.spec("2.5", "2.7")
def solvency(step: Step) -> None:
    """The market holds what it owes: all available, locked and staked amounts and earnings, and
    what was sent to it directly."""
    now = step.after
    owed = sum(map(_total, (now.available, now.locked, now.stakes, now.earnings)))
    assert now.held == owed + step.twin.gifts
    assert now.held + _total(now.wallets) == step.twin.supply


@pytest.mark.spec("8.1", "8.2", "8.3")
def conservation(step: Step) -> None:
    """Of each deal, payment, fee and refund are together what was locked, and slashed collateral
    goes where the terms say, to the last base unit."""
    before, after = step.before, step.after
    gains, earned, unlocked, lost = (Counter[Any]() for _ in range(4))
    for request, payment in _payments(step):
        ends = step.events.get("RequestSettled", []) + step.events.get("RequestOverturned", [])
        (event,) = (end for end in ends if end["id"] == step.id_of(request))
        assert (event["paid"], event["fee"], event["refunded"]) == astuple(payment)
        assert event["paid"] + event["fee"] + event["refunded"] == _locked(step, request)
        earned[_miner_of(step, request)] += event["paid"]
        gains[step.model.terms[request.terms].treasury] += event["fee"]
        gains[request.requester] += event["refunded"]
    slashed = step.outcome.slash if isinstance(step.outcome, Verdict) else step.outcome
    if isinstance(slashed, Slash) and (slashed.slashed or "StakeSlashed" in step.events):
        terms = step.model.terms[step.request.terms]
        (event,) = step.events["StakeSlashed"]
        shares = event["compensation"], event["courtShare"], event["poolShare"]
        assert shares == astuple(slashed)[:3]
        lost[_miner_of(step, step.request)] += sum(shares)
        gains[step.request.requester] += shares[0]
        gains[terms.court] += shares[1]
        gains[terms.reward_pool] += shares[2]
    for request in _ended(step):
        unlocked[request.requester] += _locked(step, request)
        if after.deals[step.id_of(request)][0] not in (State.SETTLED, State.OVERTURNED):
            gains[request.requester] += _locked(step, request)
    if unlocked:
        assert _risen(before.available, after.available) == +gains
        assert _risen(before.earnings, after.earnings) == +earned
        assert _fallen(before.locked, after.locked) == +unlocked
        assert _fallen(before.stakes, after.stakes) == +lost


@pytest.mark.spec("3.5", "3.6", "4.6")
def capacity_and_collateral(step: Step) -> None:
    """For every offer reserved <= published <= capacity; every miner's stake covers its pledge,
    which is capacity x stakePerUnit of each class, and what it unbonds; each class's R, R_p and
    R_d are their sums."""
    model, totals = step.model, {resource: Counter[str]() for resource in step.model.classes}
    for miner in model.miners.values():
        pledge = 0
        for resource, offer in miner.offers.items():
            assert offer.reserved <= offer.published <= offer.capacity
            if resource in totals:
                totals[resource].update(registered=offer.capacity, published=offer.published)
                stake = model.classes[resource].stake_per_unit
                pledge += -(-offer.capacity * stake * 10**model.scale.decimals // 10**18)
        assert miner.pledged == pledge
        assert miner.pledged + miner.unbonding <= miner.stake
    for request_id, deal in model.deals.items():
        if deal.state in LIVE:
            request = step.twin.requests[request_id]
            totals[request.resource].update(demanded=request.units)
    for lot in model.lots.values():
        totals[lot.resource].update(demanded=lot.units)
    for resource, expected in totals.items():
        found = model.totals[resource]
        assert found.registered == expected["registered"]
        assert found.published == expected["published"]
        assert found.demanded == expected["demanded"]


@pytest.mark.spec("8.5")
def liveness(twin: Twin) -> None:
    """From every reachable state, once time has passed and everyone has called the public exits,
    all deals have ended, nobody is owed anything and the market is empty but for gifts."""
    model, rest = twin.model, twin.snapshot()
    assert not any(deal.state in LIVE for deal in model.deals.values())
    for amounts in (rest.available, rest.locked, rest.stakes, rest.earnings):
        assert not any(amounts.values())
    assert not model.lots
    for totals in model.totals.values():
        assert (totals.registered, totals.published, totals.demanded) == (0, 0, 0)
    assert rest.held == twin.gifts


@pytest.mark.spec("5.7")
def price_bounds(step: Step) -> None:
    """Every deal's price lies within its miner's ask and its bid, the model's price within the
    model's floor and cap."""
    model = step.model
    if step.function == "confirm_request":
        request_id = step.id_of(step.request)
        resource = step.request.resource
        ask = model.miners[step.sender].offers[resource].ask
        price = model.deals[request_id].price
        assert ask <= price <= step.request.max_price
        assert model.classes[resource].floor <= step.request.max_price
    for resource, kind in model.classes.items():
        bounds: Any = model.price_models[kind.price_model]
        assert bounds.floor <= model.price_of(resource) <= bounds.cap


@pytest.mark.spec("5.1")
def no_replay(step: Step) -> None:
    """A request is confirmed at most once, an ended one stays as it is, and no signature works
    twice, on another chain or in another market."""
    ended = {id_: deal for id_, deal in step.before.deals.items() if deal[0] not in LIVE}
    assert ended.items() <= step.after.deals.items()
    if step.function == "confirm_request":
        before = step.before.deals.get(step.id_of(step.request))
        assert before is None or before[0] == State.POSTED
        if before:
            return
    for signature in step.args:
        if isinstance(signature, Signature):
            assert signature.digest == _signed_digest(step)
            assert signature not in step.twin.used
            step.twin.used.add(signature)


@pytest.mark.spec("2.4")
def no_harm(step: Step) -> None:
    """Nobody but its owner lowers a balance; a requester pays at most what the deal locked; stake
    falls only by withdrawal to the payout address or by the miner's own fault."""
    before, after, sender = step.before, step.after, step.sender
    signed = {step.request.requester} if step.function == "confirm_request" else set()
    spent = _fallen(before.available, after.available)
    assert {who for who, fall in spent.items() if fall > 0} <= {sender} | signed
    lent = _fallen(before.wallets, after.wallets)
    assert {who for who, fall in lent.items() if fall > 0} <= {sender}
    for who, fall in _fallen(before.locked, after.locked).items():
        assert fall <= sum(_locked(step, r) for r in _ended(step) if r.requester == who)
    for who, fall in _fallen(before.stakes, after.stakes).items():
        if fall < 0:
            assert step.function == "add_stake"
        elif step.function == "withdraw_stake":
            assert lent[step.model.miners_by_id[who - 1].payout] == -fall
        else:
            assert step.function in FAULTS
            assert who == _miner_of(step, step.request)
            assert step.function != "release" or who == step.model.miners[sender].miner_id
            terms = step.model.terms[step.request.terms]
            assert step.function != "resolve" or sender == terms.court
            deadline = before.deals[step.id_of(step.request)][2]
            assert step.function != "claim_default" or step.model.time > deadline
    for who, fall in _fallen(before.earnings, after.earnings).items():
        assert fall < 0 or lent[step.model.miners_by_id[who - 1].payout] == -fall


@pytest.mark.spec("4.1", "4.5")
def frozen_terms(step: Step) -> None:
    """No governance act moves a balance or changes a deal, and no record that requests refer to
    ever changes, but for being retired."""
    promised, model = step.twin.promised, step.model
    if step.function in GOVERNANCE:
        assert step.before == step.after
    for number, terms in model.terms.items():
        known = promised.setdefault(("terms", number), terms)
        assert terms == known or terms == known._replace(retired=True)
    for number, kind in model.classes.items():
        known = promised.setdefault(("class", number), kind)
        changeable = {
            "retired": kind.retired,
            "price_model": kind.price_model,
            "runtimes": kind.runtimes,
        }
        assert kind == known._replace(**changeable)
        assert kind.retired >= known.retired
        listed = promised.setdefault(("runtimes", number), list(model.runtimes[number]))
        assert listed == model.runtimes[number][: len(listed)]


@pytest.mark.spec("6.1")
def order(step: Step) -> None:
    """Requests change state only along the arrows drawn, and only the one a call names."""
    named = {step.id_of(request) for request in step.requests}
    for request_id in _changed(step):
        assert request_id in named
        was = step.before.deals.get(request_id, (State.NONE,))[0]
        became = step.after.deals[request_id][0]
        if was != became:
            assert (was, became) in TRANSITIONS[step.function]


INVARIANTS: dict[str, Callable[..., None]] = {
    "1. Solvency": solvency,
    "2. Conservation": conservation,
    "3. Capacity and collateral": capacity_and_collateral,
    "4. Liveness": liveness,
    "5. Price bounds": price_bounds,
    "6. No replay": no_replay,
    "7. No harm to the honest": no_harm,
    "8. Frozen terms": frozen_terms,
    "9. Order": order,
}
SEVERAL = {"multicall", "multicall_skip"}
"""Several calls, of which each alone is checked by more."""
EACH_BATCH = [solvency, capacity_and_collateral, price_bounds, no_replay, frozen_terms]
EACH_STEP = [check for check in INVARIANTS.values() if check is not liveness]


def _total(amounts: dict[Any, int]) -> int:
    return sum(amounts.values())


def _fallen(before: dict[T, int], after: dict[T, int]) -> dict[T, int]:
    """By how much each amount fell; those that stayed are left out."""
    changes = {who: before.get(who, 0) - amount for who, amount in after.items()}
    return {who: fall for who, fall in changes.items() if fall}


def _risen(before: dict[T, int], after: dict[T, int]) -> dict[T, int]:
    return {who: -fall for who, fall in _fallen(before, after).items()}


def _payments(step: Step) -> list[tuple[Request, Payment]]:
    outcomes = step.outcome if isinstance(step.outcome, list) else [step.outcome]
    payments = [o.payment if isinstance(o, Verdict) else o for o in outcomes]
    pairs = zip(step.requests, payments, strict=False)
    return [(request, payment) for request, payment in pairs if isinstance(payment, Payment)]


def _ended(step: Step) -> list[Request]:
    """Requests that held money before the step and hold none after it."""
    before, after = step.before.deals, step.after.deals
    ids = [i for i in before if before[i][0] in LIVE and after[i][0] not in LIVE]
    return [step.twin.requests[id_] for id_ in ids]


def _locked(step: Step, request: Request) -> int:
    """units x maxPrice, rounded up."""
    return -(-request.units * request.max_price * 10**step.model.scale.decimals // 10**18)


def _miner_of(step: Step, request: Request) -> int:
    return step.model.deals[step.id_of(request)].miner_id


def _changed(step: Step) -> set[bytes]:
    return {id_ for id_, deal in step.after.deals.items() if step.before.deals.get(id_) != deal}


def _signed_digest(step: Step) -> bytes:
    """The only digest whose signature lets this call through, here."""
    domain, request_id = step.model.domain, step.id_of(step.request)
    if step.function == "submit_accepted":
        return domain.digest(Acceptance(request_id, *step.args[1:3]))
    if step.function == "release_by_agreement":
        return domain.digest(Release(request_id))
    return request_id
