"""A requester's connection to the market: chain, relay, store and account together. It knows
nothing of jobs."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from suanli.base import amounts
from suanli.base.text import is_address
from suanli.chain import (
    Block,
    Court,
    Fees,
    IdentityVerifier,
    Market,
    Sender,
    Token,
    TransactionJournal,
)
from suanli.chain.sent import place_of, sent_folder
from suanli.client import offers, runtimes
from suanli.client.bonds import court_at, judgeable
from suanli.client.errors import ClientError, UnsuitableJob
from suanli.client.funds import Funds
from suanli.client.options import Options
from suanli.client.places import state_folder
from suanli.client.plan import Candidate, Need
from suanli.client.terms import Signable, choose
from suanli.client.wallets import require_owner
from suanli.engine import (
    EngineUnavailable,
    Executor,
    Runtime,
    program_id,
    runtime_id,
    show_runtime,
)
from suanli.engine.host import pool_by
from suanli.job import Manifest, excesses
from suanli.protocol import Announcement, Kind, ResourceClass, Scale, Signer
from suanli.relay import RelayError, Relays, blobs_of
from suanli.reputation import History
from suanli.store import DirectoryStore, Store
from suanli.store.ipfs import IpfsStore, reach_of
from suanli.verify import CLAIMS


class Session:
    """`relay` None: everything goes over the chain. `wallet`: the contract account that buys, for
    which the account signs; then `requester` is that. `store`: blobs that miners reach, too; by
    default the relay's. A context manager."""

    def __init__(
        self,
        market: Market,
        account: Signer,
        *,
        relay: Relays | None = None,
        store: DirectoryStore | IpfsStore | None = None,
        wallet: str | None = None,
        state: str | Path | None = None,
        sent: str | Path | None = None,
        fees: Fees | None = None,
        confirmations: int = 0,
        runtime: bytes | None = None,
        poll: float = 0.5,
        executor: Callable[[bytes], AbstractContextManager[Executor]] = pool_by,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if relay is None and store is None:
            raise ClientError(
                "without a relay there must be a store that miners reach, too: name a relay"
                " (--relay), or a folder (--store)"
            )
        if wallet is not None:
            if relay is None:
                raise ClientError(
                    "a contract account buys through a relay, since it can't be made to post"
                    " requests from here: name one (--relay)"
                )
            require_owner(market.node, wallet, account)
        self.market, self.account, self.relay = market, account, relay
        self._courts: dict[str, Court | None] = {}
        self._runtimes: dict[tuple[int, bytes], int] = {}
        self.requester = wallet or account.address
        self.state = state_folder(state)
        self.confirmations, self.engine = confirmations, executor
        self.poll, self.sleep, self.clock = poll, sleep, clock
        self.groups = runtimes.here() if runtime is None else runtimes.alone(runtime)
        self.store: Store = store or blobs_of(relay)  # type: ignore[arg-type]  # one is there
        self.results = store.root / CLAIMS if isinstance(store, DirectoryStore) else None
        place = place_of(market.node, account.address, sent_folder(sent))
        self._journal = TransactionJournal(place.with_suffix(".sqlite"))
        self.sender = Sender(
            market.node,
            account,
            self._journal,
            fees,
            confirmations=max(1, confirmations),
            poll_every=min(poll, 0.5),
        )
        theirs = place_of(market.node, self.requester, place.parent)
        self.funds = Funds(market, self.sender, account, self.requester, theirs)
        self._history: History | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self.relay is not None:
            self.relay.close()
        if isinstance(self.store, IpfsStore):
            self.store.close()
        self.funds.close()
        self._journal.close()
        if self._history is not None:
            self._history.close()

    # The market

    @property
    def where(self) -> tuple[int, str, str]:
        """Chain id, market and account: a job belongs to all three."""
        return (self.market.domain.chain_id, self.market.address, self.requester)

    @cached_property
    def token(self) -> Token:
        return Token(self.market.node, self.market.token())

    @cached_property
    def decimals(self) -> int:
        return self.token.decimals()

    @cached_property
    def scale(self) -> Scale:
        return Scale(self.decimals)

    def show(self, amount: int) -> str:
        """Base units as tokens."""
        return f"{amounts.show(amount, self.decimals)} {self.symbol}"

    @cached_property
    def symbol(self) -> str:
        return self.token.symbol()

    def withdraw(self, amount: int | None = None, to: str | None = None) -> int:
        """Take `amount` out of the market, by default what is available and no job promised to
        miners, to another address if one is given; returns base units."""
        if to is not None and not is_address(to):
            raise ClientError(f"{to!r} is no address: it is 0x and 40 hexadecimal digits")
        with self.funds.alone:
            amount = self.funds.free() if amount is None else amount
            if amount:
                call = self.market.withdraw(to or self.requester, amount)
                self.funds.require_key("take money out", [call])
                self.sender.execute(call)
        return amount

    def terms(self, options: Options) -> Signable:
        """The newest open terms that are accepted. Raises UnsuitableJob if there are none."""
        return choose(self.market, options)

    def court_at(self, address: str) -> Court | None:
        """The court of terms; None if it takes no challenges from here."""
        if address not in self._courts:
            self._courts[address] = court_at(self.market, address)
        return self._courts[address]

    def verifier(self, options: Options) -> IdentityVerifier | None:
        """That of the terms that would be signed; None if there are none."""
        try:
            terms = self.terms(options).terms
        except UnsuitableJob:
            return None  # it is said when something is to be signed
        return IdentityVerifier.of(self.market, terms.identity_verifier)

    def candidates(
        self, options: Options, head: Block, verifier: IdentityVerifier | None
    ) -> list[Candidate]:
        """All offers, from the relay's miners or, if it is in trouble, from the chain; with their
        miners' records if these count."""
        found = self._offers(options, head, verifier)
        if not options.reputation:
            return found
        if self._history is None:
            self._history = History.of(self.market, self.state, clock=self.clock)
        return offers.with_records(found, self._history.records(head.time))

    def _offers(
        self, options: Options, head: Block, verifier: IdentityVerifier | None
    ) -> list[Candidate]:
        if self.relay is not None:
            try:
                return offers.from_relay(
                    self.market, self.relay, options.resource, head.time, verifier, self._heard
                )
            except RelayError:
                if self.results is None:
                    raise
        return self._registered.offers(options.resource, verifier)

    def _heard(self, made: Announcement) -> None:
        if isinstance(self.store, IpfsStore) and self.relay is not None:
            reach = max(reach_of(urlsplit(url).hostname or "") for url in self.relay.urls)
            self.store.peers.learn(made.peers.split(), reach)

    def news_of_relays(self) -> list[str]:
        """What is new of how several fare."""
        return self.relay.news() if self.relay is not None else []

    def meet(self) -> None:
        """See that miners' IPFS nodes reach ours; at once if that was just done."""
        if isinstance(self.store, IpfsStore):
            self.store.peers.meet()

    @cached_property
    def _registered(self) -> offers.Registered:
        return offers.Registered.of(self.market, self.state)

    def resource(self, options: Options) -> ResourceClass:
        """The resource class. Raises UnsuitableJob if it is not sold by deals."""
        number = options.resource
        if not 1 <= number <= self.market.resource_count():
            raise UnsuitableJob(f"there is no resource class {number}")
        kind = self.market.resource_class(number)
        if kind.kind is not Kind.JUDGED or kind.retired:
            raise UnsuitableJob(f"class {number} is not sold by deals")
        return kind

    def usual_runtime(self, options: Options, named: Runtime | None = None) -> bytes:
        """Of jobs whose files name none, or only its name: the newest of this machine's that enough
        miners serve (`client.runtimes`).

        Raises:
            UnsuitableJob: the class is not sold by deals.
        """
        self.resource(options)
        mine = runtimes.only_named(self.groups, named)
        available = self.market.available_runtimes(options.resource)
        found = runtimes.ranked(mine, available)
        first = mine[0][0].id if mine else runtime_id(named)
        return runtimes.chosen(found, self._announced(options)) if found else first

    def _announced(self, options: Options) -> list[Announcement]:
        if self.relay is None:
            return []
        try:
            return list(self.relay.announcements(options.resource))
        except RelayError:
            return []  # it is said when the job is offered

    def require_runnable(self, runtime: bytes) -> None:
        """Raise UnsuitableJob unless tasks can be run again here: any that failed are, and some of
        the others."""
        try:
            with self.engine(runtime):
                pass
        except EngineUnavailable as error:
            raise UnsuitableJob(f"its results can't be checked here: {error}") from error

    def runtime_index(self, resource: int, runtime: bytes) -> int:
        """Its place in the class's list, by which requests name it: it never moves. Raises
        UnsuitableJob if it isn't there."""
        key = resource, runtime
        if key not in self._runtimes:
            permitted = self.market.runtimes_of(resource)
            if runtime not in permitted:
                name = show_runtime(runtime)
                remedy = self._other_runtimes(resource)
                raise UnsuitableJob(
                    f"class {resource} does not permit the runtime {name}: {remedy}"
                )
            self._runtimes[key] = permitted.index(runtime)
        return self._runtimes[key]

    def require_available(self, resource: int, runtime: bytes) -> None:
        """Raise UnsuitableJob unless new deals may name the runtime: a vote can suspend one that
        turned out to be broken."""
        if self.market.is_runtime_suspended(resource, self.runtime_index(resource, runtime)):
            name, remedy = show_runtime(runtime), self._other_runtimes(resource)
            raise UnsuitableJob(
                f"class {resource} makes no new deals with the runtime {name}, which a vote has"
                f" suspended: {remedy}"
            )

    def _other_runtimes(self, resource: int) -> str:
        """What to do where one can't be named."""
        available = self.market.available_runtimes(resource).values()
        others = {one.name: None for group in self.groups for one in group if one.id in available}
        if not others:
            return "use a version of suanli that it permits, or another --resource"
        named = " or ".join(f'runtime = "{name}"' for name in others)
        return f"write {named} into the job file"

    def need(
        self,
        manifest: Manifest,
        options: Options,
        head: Block,
        verifier: IdentityVerifier | None = None,
    ) -> Need:
        """What each task needs.

        Raises:
            UnsuitableJob: the class does not take such tasks.
        """
        number, kind, limits = options.resource, self.resource(options), manifest.limits
        for excess in excesses(manifest, kind):
            raise UnsuitableJob(
                f"a task may take {excess.asked:,} {excess.what}, class {number} allows"
                f" {excess.most:,}: {excess.remedy}"
            )
        self.require_available(number, manifest.runtime)
        return Need(
            manifest.runtime,
            limits.units,
            self.market.price_of(number),
            kind.floor,
            head.time,
            options.confirm_within,
            options.slippage_bps,
            options.most_price,
            options.duration,
            options.verified_only,
            manifest.module.size,
            verifier is None or verifier.knows_requester(self.requester),
            options.reputation,
            self._judged(options),
            kind.stake_per_unit,
            program_id(manifest.runtime, manifest.module.digest),
            options.seal,
        )

    def _judged(self, options: Options) -> int | None:
        """What may be at stake in a deal, in 10^-18 token, for its court to judge it now; None:
        there is none to ask, or it does not matter."""
        try:
            court = self.court_at(self.terms(options).terms.court)
        except UnsuitableJob:
            return None  # it is said when something is to be signed
        if court is None or options.no_court:
            return None
        return self.scale.units_down(judgeable(court), 1)
