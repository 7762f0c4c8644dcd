"""The part of `make demo-lease` that leases a room: computed, paid, killed, taken up again."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from typing import Any

from suanli.base.amounts import show
from suanli.chain import Event, events
from suanli.devnet import SUANLI, Devnet
from suanli.lease.user.ledger import LeaseLedger, leases_in
from tests.harness.lease_coins import LeaseCoins
from tools.lease_part import Changes, PartFailed, Say, payment, run, start

CHUNKS, SIZE = 12, 4_000
PROGRAM = f"""
import time
for chunk in range(1, {CHUNKS} + 1):
    begun = time.monotonic()
    top = chunk * {SIZE}
    count = sum(all(n % d for d in range(2, int(n ** 0.5) + 1)) for n in range(2, top))
    print(f"{{count}} primes below {{top}}", flush=True)
    time.sleep(max(0, 1 - (time.monotonic() - begun)))
"""
KILLED_AFTER, STANDS_STILL = 4, 8.0
"""Chunks, and seconds in which nothing may come of a room that is not paid."""
MISER = [sys.executable, "-m", "tests.harness.miser"]


def play(net: Devnet, kill: str, voucher: str, say: Say) -> dict[str, Any]:
    """What happened, for the report."""
    say("a session: python3 counts primes in a room of miner-1's")
    command = ["lease", "run", "--for", "10m", "--budget", "0.05", "--", "python3", "-c", PROGRAM]
    if voucher == "none":
        return _unpaid(net, [*MISER, *command], say)
    first = start(net, "requester", [*SUANLI, *command])
    first.wait_until(lambda: _chunks(first.said()) >= KILLED_AFTER, 120)
    told = {"killed": kill}
    last = first
    if kill == "requester":
        first.kill()
        say(f"{_chunks(first.said())} of {CHUNKS} lines came; the requester is killed, and goes on")
        resume = [*SUANLI, "lease", "run", "--resume", _ledger(net).name]
        last = start(net, "requester-again", resume)
    elif kill == "miner":
        net.children["miner-1"].kill()
        say("the miner is killed, and started again: the program begins again in another room")
        net.restart("miner-1")
    if (code := last.process.wait(300)) != 0:
        raise PartFailed(f"the program ended with {code}: {last.said()[-500:]}")
    _require_output(first.said() + last.said())
    say(f"all {CHUNKS} lines came, and are right; exit code 0")
    return told | _of_ledger(net)


def _unpaid(net: Devnet, command: list[str], say: Say) -> dict[str, Any]:
    say("the requester signs one voucher, and no other")
    miser = start(net, "requester", command)
    miser.wait_until(lambda: _chunks(miser.said()) >= 1, 120)
    came, since = _chunks(miser.said()), time.monotonic()
    while time.monotonic() < since + STANDS_STILL:
        if _chunks(miser.said()) > came:
            came, since = _chunks(miser.said()), time.monotonic()
        time.sleep(0.2)
    if came >= CHUNKS:
        raise PartFailed("the miner served on, unpaid")
    still = f"nothing for {STANDS_STILL:.0f} s: the room stands still"
    say(f"{came} of {CHUNKS} lines came, then {still}")
    miser.kill()
    run(net, "close", "lease", "close", _ledger(net).name)
    return {"voucher": "none", "lines": came} | _of_ledger(net)


def _chunks(said: str) -> int:
    return said.count(" primes below ")


def _require_output(said: str) -> None:
    """What was printed in the moment of the kill may be there twice."""
    for chunk in range(1, CHUNKS + 1):
        top = chunk * SIZE
        count = sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in range(2, top))
        if f"{count} primes below {top}\n" not in said:
            raise PartFailed(f"no line says how many primes there are below {top}")


def _ledger(net: Devnet) -> LeaseLedger:
    (folder,) = leases_in(net.folder / "requester").iterdir()
    return LeaseLedger(folder)


def _of_ledger(net: Devnet) -> dict[str, Any]:
    with closing(_ledger(net)) as ledger:
        signed = ledger.fact("payments")
        return {
            "lease": ledger.name,
            "step_ms": ledger.place.step,
            "signed": str(signed["signed"]),
            "used_ms": signed["used"],
        }


def require(told: dict[str, Any], happened: list[Event], coins: LeaseCoins) -> Changes:
    """The channel paid what its last voucher says, or the reserved time, and the rest came back."""
    found = [event for event in happened if isinstance(event, events.ChannelOpened)]
    (opened,) = [event for event in found if event.record.quote.units]
    ends = [event for event in happened if isinstance(event, events.ChannelClosed)]
    (closed,) = [event for event in ends if event.channel == opened.channel]
    deposit, signed = opened.record.deposit, int(told["signed"])
    if closed.paid + closed.refunded != deposit or closed.earned + closed.fee != closed.paid:
        raise PartFailed(f"the channel's sums are wrong: {closed}")
    reserve = opened.record.reserve
    if not signed <= closed.paid <= max(signed, reserve):
        raise PartFailed(f"{closed.paid} were paid, {signed} signed, {reserve} reserved at most")
    decimals = coins.token.decimals()
    told |= {"deposit": str(deposit), "paid": str(closed.paid), "refunded": str(closed.refunded)}
    put, paid, voucher, earned, fee, back = (
        show(amount, decimals, 18)
        for amount in (deposit, closed.paid, signed, closed.earned, closed.fee, closed.refunded)
    )
    price = show(opened.record.price, 18)
    print(
        f"\nthe session: at {price} tokens for an hour of a core, of {put} put in {paid} were paid"
    )
    print(f"({voucher} by voucher): {earned} to the miner, {fee} are the fee, and {back} came back")
    parties = closed.requester, closed.miner_id
    return payment(coins, *parties, closed.earned, closed.fee, coins.channels.treasury())
