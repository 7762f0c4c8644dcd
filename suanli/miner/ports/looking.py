"""What the chain port reads of the market at each look."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import suppress
from typing import Any

from suanli.chain import BadAnswer, Block, ContractError, IdentityVerifier, Market, PriceController
from suanli.miner.core import AdaptiveView, ClassView, MarketView, OnChain, Settings, Watch
from suanli.miner.ports.rewards import RewardLooker
from suanli.miner.staking import means_of
from suanli.protocol import MinerAccount, ResourceClass, Terms

REFRESH = 60.0
"""Seconds between looks at what hardly ever changes."""
PRELOADED = 16
"""Terms records read in advance."""
ASKED = 16
"""Requesters whose accounts are read at each look, those not read yet first."""
ASKED_AGAIN = 10.0
"""Seconds after which an account is read again."""
BILLION = 10**9


class Looker:
    """Keeps what hardly changes, so that a look costs few questions."""

    def __init__(self, settings: Settings, miner_id: int, monotonic: Callable[[], float]) -> None:
        self._settings, self._miner_id, self._monotonic = settings, miner_id, monotonic
        self._refreshed = float("-inf")
        self._terms: dict[int, Terms] = {}
        self._terms_count = 0
        self._prices: dict[int, int] = {}
        self._windows: dict[tuple[int, str], int] = {}
        """Of prices that adapt, by class and contract; 0: it does not."""
        self._funds: dict[str, tuple[int, float]] = {}
        self._fixed: tuple[Any, ...] = ()
        self._runtimes: dict[int, dict[int, bytes]] = {}
        self._suspended: dict[int, Set[int]] = {}
        self.listed: dict[int, Sequence[bytes]] = {}
        """All runtimes of the classes sold, as last read."""
        self._stake = -1
        self._covered: dict[int, int] = {}
        self._verdicts: dict[tuple[str, int], bool] = {}
        """Of this miner, by verifier and tenure."""
        self._picky = any(sale.verified_only for sale in settings.sales)
        self._known_by: dict[str, Set[str]] = {}
        self.rewards = RewardLooker(settings, miner_id, monotonic)

    def is_new(self, watch: Watch) -> bool:
        """Whether something is to be known that was never read."""
        return bool(watch.requesters - self._funds.keys() or watch.terms - self._terms.keys())

    def outdated(self) -> None:
        """What hardly changes has changed."""
        self._refreshed = float("-inf")

    def due_requesters(self, watch: Watch) -> list[str]:
        """Whose accounts are to be read now, those not read yet first."""
        now = self._monotonic()
        self._funds = {who: it for who, it in self._funds.items() if who in watch.requesters}
        old = (0, float("-inf"))
        due = [w for w in watch.requesters if now >= self._funds.get(w, old)[1] + ASKED_AGAIN]
        due.sort(key=lambda who: self._funds.get(who, old)[1])
        return due[:ASKED]

    def read_funds(self, requesters: Iterable[str], at: Market) -> bool:
        """What they have available; whether there is news of one."""
        news = False
        for who in requesters:
            available = at.account_of(who).available
            news = news or who not in self._funds or self._funds[who][0] != available
            self._funds[who] = available, self._monotonic()
            news = self._known_by.pop(who, None) is not None or news
        return news

    def read_market(self, head: Block, at: Market, watch: Watch) -> MarketView:
        self._refresh(at, watch)
        resources, paused = self._fixed
        account = at.miner_account(self._settings.miner)
        status = at.miner_status(self._settings.miner)
        if status.stake != self._stake:
            self._stake, self._covered = status.stake, {}
        classes = {number: self._read_class(at, number, it) for number, it in resources.items()}
        return MarketView(
            block=head.number,
            evm_block=head.evm_number,
            paused=paused,
            classes=classes,
            terms=dict(self._terms),
            verifiers=self._verifiers(at, status.tenure),
            earnings=account.earnings if isinstance(account, MinerAccount) else 0,
            stake=status.stake,
            terms_count=self._terms_count,
            gas=at.node.balance(self._settings.miner),
            base_fee=head.base_fee or 0,
            funds={who: available for who, (available, _) in self._funds.items()},
            known_by=self._read_known(at) if self._picky else {},
            rewards=self.rewards.read(head, at, classes),
        )

    def read_deal(self, at: Market, id_: bytes) -> OnChain:
        deal = at.deal_of(id_)
        mine = deal.miner_id == self._miner_id
        return OnChain(deal.state, mine, deal.price, deal.time, deal.trial.open)

    def _read_class(self, at: Market, number: int, resource: ResourceClass) -> ClassView:
        miner = self._settings.miner
        if self._covered.get(number, 0) <= 0:
            self._covered[number] = means_of(at, miner, number).running
        with suppress(ContractError):  # a price model that refuses stops no deal
            self._prices[number] = at.price_of(number)
        offer, covered = at.offer_of(miner, number), self._covered[number]
        runtimes = self._runtimes[number]
        adaptive = self._read_adaptive(at, number, resource.price_model)
        price = self._prices.get(number, 0)
        suspended = self._suspended[number]
        return ClassView(price, offer, resource, covered, runtimes, adaptive, suspended)

    def _read_adaptive(self, at: Market, number: int, address: str) -> AdaptiveView | None:
        """None if it does not adapt, or is never updated here."""
        if not self._settings.update_fee:
            return None
        with suppress(ContractError, BadAnswer):  # nor does one that answers oddly
            if (number, address) not in self._windows:
                found = PriceController.of(at, number)
                self._windows[number, address] = 0 if found is None else found.window()
            if window := self._windows[number, address]:
                supply = at.supply_of(number)
                state = PriceController(at.node, address, at.block).state()
                utilization = _utilization(supply.published, supply.demanded)
                return AdaptiveView(address, window, *state, utilization)
        return None

    def _refresh(self, at: Market, watch: Watch) -> None:
        """What hardly changes, and terms that are new."""
        if self._monotonic() >= self._refreshed + REFRESH:
            sold = [sale.resource for sale in self._settings.sales]
            resources = {number: at.resource_class(number) for number in sold}
            self._fixed = (resources, at.paused())
            self._verdicts = {}
            self.listed = {number: at.runtimes_of(number) for number in sold}
            self._runtimes = {number: self._own(ids) for number, ids in self.listed.items()}
            self._suspended = {
                number: self._without_new(runtimes, at.available_runtimes(number).keys())
                for number, runtimes in self._runtimes.items()
            }
            self._terms_count = at.terms_count()
            preloaded = range(1, min(self._terms_count, PRELOADED) + 1)
            self._terms = {number: at.terms_of(number) for number in preloaded}
            self._refreshed, self._covered = self._monotonic(), {}
        wanted = watch.terms - self._terms.keys()
        if wanted and max(wanted) > self._terms_count:
            self._terms_count = at.terms_count()
        for number in wanted:
            if 1 <= number <= self._terms_count:
                self._terms[number] = at.terms_of(number)

    def _own(self, listed: Sequence[bytes]) -> dict[int, bytes]:
        """What is run here, by its place in the class's list."""
        return {at: id_ for at, id_ in enumerate(listed) if id_ in self._settings.runtimes}

    def _without_new(self, runtimes: Mapping[int, bytes], available: Set[int]) -> Set[int]:
        """Those that new deals may not name: suspended by a vote, or leaving here."""
        leaving = {at for at, id_ in runtimes.items() if id_ in self._settings.leaving}
        return (runtimes.keys() - available) | leaving

    def _verifiers(self, at: Market, tenure: int) -> Set[str]:
        """Those that call this miner verified."""
        named = {terms.identity_verifier for terms in self._terms.values()}
        for verifier in named:
            if (verifier, tenure) not in self._verdicts:
                asked = IdentityVerifier.of(at, verifier)
                self._verdicts[verifier, tenure] = asked.knows_miner(self._miner_id, tenure)
        return frozenset(verifier for verifier in named if self._verdicts[verifier, tenure])

    def _read_known(self, at: Market) -> dict[str, Set[str]]:
        """By requester, the verifiers that know it: asked as often as its account is read."""
        named = {terms.identity_verifier for terms in self._terms.values()}
        asked = [IdentityVerifier.of(at, verifier) for verifier in named]
        self._known_by = {who: it for who, it in self._known_by.items() if who in self._funds}
        for who in self._funds.keys() - self._known_by.keys():
            known = (verifier.address for verifier in asked if verifier.knows_requester(who))
            self._known_by[who] = frozenset(known)
        return dict(self._known_by)


def _utilization(published: int, demanded: int) -> int | None:
    return min(demanded * BILLION // published, BILLION) if published else None
