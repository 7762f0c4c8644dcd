"""The deployed market and its model side by side: every call is made on both and compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain as chained
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple

from hypothesis import note

from suanli.model import Account, Market, Named, Signature, Verdict
from suanli.protocol import Payment, Refused, Request, Slash, State
from tests.contracts.stateful import invariants
from tests.contracts.stateful.chains import Chain, Events
from tests.contracts.stateful.signing import sign
from tests.harness.evm import Reverted

LIVE = (State.POSTED, State.CONFIRMED, State.SUBMITTED)
ENDINGS = (Payment, Slash, Verdict, list)
"""What calls return that end deals: worth reading the events for."""


Record = tuple[str, tuple[str, ...], tuple[int, ...]]
"""Whose, the fields' names, their values."""
ACCOUNT = ("available", "locked", "epoch")
STATUS = (
    "compute_power",
    "last_payment_time",
    "stake",
    "pledged",
    "completed",
    "defaulted",
    "overturned",
    "tenure",
    "earned_total",
    "fees_paid",
    "miner_id",
)
EARNINGS = ("earnings", "unbonding", "unbonding_ends")
OFFER = ("published", "reserved", "ask", "verified_only", "valid_until", "capacity")
TOTALS = ("registered", "published", "demanded", "unused")
DEAL = ("state", "miner_id", "price", "time", "units_used", "trial", "due_set")
ROLES = ("owner", "pending_owner", "guardian")


class Snapshot(NamedTuple):
    """What a step may change, in base units: by address, by miner id, by request id."""

    held: int
    wallets: dict[str, int]
    available: dict[str, int]
    locked: dict[str, int]
    stakes: dict[int, int]
    earnings: dict[int, int]
    deals: dict[bytes, tuple[State, int, int]]
    """State, price, time."""


class Call(NamedTuple):
    """Shown when a run fails."""

    function: str
    sender: str
    args: tuple[Any, ...]


@dataclass
class Step:
    """A call that succeeded, with what was before and after it."""

    twin: Twin
    function: str
    sender: str
    args: tuple[Any, ...]
    requests: list[Request]
    """Those among the arguments."""
    outcome: Any
    events: Events
    before: Snapshot
    after: Snapshot

    @property
    def model(self) -> Market:
        return self.twin.model

    @property
    def request(self) -> Request:
        return self.requests[0]

    def id_of(self, request: Request) -> bytes:
        return self.model.request_id(request)


def _requests_in(args: Iterable[Any]) -> list[Request]:
    """Each once, in order."""
    listed = chained.from_iterable(arg if isinstance(arg, list) else [arg] for arg in args)
    found = []
    for arg in listed:
        if isinstance(arg, Request):
            found.append(arg)
        elif isinstance(arg, Named):
            found += _requests_in(arg.arguments)
    return found


def _difference(records: Iterable[Record], found: bytes) -> str:
    """Which words differ."""
    words = [int.from_bytes(found[i : i + 32], "big") for i in range(0, len(found), 32)]
    expected = [
        (f"{who} {n}", v) for who, names, vs in records for n, v in zip(names, vs, strict=True)
    ]
    pairs = zip(expected, words, strict=False)
    wrong = [f"{name} is {word}, not {value}" for (name, value), word in pairs if word != value]
    return "; ".join(wrong[:8]) or f"{len(words)} words read, not {len(expected)}"


def _words(record: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(int(value, 16) if isinstance(value, str) else value for value in record)


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))


