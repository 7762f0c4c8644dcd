"""What a rehearsal showed, in lines for people: costs by who paid, and what to set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from suanli.base.text import rough, span
from suanli.chain import GWEI, Fees
from suanli.client import Options
from suanli.devnet.rehearsal import DEPLOYMENT, Rehearsed
from suanli.devnet.tally import Spent

HASHES = 256
"""Blocks whose hashes contracts see."""
SEAT_GAS = 300_000
"""What a file's seat_fee pays for at least, by docs/deploying.md."""
VOTES = ("commitVote", "revealVote")


@dataclass(frozen=True)
class Costs:
    """Of transactions alike; `gas` in all, `price` in wei per gas."""

    who: str
    what: str
    count: int
    gas: int
    price: int

    @property
    def coins(self) -> str:
        return coins(self.gas * self.price)


def coins(wei: int) -> str:
    """Three digits."""
    return format(Decimal(f"{wei / 10**18:.3g}"), "f")


def costs(found: Rehearsed) -> list[Costs]:
    """By who and what, in order; what the deployer does later is the rehearsal's own."""
    deployed = next(stage.last for stage in found.stages if stage.name == DEPLOYMENT)
    rows: dict[tuple[str, str], Costs] = {}
    for one in _of_the_market(found, deployed):
        who = found.names.get(one.sender, one.sender).partition("-")[0]
        key = who, one.what if who != "deployer" else "the deployment"
        row = rows.get(key, Costs(*key, 0, 0, found.chain.network.price))
        rows[key] = replace(row, count=row.count + 1, gas=row.gas + one.gas)
    return list(rows.values())


def _of_the_market(found: Rehearsed, deployed: int) -> Iterator[Spent]:
    for place, one in enumerate(found.spent):
        # The first makes the stand-in for the token.
        if found.names.get(one.sender) != "deployer" or (place and one.block <= deployed):
            yield one


def remarks(found: Rehearsed) -> Iterator[str]:
    """What differs from the file, and which of the defaults to change."""
    chain, network = found.chain, found.chain.network
    near = abs(found.block_time / network.block_time - 1) < 0.1
    yield _compared("block_time", f"{found.block_time:.2f} s", f"{network.block_time:g}", near)
    low, high = (Decimal(fee) / GWEI for fee in found.base_fees)
    same = low == high == network.base_fee_gwei
    told = f"{low:f} gwei" if low == high else f"{low:f} to {high:f} gwei"
    yield _compared("base_fee_gwei", told, network.base_fee_gwei, same)
    largest = max(one.gas for one in found.spent)
    yield (
        f"gas_limit: the largest transaction took {largest:,} of a block's {network.gas_limit:,}"
    )
    waits = chain.confirmations * network.block_time
    yield f"confirmations: {chain.confirmations} blocks are {waits:.3g} s, for the deployment alone"
    parents = ", by the parent chain's blocks" if network.parent_block_time else ""
    hashes = rough(HASHES * (network.parent_block_time or network.block_time))
    yield f"block hashes: contracts see the last {hashes}{parents}"
    yield from _court(found)
    yield from _settings(found)


def _compared(name: str, measured: str, claimed: object, same: bool) -> str:
    return f"{name}: {measured}, " + ("as the file says" if same else f"the file says {claimed}")


def _court(found: Rehearsed) -> Iterator[str]:
    terms = found.chain.parameters.terms
    votes = sum(one.gas for one in found.spent if one.what in VOTES)
    if found.case_seats:
        seat = votes // found.case_seats
        of = "more than" if seat > SEAT_GAS else "of"
        yield f"seat_fee: a seat's votes took {seat:,} gas, {of} the {SEAT_GAS:,} that it is for"
    took, most = rough(found.case_seconds), rough(terms.challenge_window + terms.verdict_by)
    yield f"verdict_by: the challenged deal ended after {took}; it may take {most}"


def _settings(found: Rehearsed) -> Iterator[str]:
    chain, usual = found.chain, Fees().max_fee // GWEI
    if chain.max_fee > usual:
        yield (
            f"set max_fee_gwei = {chain.max_fee} in miner.toml and juror.toml, and"
            f" SUANLI_MAX_FEE_GWEI={chain.max_fee}: the default, {usual}, is too low here"
        )
    hold = chain.parameters.terms.challenge_window + chain.parameters.terms.verdict_by
    if hold > Options().max_hold:
        yield (
            f"requesters say --max-hold {hold}: these terms may hold money for {rough(hold)}, and"
            f" the default is {span(Options().max_hold)}"
        )


NOT_IMITATED = (
    "not imitated: what a rollup charges for the parent chain's data, block.number where it is the"
    " parent chain's, full blocks, reorganizations, transactions kept out, the network's own advice"
    " on tips (Anvil's is 1 gwei: costs are reckoned with the file's), and the settlement token"
)
