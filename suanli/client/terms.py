"""Which terms a requester signs: the newest open ones within what it accepts.

A record of terms stays as it was added, but its owner may add another at any time, with a higher
fee or a court of its own: that one is not signed because it is new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from suanli.base.text import percent, span
from suanli.chain import IdentityVerifier, Market
from suanli.client.errors import UnsuitableJob
from suanli.client.options import Options
from suanli.protocol import BPS, ZERO_ADDRESS, Terms

DELEGATED = bytes.fromhex("ef0100")
"""How the code of an ordinary account begins that let a contract act for it (EIP-7702)."""


@dataclass(frozen=True)
class Signable:
    """Terms that are accepted, with their number."""

    number: int
    terms: Terms

    @property
    def has_court(self) -> bool:
        return self.terms.court != ZERO_ADDRESS

    def slashed(self, stake: int) -> int:
        """What a unit costs a miner whose result is overturned, where `stake` is behind each; both
        in 10^-18 token."""
        return stake * self.terms.overturn_bps // BPS if self.has_court else 0

    def __str__(self) -> str:
        terms, window = self.terms, span(self.terms.challenge_window)
        fee = f"terms {self.number}: fee {percent(terms.fee_bps)}, challenge window {window}"
        if self.has_court:
            return f"{fee}, verdict within {span(terms.verdict_by)} more, court {terms.court}"
        return (
            f"{fee}, no court: a wrong result is refused, not slashed, and paid after the window"
            " if its miner hands it in on the chain"
        )


def choose(market: Market, options: Options) -> Signable:
    """The newest open terms that are accepted.

    Raises:
        UnsuitableJob: there are none, with what speaks against each.
    """
    count = market.terms_count()
    if options.terms is not None and options.terms > count:
        raise UnsuitableJob(f"there are no terms {options.terms}, the newest are {count}")
    refused = []
    for number in range(count, 0, -1) if options.terms is None else [options.terms]:
        terms = market.terms_of(number)
        why = "; ".join(objections(terms, options, market.node.code))
        if not why:
            return Signable(number, terms)
        if not terms.retired or options.terms:
            refused.append(f"  terms {number}: {why}")
    if not refused:
        raise UnsuitableJob("the market has no open terms: it takes no new deals")
    raise UnsuitableJob("\n".join(["the market has no open terms that you accept:", *refused]))


def newest_verifier(market: Market) -> IdentityVerifier:
    """That of the newest open terms; if there are none, one that has verified nobody."""
    for _, terms in market.open_terms():
        return IdentityVerifier.of(market, terms.identity_verifier)
    return IdentityVerifier.of(market, ZERO_ADDRESS)


def objections(terms: Terms, options: Options, code: Callable[[str], bytes]) -> Iterator[str]:
    """What speaks against signing them; `code`: that of an account."""
    if terms.retired:
        yield "retired"
    if terms.fee_bps > options.max_fee_bps:
        most = options.max_fee_bps / 100
        yield f"the fee is {percent(terms.fee_bps)}, {most:g} are accepted (--max-fee)"
    held = terms.challenge_window
    if terms.court == ZERO_ADDRESS:
        if not options.no_court:
            yield "no court: a wrong result is refused, not slashed (--no-court accepts that)"
    else:
        held += terms.verdict_by
        if terms.challenge_window < options.min_window:
            window, least = span(terms.challenge_window), span(options.min_window)
            yield f"{window} to challenge a result, {least} are the least (--min-window)"
        yield from _court_objections(terms.court, options, code)
    if held > options.max_hold:
        most_held = span(options.max_hold)
        yield f"money may be held for {span(held)}, {most_held} are accepted (--max-hold)"


def _court_objections(court: str, options: Options, code: Callable[[str], bytes]) -> Iterator[str]:
    if options.court is not None and court != options.court:
        yield f"the court is {court}, not {options.court} (--court)"
    found = code(court)
    if not found or found.startswith(DELEGATED):
        yield f"the court {court} is an ordinary account, no contract"
