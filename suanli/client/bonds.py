"""Money for challenges: in a court's escrow only as long as a case needs it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from suanli.chain import (
    BadAnswer,
    Call,
    ContractError,
    Court,
    Market,
    NoContract,
    deposit_into,
)
from suanli.client.errors import WalletTooSmall
from suanli.protocol import ZERO_ADDRESS

if TYPE_CHECKING:
    from suanli.client.session import Session


def court_at(market: Market, address: str) -> Court | None:
    """The court that terms name; None if it is no `ICourt` of this market."""
    if address != ZERO_ADDRESS:
        with suppress(ContractError, NoContract, BadAnswer):
            court = Court(market.node, address)
            court.rules()
            if court.market() == market.address:
                return court
    return None


def judgeable(court: Court) -> int:
    """Base units that may be at stake in a deal for a first jury to judge it now: free places, and
    its size, bound it."""
    found, rules = court.capacity(), court.rules()
    if found.places >= rules.large_jury:
        return found.value
    return found.value * rules.jury // rules.large_jury if found.places >= rules.jury else 0


class Bonds:
    """Those of the session's own account, whoever the requester is: anybody may challenge."""

    def __init__(self, session: Session, court: Court) -> None:
        self._session, self._court = session, court
        self._account = session.account

    def send(self, call: Call[Any], key: str, needed: int) -> None:
        """A call that locks `needed` base units, which are deposited before as far as they are
        missing; once, by its key.

        Raises:
            WalletTooSmall: the account does not have it; nothing was sent.
            ChainError: as `Sender.execute`.
        """
        session, court = self._session, self._court
        with session.funds.alone:
            if session.sender.find(key) is None:
                me, token = self._account.address, session.token
                missing = needed - court.account_of(me).available
                held = token.balance_of(me)
                if held < missing:
                    raise WalletTooSmall(
                        f"{me} holds {session.show(held)}, and a challenge takes"
                        f" {session.show(missing)}: send it {session.show(missing - held)} more"
                    )
                if missing > 0:
                    deposit_into(court, token, session.sender, self._account, missing)
            session.sender.execute(call, key)

    def withdraw(self) -> int:
        """Take out what no case holds; returns base units."""
        with self._session.funds.alone:
            me = self._account.address
            amount = self._court.account_of(me).available
            if amount:
                self._session.sender.execute(self._court.withdraw(me, amount))
            return amount
