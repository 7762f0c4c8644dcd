"""Identities: attestors vouch for miners and requesters, anybody shows it to the market.

registry = registry_of(market)
subject = subject_of(market, miner="7")              # or requester="0x…"
signed = attest(market, registry, key, subject, level=1, lasts=31_536_000)
sender.execute(registry.submit(signed))
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from suanli.base.text import is_address
from suanli.chain import (
    Attested,
    AttestedState,
    Attestor,
    IdentityRegistry,
    IdentitySubject,
    Market,
    attested_state,
    contracts_at,
)
from suanli.chain.funding import LOCAL_CHAINS
from suanli.client.errors import ClientError
from suanli.client.finding import find_miner, of_market
from suanli.client.terms import newest_verifier
from suanli.client.wallets import require_owner
from suanli.protocol import ZERO_ADDRESS, Attestation, Signed, Signer, sign, verify

AHEAD = 3_600
"""Most seconds by which the time that a node tells may be ahead of this machine's."""
MOST_LEVEL, MOST_TENURE, MOST_TIME = 2**8 - 1, 2**32 - 1, 2**40 - 1


class NoRegistry(ClientError):
    """No identity registry of this market where one is looked for."""


def registry_of(market: Market, address: str | None = None) -> IdentityRegistry:
    """The registry at an address, by default the identity verifier of the newest open terms.

    Raises:
        NoRegistry: there is none, or it is another market's.
    """
    usual = newest_verifier(market).address
    if address is None and usual == ZERO_ADDRESS:
        raise NoRegistry(
            "the newest terms name no identity verifier, so nobody is verified: name a registry"
            " with --registry"
        )
    named = "identity registry", "--registry"
    return of_market(market, IdentityRegistry, address, usual, *named, NoRegistry)


def subject_of(
    market: Market,
    miner: str | None = None,
    requester: str | None = None,
    tenure: int | None = None,
) -> IdentitySubject:
    """A miner by its number or address, in a tenure, by default the present one; or a requester.

    Raises:
        ClientError: not one of both, or there is no such miner.
    """
    if (miner is None) == (requester is None):
        raise ClientError("name a miner (--miner) or a requester (--requester), one of both")
    if requester is not None:
        if tenure is not None:
            raise ClientError("a requester has no tenure (--tenure): only miners have")
        if not is_address(requester) or int(requester, 16) == 0:
            raise ClientError(f"{requester!r} is no address of a requester")
        return IdentitySubject(requester=requester.lower())
    assert miner is not None, "one of both is there"
    found = find_miner(market, miner)
    if tenure is None:
        tenure = market.miner_status(found.account).tenure
    if not 0 <= tenure <= MOST_TENURE:
        raise ClientError(f"a tenure is a whole number from 0, not {tenure}")
    return IdentitySubject(found.number, tenure)


def attest(
    market: Market,
    registry: IdentityRegistry,
    key: Signer,
    subject: IdentitySubject,
    level: int,
    lasts: int,
    wallet: str | None = None,
) -> Signed[Attestation]:
    """What the attestor signs: `key` itself, or the contract account `wallet` that takes its
    signature. It holds for `lasts` seconds from the chain's time on.

    Raises:
        ClientError: it would not be taken, or would not count.
    """
    attestor = wallet or key.address
    office = {found.account: found.since for found in registry.attestors()}
    if attestor not in office:
        raise ClientError(
            f"{attestor} is no attestor of the registry {registry.address}: `suanli identity show`"
            " lists those who are"
        )
    if wallet is not None:
        require_owner(market.node, wallet, key)
    least = registry.least_level()
    if not least <= level <= MOST_LEVEL:
        raise ClientError(f"the level is from {least}, the registry's least, to {MOST_LEVEL}")
    now = market.node.head().time
    if not 0 < lasts <= MOST_TIME - now:
        raise ClientError("an attestation must end after now, and within 34,000 years")
    # Later than the last of this subject, also where the chain's time stands still.
    issued = max(now, office[attestor], registry.attested(attestor, subject).issued + 1)
    if market.domain.chain_id not in LOCAL_CHAINS and issued > time.time() + AHEAD:
        raise ClientError(
            f"the node says that it is {issued} already, in seconds since 1970, and no revocation"
            " before then would end this: correct this machine's clock, or use another node"
        )
    message = Attestation(
        registry=registry.address,
        attestor=attestor,
        **subject._asdict(),
        level=level,
        issued=issued,
        valid_until=now + lasts,
    )
    return sign(market.domain, message, key, attestor)


def check_signed(market: Market, signed: Signed[Attestation]) -> None:
    """Raises ClientError: its signature is not its attestor's, for this market."""
    if not verify(market.domain, signed, contracts_at(market.node)):
        domain = market.domain
        raise ClientError(
            f"the signature is not {signed.signer}'s for the market {market.address} on chain"
            f" {domain.chain_id}: was it signed for another one, or changed since?"
        )


def stands(registry: IdentityRegistry, said: Attestation) -> bool:
    """Whether it is what its attestor said last on the chain."""
    last = registry.attested(said.attestor, IdentitySubject.of(said))
    return last == Attested(said.issued, said.valid_until, said.level)


@dataclass(frozen=True)
class AttestorSaid:
    """What one attestor said last of a subject, and what the registry makes of it."""

    attestor: Attestor
    said: Attested
    state: AttestedState


@dataclass(frozen=True)
class IdentityStatus:
    subject: IdentitySubject
    verified: bool
    said: Sequence[AttestorSaid]
    """Of all present attestors."""


def status_of(
    market: Market, registry: IdentityRegistry, subject: IdentitySubject
) -> IdentityStatus:
    """Whether somebody is verified, and by whose word."""
    now, least = market.node.head().time, registry.least_level()
    found = []
    for attestor in registry.attestors():
        said = registry.attested(attestor.account, subject)
        state = attested_state(said, attestor, least, now)
        found.append(AttestorSaid(attestor, said, state))
    return IdentityStatus(subject, registry.is_verified(subject), found)
