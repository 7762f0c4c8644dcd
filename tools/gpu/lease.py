"""The GPU leased as users lease it: a market on this machine, a miner whose file names the GPU, and
`suanli lease run --class gpu` against it."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TO_SELL, TO_RUN = 90.0, 60.0
"""Seconds until the GPU is offered, and in which a lease of some seconds ends."""
PYTHON = "python3"
"""In a room, which sees this machine's /usr."""


class LeaseFailed(Exception):
    """A lease went otherwise than it must."""


def missing() -> str:
    """Why no market can be started here; empty: one can."""
    try:
        from suanli.devnet import DevnetError, chain
    except ImportError as error:
        return f"this project's packages are not installed here: {error}"
    try:
        chain.anvil()
    except DevnetError as error:
        return str(error)
    return ""


def leased(folder: Path, program: str, model: str) -> dict[str, Any]:
    """What a program said that ran in two leases, one after another, and what they were paid.

    Raises LeaseFailed.
    """
    try:
        return _leased(folder, program, model)
    except Exception as error:
        log = folder / "miner-1.log"
        said = log.read_text(errors="replace")[-2_000:] if log.exists() else "nothing"
        raise LeaseFailed(f"{error}; the miner said: {said}") from error


def _leased(folder: Path, program: str, model: str) -> dict[str, Any]:
    from suanli.devnet import SUANLI, Devnet, DevnetSale

    begun = time.monotonic()
    with Devnet(folder, 1, DevnetSale(speed=100.0), leases=1) as net:
        ready = time.monotonic()
        command, env = [*SUANLI, "lease"], net.environment
        offer = _offered(command, env)
        asked = ["--class", "gpu", "--gpu", model.split()[-1], "--for", "10m"]
        run = [*command, "run", *asked, "--", PYTHON, "-c", program, "add"]
        answers = [json.loads(_ran(run, env, TO_RUN)) for _ in range(2)]
        for one in answers:
            if (one["right"], one["count"], one["model"]) != (True, 1, model):
                raise LeaseFailed(f"a program with the GPU said {one}")
        leases = json.loads(_ran([*command, "list", "--json"], env, TO_RUN))
        paid = [_paid(net, one) for one in leases]
        more = [*command, "run", "--class", "gpu", "--gpu", "no such", "--", "true"]
        if not subprocess.run(more, env=_with(env), capture_output=True).returncode:
            raise LeaseFailed("a GPU was leased that nobody has")
    return {
        "ready after s": round(ready - begun, 1),
        "offered": offer["room"]["gpus"],
        "answers": answers,
        "paid": paid,
    }


def _offered(command: list[str], env: Mapping[str, str]) -> dict[str, Any]:
    ends = time.monotonic() + TO_SELL
    while time.monotonic() < ends:
        found = json.loads(_ran([*command, "offers", "--class", "gpu", "--json"], env, TO_RUN))
        if found:
            first: dict[str, Any] = found[0]
            return first
        time.sleep(0.5)
    raise LeaseFailed(f"no GPU is offered after {TO_SELL:.0f} s")


def _paid(net: Any, lease: dict[str, Any]) -> dict[str, Any]:
    """By the chain, to the last base unit."""
    from suanli.chain import CursorState, EventCursor, events

    cursor = EventCursor(net.node, net.channels, only=[events.ChannelOpened, events.ChannelClosed])
    found = cursor.read(CursorState.from_block(0)).events
    (opened,) = [
        one
        for one in found
        if isinstance(one, events.ChannelOpened) and one.channel.hex().startswith(lease["name"])
    ]
    (closed,) = [
        one
        for one in found
        if isinstance(one, events.ChannelClosed) and one.channel == opened.channel
    ]
    deposit, signed = opened.record.deposit, lease["signed"]
    if closed.paid + closed.refunded != deposit or not signed <= closed.paid < deposit:
        raise LeaseFailed(f"the sums of a lease are wrong: {closed}, {signed} signed")
    return {"deposit": deposit, "signed": signed, "paid": closed.paid, "back": closed.refunded}


def _ran(command: list[str], env: Mapping[str, str], seconds: float) -> str:
    done = subprocess.run(
        command,
        env=_with(env),
        capture_output=True,
        text=True,
        timeout=seconds,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise LeaseFailed(f"{' '.join(command[3:6])} ended with {done.returncode}: {done.stderr}")
    return done.stdout


def _with(env: Mapping[str, str]) -> dict[str, str]:
    return {**os.environ, **env}
