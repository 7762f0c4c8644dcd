"""Attestations on a market of `local_chain.deploy`, whose attestor and first account is Alice."""

from __future__ import annotations

from suanli.base.accounts import Account
from suanli.chain import IdentityRegistry, IdentitySubject, Market, Sender
from suanli.client import identity
from tests.harness.local_chain import ALICE, CHEAP

YEAR = 365 * 86_400


def attest(market: Market, attestor: Account = ALICE, **of: str | int) -> None:
    """`miner` (number or address, as text) with a `tenure` perhaps, or `requester`; submitted."""
    subject = identity.subject_of(market, **of)  # type: ignore[arg-type]  # as it takes them
    attest_subject(market, subject, attestor)


def attest_subject(market: Market, subject: IdentitySubject, attestor: Account = ALICE) -> None:
    """The same of a miner that need not be there."""
    registry = identity.registry_of(market)
    signed = identity.attest(market, registry, attestor, subject, 1, YEAR)
    send_to(registry, attestor, registry.submit(signed))


def send_to(registry: IdentityRegistry, account: Account, *calls) -> None:
    sender = Sender(registry.node, account, fees=CHEAP, poll_every=0.01)
    for call in calls:
        sender.execute(call)
