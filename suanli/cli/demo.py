"""`make demo`: a real job on a whole market on this machine, with one miner killed half way.

It ends well only if the picture equals that of a local run byte for byte, and if every base unit
of the token is where the books say.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from suanli.base.errors import SuanliError
from suanli.chain import Market
from suanli.cli.output import print_table
from suanli.cli.printing import HEAD, RIGHT, report_rows
from suanli.client import Client, Confirmed, DealEnded, JobEvent, Options, Run
from suanli.client.run import progress
from suanli.devnet import DEPLOYER, OTHERS, Devnet, DevnetSale
from suanli.engine.host import pool_by
from suanli.job import load, run_local
from suanli.protocol import NO_SALT, State

JOB = Path("examples/raytrace/demo.toml")
MINERS = 3
BUDGET = "40000"
SLACK = 1.6
"""Deals last so many times what a miner needs at worst: whoever dies holds its tasks so long."""
KILL_AFTER = 1.0
"""Seconds from confirmation."""
CAREFUL = 0.8
"""Share of the measured speed that miners promise: the requester's checks run here, too."""


class DemoFailed(SuanliError):
    """Something that must hold does not."""


def demo(folder: Path, out: Path, job: Path = JOB) -> None:
    """Run it all; `folder` keeps chain, keys and logs, `out` gets the picture.

    Raises:
        SuanliError: what does not hold.
    """
    begun = time.monotonic()
    with (
        Devnet(folder, MINERS, DevnetSale(speed=_speed(job)), tell=_say) as net,
        net.client() as client,
    ):
        _say(f"\n{MINERS} miners are ready after {time.monotonic() - begun:.0f} s\n")
        quote = client.quote(job, seconds=0)
        seconds = max(part.seconds or 0 for part in quote.plan.parts)
        duration = max(60, int(SLACK * seconds) + 20)
        # Nothing is doubled, so that it is shown how a dead miner defaults.
        options = Options(duration=duration, confirm_within=30, hedge=False)
        with closing(client.submit(job, BUDGET, options)) as run:
            for line in progress(run, _with_a_death(run, net)):
                _say(line)
            written = run.save(out)
            _say("")
            print_table(HEAD, report_rows(run.report, client.decimals), RIGHT)
            _require_ended(run)
            _compare(job, written)
            _balance(client, [*net.miners, *OTHERS, DEPLOYER.address])
    _say(f"\nAll of it took {time.monotonic() - begun:.0f} s.")


def _speed(job: Path) -> float:
    """Units per second of one of the miners' workers, by some of the job's own tasks."""
    loaded = load(job, salt=NO_SALT)
    manifest, cores = loaded.manifest, len(os.sched_getaffinity(0))
    module = loaded.module(manifest.module)
    middle = len(manifest.tasks) // 2
    with pool_by(manifest.runtime, cores) as pool:
        pool.prepare(module)
        tasks = [
            manifest.engine_task(i, module, loaded.read) for i in range(middle, middle + 2 * cores)
        ]
        results = list(pool.map(tasks))
    one = sum(r.units for r in results) / sum(r.seconds for r in results)
    return CAREFUL * one * min(1.0, cores / MINERS)


def _with_a_death(run: Run, net: Devnet) -> Iterator[JobEvent]:
    """The run's events; the first miner that takes work is killed while it works."""
    killed = ""
    for event in run.events():
        yield event
        if isinstance(event, Confirmed) and not killed:
            killed = event.miner
            timer = threading.Timer(KILL_AFTER, _kill, (net, killed))
            timer.daemon = True
            timer.start()
        if isinstance(event, DealEnded) and event.miner == killed and event.how == "settled":
            raise DemoFailed("the miner was done before it could be killed: make the job larger")


def _kill(net: Devnet, miner: str) -> None:
    net.miners[miner].kill()
    _say(f"    {net.miners[miner].name} ({miner[:10]}) was killed (SIGKILL)")


def _require_ended(run: Run) -> None:
    states = [run.session.market.state_of(part.request) for part in run.ledger.deals()]
    if set(states) - {State.SETTLED, State.DEFAULTED}:
        raise DemoFailed(f"deals are left open: {states}")
    if State.DEFAULTED not in states:
        raise DemoFailed("nobody defaulted: the miner was not killed in the middle")
    if run.reserved > run.budget:
        raise DemoFailed("more than the budget was spent")


def _compare(job: Path, written: list[Path]) -> None:
    """The market's result against the same job on this machine's cores."""
    loaded = load(job, salt=NO_SALT)
    with pool_by(loaded.manifest.runtime) as pool:
        local = run_local(loaded, pool, ahead=4, on_done=lambda *_: None)
    expected = local.files or {}
    found = {path.name: path.read_bytes() for path in written}
    if found != expected:
        raise DemoFailed("the result differs from that of a local run")
    for path in written:
        _say(f"\n{path}: {path.stat().st_size:,} bytes, equal to a local run's")


def _balance(client: Client, others: list[str]) -> None:
    """Every base unit: what the market owes is what it holds, and wallets hold the rest."""
    market, token = client.market, client.token
    holders = {client.account.address, *others}
    inside = sum(_inside(market, holder) for holder in holders)
    held = token.balance_of(market.address)
    supply = token.total_supply()
    wallets = sum(token.balance_of(holder) for holder in holders)
    _say(f"the market owes {inside:,} base units and holds {held:,}")
    _say(f"with {wallets:,} in wallets: all {supply:,} there are")
    if inside != held or wallets + held != supply:
        raise DemoFailed("money is missing, or was made")


def _inside(market: Market, holder: str) -> int:
    """What the market owes an account, as requester and as miner."""
    balance = market.account_of(holder)
    owed = balance.available + balance.locked
    if (miner := market.miner_account(holder)) is not None:
        # What is unbonding is still part of the stake.
        owed += miner.earnings + market.miner_status(holder).stake
    return owed


def _say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    """`python -m suanli.cli.demo`"""
    with tempfile.TemporaryDirectory(prefix="suanli-demo-") as folder:
        try:
            demo(Path(folder), Path("out"))
        except SuanliError as error:
            raise SystemExit(f"the demo failed: {error}") from error


if __name__ == "__main__":
    main()