class Twin:
    """One market twice. `act` calls both; whoever acts must have been named in `accounts`."""

    outcomes: ClassVar[Counter[str]] = Counter()
    """Calls made on both sides and compared, over all twins: by function, or by error."""

    def __init__(
        self,
        chain: Chain,
        model: Market,
        accounts: Iterable[str],
        keys: dict[str, bytes],
    ) -> None:
        self.chain = chain
        self.model = model
        self.accounts = tuple(accounts)
        self.keys = keys
        model.accounts |= {account: Account() for account in self.accounts}
        model.wallets |= dict.fromkeys(self.accounts, 0)
        self.reader = chain.deploy("MarketReader", model.address, list(self.accounts))
        self.gifts = 0
        self.supply = 0
        self.requests: dict[bytes, Request] = {}
        self.promised: dict[tuple[str, int], Any] = {}
        self.used: set[Signature] = set()

    # Acting

    def act(self, function: str, sender: str, *args: Any) -> Any:
        """The model's outcome: a value, or the Refused that the contract raised just so."""
        note(Call(function, sender, args))
        self.model.time = self.chain.time()
        before = self.snapshot()
        expected = self._predict(function, sender, args)
        found = self._execute(function, sender, args)
        if isinstance(expected, Refused):
            assert found == (expected.name, expected.arguments)
        else:
            assert not isinstance(found, tuple)
            if isinstance(expected, int | bytes):
                assert found == expected
            elif type(expected) is tuple:
                assert found == list(expected)
            elif isinstance(expected, Verdict) and found is not None:
                assert found == expected.slash.court
            if function == "multicall_skip":
                assert list(found[0]) == [not isinstance(one, Refused) for one in expected]
        Twin.outcomes[getattr(expected, "name", function)] += 1
        events = self.chain.events() if isinstance(expected, ENDINGS) else {}
        requests = _requests_in(args)
        ids = [self.model.request_id(request) for request in requests]
        self.requests |= zip(ids, requests, strict=True)
        self.compare(ids, everything=function in invariants.GOVERNANCE)
        if not isinstance(expected, Refused):
            after = self.snapshot()
            step = Step(self, function, sender, args, requests, expected, events, before, after)
            several = function in invariants.SEVERAL
            for invariant in invariants.EACH_BATCH if several else invariants.EACH_STEP:
                invariant(step)
        return expected

    def must(self, function: str, sender: str, *args: Any) -> Any:
        """`act` where nothing may be refused."""
        outcome = self.act(function, sender, *args)
        assert not isinstance(outcome, Refused)
        return outcome

    def gift(self, sender: str, amount: int) -> None:
        """A plain transfer to the market, by which nothing but its balance may change."""
        self.chain.send(self.model.token, "transfer", sender, self.model.address, amount)
        self.model.gift(sender, amount)
        self.gifts += amount
        self.compare(())

    def mint(self, holder: str, amount: int) -> None:
        """Tokens from the faucet, which the market may take."""
        self.chain.send(self.model.token, "faucet", holder, amount)
        self.chain.send(self.model.token, "approve", holder, self.model.address, 2**256 - 1)
        self.model.wallets[holder] += amount
        self.supply += amount

    def _predict(self, function: str, sender: str, args: tuple[Any, ...]) -> Any:
        try:
            return getattr(self.model, function)(sender, *args)
        except Refused as refusal:
            return refusal

    def _execute(self, function: str, sender: str, args: tuple[Any, ...]) -> Any:
        """The call's value, or what it reverted with: the error's name and arguments."""
        try:
            value = self.chain.send(
                self.model.address, camel(function), sender, *self._encoded(args)
            )
        except Reverted as error:
            return error.name, error.arguments
        # Several values are a tuple; here that means a revert.
        return list(value) if isinstance(value, tuple) else value

    def _encoded(self, args: Iterable[Any]) -> list[Any]:
        """Signatures signed, calls within calls as their data."""
        return [
            self._signature(arg)
            if isinstance(arg, Signature)
            else [self._data(call) for call in arg]
            if isinstance(arg, list) and arg and isinstance(arg[0], Named)
            else arg
            for arg in args
        ]

    def _data(self, call: Named) -> bytes:
        arguments = self._encoded(call.arguments)
        return self.chain.data(self.model.address, camel(call.function), *arguments)

    def _signature(self, signature: Signature) -> bytes:
        return sign(self.keys[signature.signer], signature.digest)

    # Comparing

    def compare(self, ids: Iterable[bytes], everything: bool = False) -> None:
        """The getters against the model; of deals the live ones and `ids`. `everything`: also
        what only the owner changes."""
        model = self.model
        model.time = self.chain.time()
        live = [id_ for id_, deal in model.deals.items() if deal.state in LIVE or id_ in ids]
        records = list(self._records(live))
        found = self.chain.view(self.reader, "read", live)
        if everything:
            records += self._owners_records()
            found += self.chain.view(self.reader, "readOwners")
        words = b"".join(value.to_bytes(32, "big") for *_, values in records for value in values)
        if found != words:
            raise AssertionError(_difference(records, found))

    def compare_all(self) -> None:
        """Every getter, with `stateOf` of all requests."""
        self.compare(self.requests, everything=True)
        for request in self.requests.values():
            self.model.time = self.chain.time()
            found = self.chain.view(self.model.address, "stateOf", request)
            assert found == self.model.state_of(request), request

    def _records(self, ids: Iterable[bytes]) -> Iterable[Record]:
        """What MarketReader.read returns, as the model has it."""
        model = self.model
        yield "market", ("held",), (model.held,)
        for address in self.accounts:
            yield address, ACCOUNT, attrgetter(*ACCOUNT)(model.accounts[address])
            yield address, ("wallet",), (model.wallets[address],)
            miner = model.miners.get(address)
            if not miner:
                continue
            yield address, STATUS, attrgetter(*STATUS)(miner)
            yield address, ("payout",), (int(miner.payout, 16),)
            yield address, EARNINGS, attrgetter(*EARNINGS)(miner)
            for resource in model.classes:
                yield address, OFFER, attrgetter(*OFFER)(miner.offer(resource))
        for resource in model.classes:
            totals = model.totals[resource]
            yield "class", TOTALS, (*attrgetter(*TOTALS[:3])(totals), totals.unused % 2**256)
            yield "class", ("price",), (model.price_of(resource),)
        for request_id in ids:
            deal = model.deals[request_id]
            yield "deal", DEAL, attrgetter(*DEAL)(deal)
            yield "deal", ("root", "due"), (int.from_bytes(deal.root, "big"), deal.units_due)

    def _owners_records(self) -> Iterable[Record]:
        """What MarketReader.readOwners returns, as the model has it."""
        model = self.model
        yield "market", ROLES, tuple(int(role, 16) for role in attrgetter(*ROLES)(model))
        yield "market", ("paused",), (model.paused,)
        yield "market", ("resourceCount", "termsCount"), (len(model.classes), len(model.terms))
        for number, record in model.classes.items():
            yield "class", record._fields, _words(record)
            ids = [int.from_bytes(runtime, "big") for runtime in model.runtimes[number]]
            names = "offset", "count", *(f"runtime {index}" for index in range(len(ids)))
            yield "class", names, (32, len(ids), *ids)
        for terms in model.terms.values():
            yield "terms", terms._fields, _words(terms)

    # Invariants

    def snapshot(self) -> Snapshot:
        model = self.model
        return Snapshot(
            model.held,
            dict(model.wallets),
            {address: account.available for address, account in model.accounts.items()},
            {address: account.locked for address, account in model.accounts.items()},
            {miner.miner_id: miner.stake for miner in model.miners_by_id},
            {miner.miner_id: miner.earnings for miner in model.miners_by_id},
            {id_: (deal.state, deal.price, deal.time) for id_, deal in model.deals.items()},
        )
