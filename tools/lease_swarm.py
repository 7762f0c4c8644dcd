"""The part of `make demo-lease` that runs 2,000 tiny tasks for vouchers, and the same by deals.

What both took is read from their receipts. That tasks which come one by one need a deal each is not
played: it is reckoned by the gas of one, as `make bench` measured it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

from suanli.base.amounts import show
from suanli.chain import Event, events
from suanli.cli.output import print_table
from suanli.devnet import Devnet
from suanli.lease.swarm.purses import Held, Purses
from suanli.protocol import Scale
from tests.harness.lease_coins import LeaseCoins
from tools.lease_part import Changes, PartFailed, Say, gas_of, names_of, payment, run, together

ROOT = Path(__file__).parents[1]
SNAPSHOT = ROOT / "benchmarks/gas-snapshot.json"
TASKS, SIZES, STEPS = 2_000, range(12, 24), 200
CHANNELS_PUT_IN, DEALS_BUDGET = "150", "100"
"""Tokens: any one of the three miners could do all tasks."""
LAST = 90.0
"""Seconds in which all deals must be settled once the job is done."""
_CHANNELS = (events.ChannelOpened, events.ChannelPaid, events.ChannelEnded, events.ChannelClosed)
_DEALS = (events.RequestConfirmed, events.ResultSubmitted, events.RequestSettled)


def play(net: Devnet, coins: LeaseCoins, say: Say) -> dict[str, Any]:
    """The job by channels. What happened, for the report."""
    say(f"a swarm: {TASKS:,} tasks, each counts the points of a grid in the Mandelbrot set")
    job, begun = _job(net.folder), time.monotonic()
    how = ("--channel", "--miners", "3", "--budget", CHANNELS_PUT_IN)
    _run(net, "swarm", job, *how)
    seconds = time.monotonic() - begun
    say(
        f"all results came in {seconds:.0f} s, and are right; each was paid by a voucher as it came"
    )
    held = _held(net, coins)
    done = {names_of(coins)[one.miner]: one.purse.units for one in held}
    say("tasks paid: " + ", ".join(f"{name} {units:,}" for name, units in sorted(done.items())))
    if sum(done.values()) != TASKS:
        raise PartFailed(f"{sum(done.values())} tasks were paid, of {TASKS}")
    signed = {"0x" + _id(coins, one).hex(): str(one.purse.signed) for one in held}
    return {"tasks": TASKS, "by": done, "signed": signed, "seconds": round(seconds, 1)}


def play_deals(
    net: Devnet, told: dict[str, Any], happened: Callable[[], Sequence[Event]], say: Say
) -> None:
    """The same job by deals, until all are settled."""
    say(f"the same {TASKS:,} tasks through deals")
    begun = time.monotonic()
    _run(net, "deals", _job(net.folder), "--budget", DEALS_BUDGET)
    told["deals_seconds"] = round(time.monotonic() - begun, 1)
    say(f"all results came in {told['deals_seconds']:.0f} s, and are right")
    ends = time.monotonic() + LAST
    while (missing := _unsettled(happened())) and time.monotonic() < ends:
        time.sleep(1)
    if missing:
        raise PartFailed(f"{missing} deals are not settled")


def _run(net: Devnet, name: str, job: Path, *how: str) -> None:
    out = net.folder / name
    run(net, f"requester-{name}", "job", "run", str(job), *how, "--out", str(out))
    lines = [_points(size) for size in map(_size, range(TASKS))]
    if (out / "points.txt").read_text() != "".join(f"{line}\n" for line in lines):
        raise PartFailed(f"the results by {name} are not right")


def _job(folder: Path) -> Path:
    """The second argument makes each task another one."""
    path = folder / "swarm.toml"
    lines = [
        'name = "swarm"',
        f'module = "{ROOT / "benchmarks/kernels/mandelbrot.wasm"}"',
        'limits = { fuel = 1_000_000, memory = "2 MiB" }',
        'gather = { kind = "concat", to = "points.txt" }',
        *(f'[[tasks]]\nargs = ["{_size(number)}", "{number}"]' for number in range(TASKS)),
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def _size(number: int) -> int:
    return SIZES[number % len(SIZES)]


@cache
def _points(size: int) -> int:
    """As the program counts them, in the same floating point."""
    return sum(_stays(row, column, size) for row in range(size) for column in range(size))


def _stays(row: int, column: int, size: int) -> bool:
    cr, ci = 3.0 * column / size - 2.25, 3.0 * row / size - 1.5
    zr = zi = 0.0
    for _ in range(STEPS):
        if zr * zr + zi * zi >= 4:
            return False
        zr, zi = zr * zr - zi * zi + cr, 2 * zr * zi + ci
    return True


def _held(net: Devnet, coins: LeaseCoins) -> list[Held]:
    """The requester's side of the channels."""
    (folder,) = (net.folder / "requester" / "swarms").iterdir()
    with closing(Purses(folder, Scale(coins.token.decimals()))) as purses:
        return list(purses.all())


