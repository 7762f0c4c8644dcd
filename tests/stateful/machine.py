"""Anybody calls anything at any time, on the contracts and on the model."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from suanli.model import ZERO_DIGEST, Domain, Request, Signature, State, Terms
from tests.market import JOB, ROOT, RUNTIME, ZERO
from tests.stateful.chains import EvmChain
from tests.stateful.invariants import LIVE, liveness
from tests.stateful.twin import Twin
from tests.stateful.world import (
    BEN,
    COLD,
    COURT,
    COURTED,
    DAY,
    FAY,
    GUARDIAN,
    HARSH,
    OFFICES,
    OTHER_COURT,
    OWNER,
    PEOPLE,
    PLAIN,
    TOKEN,
    build,
)

LAST_SECOND = 2**40 - 1

FITTING: dict[State, tuple[str, ...]] = {
    State.NONE: ("confirm", "confirm", "confirm", "cancel", "post"),
    State.POSTED: ("confirm", "confirm", "confirm", "cancel"),
    State.EXPIRED: ("cancel", "confirm"),
    State.CONFIRMED: ("submit", "submit", "submit_accepted", "release", "agree", "submit"),
    State.OVERDUE: ("claim_default", "submit_accepted", "submit", "release"),
    State.SUBMITTED: ("freeze", "accept", "freeze", "settle", "thaw"),
    State.CHALLENGED: ("overturn", "thaw", "thaw", "freeze", "close", "accept", "settle"),
    State.SETTLEABLE: ("settle", "settle_many", "accept", "freeze"),
}
"""What is worth trying in each state; what must be refused is here where bounds matter."""
AT_EDGES: dict[State, tuple[str, ...]] = {
    State.POSTED: ("confirm", "cancel"),
    State.CONFIRMED: ("claim_default", "submit", "release"),
    State.SUBMITTED: ("settle", "freeze", "settle_many", "settle", "close", "thaw", "overturn"),
}
"""What time allows or forbids, by stored state."""
ALL = tuple(sorted({name for names in FITTING.values() for name in names}))

FLAWS: tuple[dict[str, Any], ...] = (
    {"units": 0},
    {"units": 2**64 - 1},
    {"units": 1501},
    {"units": 2**64 - 1, "max_price": 2**96 - 1},
    {"max_price": 0},
    {"max_price": 2**96 - 1},
    {"confirm_by": 0},
    {"duration": 59},
    {"duration": 30 * DAY + 1},
    {"tasks": 0},
    {"job": ZERO_DIGEST},
    {"terms": 0},
    {"terms": 99},
    {"resource": 0},
    {"resource": 3},
    {"resource": 99},
    {"flags": 2},
    {"flags": 2**16 - 1},
    {"epoch": 7},
    {"requester": ZERO},
)

REQUESTERS = 5
SIZES = (100, 1, 2, 7, 0, 99, 101, 333, 499, 500, 750, 1000, 1001, 1500, 2000, 2**64 - 1)
"""Of units; also what varies a call: see `signature`."""
ASKS = (0, 1, 10**13, TOKEN // 7, TOKEN - 1, TOKEN, 3 * TOKEN // 2, 2 * TOKEN)
BIDS = (2 * TOKEN, TOKEN // 7, TOKEN - 1, TOKEN, 3 * TOKEN // 2, 5 * TOKEN)
MOSTLY = (True, True, True, True, True, False)
RARELY = (False, False, False, False, False, False, False, True)

T = TypeVar("T")


class Choices:
    """What a rule chooses: a byte for each choice, the first option the simplest.

    One drawn value for each step, not ten: drawing was most of the time.
    """

    def __init__(self, seed: bytes) -> None:
        self._bytes = iter(seed)

    def of(self, options: Sequence[T]) -> T:
        return options[next(self._bytes, 0) % len(options)]


@cache
def _world(decimals: int) -> tuple[EvmChain, Twin, list[str], list[str]]:
    chain = EvmChain()
    return chain, *build(chain, decimals)


class MarketMachine(RuleBasedStateMachine):
    """One market; a subclass may give it another chain."""

    @staticmethod
    def world(decimals: int) -> tuple[Any, Twin, list[str], list[str]]:
        """Its chain, the market and its model, price models and verifiers; made once."""
        return _world(decimals)

    @initialize(decimals=st.sampled_from((6, 18, 24)))
    def begin(self, decimals: int) -> None:
        self.chain, original, self.price_models, self.verifiers = self.world(decimals)
        self.chain.begin()
        self.take(original, decimals)

    def take(self, original: Twin, decimals: int) -> None:
        """Go on from a built market, leaving the original as it is."""
        memo = {id(self.chain): self.chain}
        self.twin = deepcopy(original, memo)
        self.model = self.twin.model
        self.unit = 10**decimals
        self.known: list[Request] = []
        self.heirs: list[tuple[str, str]] = []
        self.actors = (*PEOPLE[:4], self.twin.accounts[-1], *PEOPLE[4:])

    @rule(seed=st.binary(min_size=24, max_size=24))
    def step(self, seed: bytes) -> None:
        """One rule, because Hypothesis leaves some of several rules out of most runs."""
        choose = Choices(seed)
        choose.of(
            (self.work,) * 10
            + (self.demand, self.wait, self.wait, self.supply, self.supply, self.money, self.money)
            + (self.govern,)
        )(choose)

    # Requests and deals

    def demand(self, choose: Choices) -> None:
        """A requester posts, or signs; a few requests have a flaw."""
        requester = choose.of(self.actors[:REQUESTERS])
        resource, bid = choose.of((1, 2, 4, 1, 2, 4, *self.model.classes)), choose.of(BIDS)
        units, waits = choose.of((100, 1, 7, 333, 500, 700)), choose.of((3600, 10 * DAY, 60, 0))
        request = Request(
            requester,
            choose.of((ZERO, ZERO, ZERO, *PEOPLE[2:])),
            resource,
            units,
            bid if resource != 4 else bid // 10**5,
            self.chain.time() + waits if waits else LAST_SECOND,
            choose.of((3600, 600, 61, 60, 30 * DAY)),
            choose.of((1, 4, 2**32 - 1)),
            JOB,
            choose.of((1, 2, 3, 4, *self.model.terms)),
            choose.of((0, 0, 0, 0, 0, 1)),
            self.model.accounts[requester].epoch,
            len(self.known),
        )
        post = choose.of((True, False))
        if choose.of(RARELY):
            request = request._replace(**choose.of(FLAWS))
        self.known.append(request)
        if post:
            self.act("post_request", choose.of((requester,) * 9 + (BEN,)), request)

    def work(self, choose: Choices) -> None:
        """Somebody, mostly the one whose turn it is, takes a request further; or there is none."""
        fits, fits_who, fresh = choose.of(MOSTLY), choose.of(MOSTLY), choose.of(RARELY)
        if fresh or not self.live():
            self.demand(choose)
        self.go_on(choose, self.pick(choose), fits, fits_who)

    def go_on(self, choose: Choices, request: Request, fits: bool, fits_who: bool) -> None:
        names = FITTING.get(self.model.state_of(request), ALL) if fits else ALL
        who = None if fits_who else choose.of((*PEOPLE, *OFFICES))
        self.progress(choose.of(names), request, who, choose.of(SIZES))

    def live(self) -> list[Request]:
        return [r for r in self.known if self.model.deal_of(self.id_of(r)).state in LIVE]

    def pick(self, choose: Choices) -> Request:
        """One of the latest, mostly a live one."""
        live = self.live()
        return choose.of(live[:-7:-1] if live and choose.of(MOSTLY) else self.known[:-13:-1])

    def progress(self, name: str, request: Request, who: str | None, number: int) -> None:
        """`who` None: the one who may; `number` varies what is signed or submitted."""
        miner = self.miner_of(request, number)
        court = self.court_of(request)
        used = number % (request.units + 1) + (number == 1001) * request.units
        root = ROOT if number != 7 else ZERO_DIGEST
        domain, request_id = self.model.domain, self.id_of(request)
        match name:
            case "post":
                self.act("post_request", who or request.requester, request)
            case "cancel":
                self.act("cancel_request", who or request.requester, request)
            case "confirm":
                if who is None and number % 2:
                    self.open_up(request, miner)
                signature = self.signature(request.requester, request_id, number)
                self.act("confirm_request", who or miner, request, signature)
            case "submit":
                self.act("submit_result", who or miner, request, root, used)
            case "submit_accepted":
                digest = domain.acceptance(request_id, root, used)
                signature = self.signature(request.requester, digest, number)
                self.act("submit_accepted", who or miner, request, root, used, signature)
            case "agree":
                sender = who or (miner if number % 2 else request.requester)
                other = miner if sender == request.requester else request.requester
                signature = self.signature(other, domain.release(request_id), number)
                self.act("release_by_agreement", sender, request, signature)
            case "settle_many":
                self.act("settle_many", who or COLD, [*self.known[-5:], request])
            case "accept":
                deal = self.model.deal_of(request_id)
                seen = (root, deal.units_used + (number == 99))
                self.act("accept_result", who or request.requester, request, *seen)
            case "close":
                self.act("close_without_fault", who or (court if number % 2 else COLD), request)
            case "release":
                self.act("release", who or miner, request)
            case _:
                self.act(name, who or court, request)

    def signature(self, signer: str, digest: bytes, number: int) -> Signature:
        """Mostly a good one; else another's, for another chain or market, or of something else."""
        domain, somebody = self.model.domain, PEOPLE[number % len(PEOPLE)]
        if signer == ZERO or number == 99:
            return Signature(somebody, digest)
        if number == 101 and self.known:
            request, other = self.known[-1], Domain(domain.chain_id + 1, domain.market)
            return Signature(signer, other.request_id(request))
        if number == 499 and self.known:
            other = Domain(domain.chain_id, self.model.token)
            return Signature(signer, other.request_id(self.known[-1]))
        if number == 501:
            return Signature(signer, domain.release(digest))
        return Signature(signer, digest)

    # Miners

    def supply(self, choose: Choices) -> None:
        """A miner changes capacity or offer; or somebody becomes one."""
        what, who = choose.of(range(8)), choose.of((*self.model.miners, *self.model.miners, FAY))
        caller, own = choose.of((*PEOPLE, *OFFICES)), choose.of(MOSTLY)
        resource, units, ask = (
            choose.of((1, 2, 4, 1, 2, 4, 3, 5)),
            choose.of(SIZES),
            choose.of(ASKS),
        )
        valid_until = self.chain.time() + choose.of((40 * DAY, 3600, 1, 0, -1))
        sender = who if own else caller
        match what:
            case 0:
                self.act("register_resource", sender, resource, units)
            case 1:
                capacity = self.affordable(sender, resource) + choose.of((0, 1))
                self.act("register_resource", sender, resource, capacity)
            case 2 | 3 | 4:
                self.act("publish_offer", sender, resource, units, ask, valid_until)
            case 5:
                busy = [r for r in self.live() if self.model.deal_of(self.id_of(r)).miner_id]
                if busy and own:
                    request = choose.of(busy)
                    sender, resource = self.miner_of(request, 0), request.resource
                self.act("withdraw_offer", sender, resource)
            case 6:
                self.act("prune_offer", sender, who, resource)
            case _:
                self.act("register_miner", sender, caller)

    def affordable(self, account: str, resource: int) -> int:
        """The capacity that a miner's stake can back."""
        miner, kind = self.model.miners.get(account), self.model.classes.get(resource)
        if not miner or not kind:
            return 1
        present = miner.offer(resource).capacity
        pledge = self.model.scale.value_up(present, kind.stake_per_unit)
        free = miner.stake - miner.unbonding - miner.pledged + pledge
        capacity = free * 10**18 // (kind.stake_per_unit * self.unit)
        return min(capacity, 2**64 - 2)

    def money(self, choose: Choices) -> None:
        """Somebody moves money in, out, or into stake: all, a part, or more than there is."""
        what, who = (
            choose.of(range(11)),
            choose.of((*self.model.miners, *self.model.miners, *PEOPLE[3:])),
        )
        caller, own = choose.of((*PEOPLE, *OFFICES)), choose.of(MOSTLY)
        part = choose.of((1000, 1, 2, 3, 0, 10**9))
        sender = who if own else caller
        account, miner = self.model.accounts[sender], self.model.miners.get(who)
        amount = self.unit // 2 if part == 0 else account.available // part
        match what:
            case 0:
                part_of_wallet = self.model.wallets[sender] // (part or 1) + (part == 2)
                self.act("deposit", sender, part_of_wallet)
            case 1:
                garbage = (0, 27, JOB, JOB)
                self.act("deposit_with_permit", sender, self.unit * part, *garbage)
            case 2:
                self.act("withdraw", sender, caller if part else ZERO, amount + (part == 3))
            case 3:
                self.act("add_stake", sender, who, amount)
            case 4:
                free = miner.stake - miner.pledged - miner.unbonding if miner else 1
                self.act("start_unbonding", sender, who, free // (part or 1) + (part == 3))
            case 5:
                self.act("withdraw_stake", sender, who)
            case 6:
                self.act("collect_earnings", sender, who)
            case 7:
                self.act("set_payout", miner.payout if own and miner else sender, who, caller)
            case 8:
                self.heirs.append((who, caller))
                self.act("name_successor", miner.payout if own and miner else sender, who, caller)
            case 9:
                who, heir = choose.of(self.heirs or [(who, sender)])
                self.act("succeed", heir, who)
            case _:
                if part == 1000 and self.model.wallets[sender]:
                    self.twin.gift(sender, 1)
                else:
                    self.act("advance_epoch", sender)

    # Time and governance

    def wait(self, choose: Choices) -> None:
        """Time passes, mostly to the edge of something, where somebody acts."""
        kind, offset, nearest = choose.of(range(8)), choose.of((0, 1)), choose.of(MOSTLY)
        request = self.pick(choose) if self.known else None
        if request and kind < 5:
            edges = self.edges(request)
        elif kind == 5:
            edges = [miner.unbonding_ends - 1 for miner in self.model.miners.values()]
        else:
            offers = [o for miner in self.model.miners.values() for o in miner.offers.values()]
            edges = [offer.valid_until for offer in offers]
        now = self.chain.time()
        ahead = sorted(e + offset - now for e in edges if now < e + offset < now + 200 * DAY)
        self.chain.advance(choose.of(ahead[:1] if nearest and ahead else ahead or (1, 60, 3600)))
        if request:
            names = AT_EDGES.get(self.model.deal_of(self.id_of(request)).state, ALL)
            who = choose.of((None, COLD))
            self.progress(choose.of(names), request, who, choose.of(SIZES))

    def edges(self, request: Request) -> list[int]:
        """Last seconds at which something can be done."""
        deal = self.model.deal_of(self.id_of(request))
        if deal.state == State.SUBMITTED:
            terms = self.model.terms[request.terms]
            window_end = deal.time + terms.challenge_window
            return [window_end, window_end + terms.verdict_by]
        return [deal.time or request.confirm_by]

    def govern(self, choose: Choices) -> None:
        """The owner, or somebody who would like to be, changes the market."""
        what, who, owner = choose.of(range(24)), choose.of(PEOPLE), choose.of(MOSTLY)
        number, units = choose.of(range(12)), choose.of(SIZES)
        sender = self.model.owner if owner and self.model.owner != ZERO else who
        resource = 1 + number % 6
        match what:
            case 0 | 1 | 2 | 3:
                models = (*self.price_models, *self.price_models, COLD)
                self.act("set_price_model", sender, resource, models[number % len(models)])
            case 4 | 5 | 6 | 7:
                self.act("unpause", sender)
            case 8:
                self.act("pause", GUARDIAN if owner else who)
            case 9 if number < 4:
                self.act("retire_resource_class", sender, 1 + units % 6)
            case 10 if number < 6:
                in_use = [request.terms for request in self.live()]
                self.act("retire_terms", sender, choose.of(in_use or (1, 2, 3, 4, 5, 6)))
            case 11 | 12:
                self.act("add_terms", sender, self.terms(number, units, who))
            case 13 | 14:
                self.add_class(sender, number, units)
            case 15:
                self.act("permit_runtime", sender, resource, bytes([number]) * 32)
            case 16:
                self.act("set_identity_verifier", sender, (ZERO, *self.verifiers)[number % 3])
            case 17 | 18:
                self.verify(self.verifiers[number % 2], who)
            case 19:
                self.act("set_guardian", sender, (GUARDIAN, GUARDIAN, who)[number % 3])
            case 20:
                self.act("transfer_ownership", sender, who)
            case 21:
                heir = self.model.pending_owner
                self.act("accept_ownership", who if number % 2 or heir == ZERO else heir)
            case 22 if number == 11:
                self.act("renounce_ownership", sender)
            case _:
                self.act("settle_many", who, [])

    def terms(self, number: int, units: int, who: str) -> Terms:
        """Old records with other addresses and shares, now and then out of bounds."""
        figure = min(units, 2**16 - 1)
        changes: tuple[dict[str, Any], ...] = (
            {"fee_bps": figure},
            {"challenge_window": figure},
            {"verdict_by": figure * DAY // 10},
            {"release_bps": figure},
            {"default_bps": figure},
            {"overturn_bps": figure},
            {"compensation_cap": figure * TOKEN // 100},
            {"court_bps": figure},
            {"treasury": who},
            {"court": (OTHER_COURT, ZERO, who, self.model.address)[units % 4]},
            {"reward_pool": (ZERO, who, self.actors[4], self.model.token)[units % 4]},
            {"retired": True},
        )
        return (COURTED, PLAIN, HARSH)[units % 3]._replace(**changes[number])

    def add_class(self, sender: str, number: int, units: int) -> None:
        kind = self.model.classes[1 + number % 4]._replace(retired=number == 7)
        kind = kind._replace(stake_per_unit=units % 2**96, floor=number)
        runtimes = [RUNTIME] * (1 + (number == 8))
        self.act("add_resource_class", sender, kind, "unit", runtimes)

    def verify(self, verifier: str, who: str) -> None:
        self.chain.send(verifier, "setVerified", who, who, True)
        self.model.verifiers[verifier].add(who)

    # Shared

    def act(self, function: str, sender: str, *args: Any) -> Any:
        return self.twin.act(function, sender, *args)

    def id_of(self, request: Request) -> bytes:
        return self.model.request_id(request)

    def miner_of(self, request: Request, number: int) -> str:
        """The deal's, the named one, or one that has enough to sell."""
        deal = self.model.deal_of(self.id_of(request))
        if deal.miner_id:
            return self.model.miners_by_id[deal.miner_id - 1].account
        if request.miner != ZERO:
            return request.miner
        able = [m for m in self.model.miners if self.sells(m, request)] or [*self.model.miners]
        return able[number % len(able)]

    def sells(self, miner: str, request: Request) -> bool:
        offer = self.model.miners[miner].offer(request.resource)
        valid = offer.valid_until >= self.chain.time() and offer.ask <= request.max_price
        return valid and offer.published - offer.reserved >= request.units

    def open_up(self, request: Request, miner: str) -> None:
        """Do away with what mostly stands in the way of a deal."""
        if self.model.paused and self.model.owner != ZERO:
            self.act("unpause", self.model.owner)
        if miner in self.model.miners and not self.sells(miner, request):
            offer = self.model.miners[miner].offer(request.resource)
            valid_until = self.chain.time() + 40 * DAY
            self.act("publish_offer", miner, request.resource, offer.capacity, 0, valid_until)

    def court_of(self, request: Request) -> str:
        terms = self.model.terms.get(request.terms)
        return terms.court if terms and terms.court != ZERO else COURT

    def teardown(self) -> None:
        """Everyone leaves by the public exits."""
        if not hasattr(self, "twin"):
            return
        try:
            self.twin.compare_all()
            empty(self.twin)
            liveness(self.twin)
        finally:
            self.chain.end()


def empty(twin: Twin) -> None:
    """Let time pass, end all deals, withdraw all that is anybody's; strangers do what they may."""
    model, chain, stranger = twin.model, twin.chain, OWNER
    chain.advance(200 * DAY)
    model.time = chain.time()
    for request in list(twin.requests.values()):
        match model.state_of(request):
            case State.POSTED:
                twin.must("cancel_request", request.requester, request)
            case State.EXPIRED:
                twin.must("cancel_request", stranger, request)
            case State.OVERDUE:
                twin.must("claim_default", stranger, request)
            case State.CHALLENGED:
                twin.must("close_without_fault", stranger, request)
    twin.must("settle_many", stranger, list(twin.requests.values()))
    for address, miner in model.miners.items():
        for resource, offer in miner.offers.items():
            if offer.valid_until:
                twin.must("withdraw_offer", address, resource)
            if offer.capacity:
                twin.must("register_resource", address, resource, 0)
        if miner.stake > miner.unbonding:
            twin.must("start_unbonding", miner.payout, address, miner.stake - miner.unbonding)
    chain.advance(model.unbonding_delay)
    for address, miner in model.miners.items():
        if miner.unbonding:
            twin.must("withdraw_stake", miner.payout, address)
        if miner.earnings:
            twin.must("collect_earnings", address, address)
    for address, account in list(model.accounts.items()):
        if account.available:
            twin.must("withdraw", address, address, account.available)
