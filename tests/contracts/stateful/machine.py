"""Anybody calls anything at any time, on the contracts and on the model.

The rules are those of `Deals`, `Miners`, `Leases` and `Governance`. Each draws its arguments by
name, so a failure shrinks to the few calls that show it, printed as such.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize

from suanli.protocol import State
from tests.contracts.stateful.chains import EvmChain
from tests.contracts.stateful.deals import Deals
from tests.contracts.stateful.governance import Governance
from tests.contracts.stateful.invariants import liveness
from tests.contracts.stateful.leases import KEYS, Leases
from tests.contracts.stateful.miners import Miners
from tests.contracts.stateful.twin import Twin
from tests.contracts.stateful.world import DAY, OPERATORS, OWNER, build


@cache
def _world(decimals: int) -> tuple[EvmChain, Twin, list[str], list[str]]:
    chain = EvmChain()
    return chain, *build(chain, decimals)


class MarketMachine(Deals, Miners, Leases, Governance):
    """One market; a subclass may give it another chain."""

    @staticmethod
    def world(decimals: int) -> tuple[Any, Twin, list[str], list[str]]:
        """Its chain, the market and its model, price models and verifiers; made once."""
        return _world(decimals)

    @initialize(decimals=st.sampled_from((6, 18, 24)))
    def begin(self, decimals: int) -> None:
        chain, original, self.price_models, self.verifiers = self.world(decimals)
        chain.begin()
        self.take(chain, original, decimals)

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
    twin.must("settle_many", stranger, list(twin.requests.values()))
    chain.advance(365 * DAY)
    for operator in OPERATORS:
        twin.must("prune_lots", stranger, operator, list(KEYS))
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