def _id(coins: LeaseCoins, held: Held) -> bytes:
    return coins.market.domain.digest(held.record.quote)


def _unsettled(happened: Sequence[Event]) -> int:
    confirmed = {event.id for event in happened if isinstance(event, events.RequestConfirmed)}
    settled = {event.id for event in happened if isinstance(event, events.RequestSettled)}
    return len(confirmed - settled)


def require(told: dict[str, Any], happened: list[Event], coins: LeaseCoins) -> Changes:
    """Each channel paid its last voucher, each deal its units, and the rest came back."""
    channels = {bytes.fromhex(name[2:]): int(amount) for name, amount in told["signed"].items()}
    closed = [one for one in happened if isinstance(one, events.ChannelClosed)]
    swarm = [one for one in closed if one.channel in channels]
    if len(swarm) != len(channels):
        raise PartFailed(f"{len(swarm)} of {len(channels)} channels are closed")
    changes = []
    for one in swarm:
        if one.paid != channels[one.channel] or one.earned + one.fee != one.paid:
            raise PartFailed(f"a channel paid something else than its last voucher: {one}")
        parties = one.requester, one.miner_id
        changes.append(payment(coins, *parties, one.earned, one.fee, coins.channels.treasury()))
    asked = {one.id: one for one in happened if isinstance(one, events.RequestConfirmed)}
    settled = [one for one in happened if isinstance(one, events.RequestSettled)]
    treasury = coins.market.terms_of(coins.market.terms_count()).treasury
    for deal in settled:
        parties = asked[deal.id].requester, deal.miner_id
        changes.append(payment(coins, *parties, deal.paid, deal.fee, treasury))
    if len(settled) != len(asked):
        raise PartFailed(f"{len(settled)} of {len(asked)} deals are settled")
    by_channels = [one for one in happened if _of(one, _CHANNELS, "channel", channels)]
    by_deals = [one for one in happened if _of(one, _DEALS, "id", asked)]
    paid = sum(one.paid for one in swarm), sum(one.paid + one.fee for one in settled)
    names = "channels", "deals"
    for name, group, amount, count in zip(
        names, (by_channels, by_deals), paid, (len(swarm), len(settled)), strict=True
    ):
        transactions, gas = gas_of(coins.market.node, group)
        about = {"count": count, "transactions": transactions, "gas": gas, "paid": str(amount)}
        told[name] = about
    told["computed"] = _computed()
    _tell(told, coins)
    return together(changes)


def _of(event: Event, kinds: tuple[type[Event], ...], name: str, ids: Any) -> bool:
    return isinstance(event, kinds) and getattr(event, name) in ids


def _computed() -> list[dict[str, Any]]:
    """What tasks that come one by one take, since each has a deal then."""
    flows = json.loads(SNAPSHOT.read_text())["flows"]
    return [
        _reckoned("one at a time", 2 * TASKS, TASKS * flows["signed-cooperative"]),
        _reckoned("ten in a transaction", 2 * TASKS // 10, TASKS * flows["together-10-each"]),
    ]


def _reckoned(how: str, transactions: int, gas: int) -> dict[str, Any]:
    return {"what": f"{TASKS:,} deals, {how}", "transactions": transactions, "gas": gas}


def _tell(told: dict[str, Any], coins: LeaseCoins) -> None:
    decimals, rows = coins.token.decimals(), []
    seconds = {"channels": told["seconds"], "deals": told["deals_seconds"]}
    for name, took in seconds.items():
        one = told[name]
        what, gas = f"{one['count']} {name}", f"{one['gas']:,}"
        paid = show(int(one["paid"]), decimals, 18)
        rows.append((what, f"{one['transactions']:,}", gas, "receipts", paid, f"{took:.0f}"))
    for one in told["computed"]:
        gas = f"{one['gas']:,}"
        rows.append((one["what"], f"{one['transactions']:,}", gas, "make bench", "", ""))
    head = (f"{TASKS:,} tasks by", "transactions", "gas", "as seen by", "tokens", "seconds")
    print()
    print_table(head, rows, (1, 2, 4, 5))
    times = told["deals"]["gas"] / told["channels"]["gas"]
    print("Deposits, which both need, are left out. Where all tasks are known at once, as here,")
    print(
        f"deals take {times:.2f} times the gas of channels. Where they come one by one each needs a"
    )
    print("deal, and channels take what they took.")
