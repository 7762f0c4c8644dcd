"""What is fixed on the chain for ever, asked once."""

from __future__ import annotations

from functools import cached_property

from suanli.chain import (
    BadAnswer,
    Contract,
    ContractError,
    Market,
    NoContract,
    RewardPool,
    Token,
)
from suanli.protocol import ZERO_ADDRESS, ResourceClass, Scale, Terms


class ChainConstants:
    """Of a market. Raises ChainError."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self.forget()

    def forget(self) -> None:
        self._classes: dict[int, ResourceClass] = {}
        self._terms: dict[int, Terms] = {}

    def resource_class(self, resource: int) -> ResourceClass:
        if resource not in self._classes:
            self._classes[resource] = self._market.resource_class(resource)
        return self._classes[resource]

    def terms(self, number: int) -> Terms:
        if number not in self._terms:
            self._terms[number] = self._market.terms_of(number)
        return self._terms[number]

    @cached_property
    def scale(self) -> Scale:
        return Scale(Token(self._market.node, self._market.token()).decimals())

    def beside(self, terms: Terms) -> dict[str, str]:
        found = {}
        if terms.court.lower() != ZERO_ADDRESS:
            found[terms.court.lower()] = "court"
        if terms.identity_verifier.lower() != ZERO_ADDRESS:
            found[terms.identity_verifier.lower()] = "identity"
        for treasury in {terms.treasury.lower(), terms.reward_pool.lower()}:
            if self._is_pool(treasury):
                found[treasury] = "reward_pool"
        return found

    def _is_pool(self, address: str) -> bool:
        try:
            return RewardPool(self._market.node, address).market() == self._market.address
        except (ContractError, NoContract, BadAnswer):
            return False


def governance_of(market: Market) -> dict[str, str]:
    """Governor and timelock, by the market's owner; none where nobody votes."""
    owner = market.owner().lower()
    try:
        governor = str(Contract(market.node, owner, "MarketTimelock").read("governor")).lower()
        if str(Contract(market.node, governor, "MarketGovernor").read("timelock")).lower() != owner:
            return {}
    except (ContractError, NoContract, BadAnswer, ValueError):
        return {}
    return {governor: "governor", owner: "timelock"}
