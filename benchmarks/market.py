"""How fast the market is on one machine, each figure beside its target and what is without it.

    python -m benchmarks.market [--tasks 64]

About six minutes with the default. One daemon with two workers sells this machine's cores; the
chain's blocks take a second. docs/operations.md explains the figures.
"""

from __future__ import annotations

import argparse
import itertools
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import commands
from benchmarks.commands import show
from benchmarks.engine import family, resident
from benchmarks.town import MODULE, Town, write_job
from suanli.base.accounts import Account
from suanli.chain import Sender, Token
from suanli.chain.funding import fund
from suanli.client import Client, Confirmed
from suanli.devnet import DevnetSale
from suanli.engine import Limits, Task, runtime_id
from suanli.engine import Module as EngineModule
from suanli.engine.guest.compile import compile_module
from suanli.engine.guest.run import Loaded, run
from suanli.engine.guest.wasi.link import Host
from suanli.engine.runtime import new_engine
from suanli.protocol import Announcement, Request, Signed, sign
from suanli.relay import RelayBusy, RelayClient

WORKERS = 2
SIZE = 1_500
"""Of a picture: about two seconds' work."""
BLOCK = 1.0
"""Seconds."""
POLL = 0.5
"""Seconds between the daemon's looks at the relay, as a devnet sets it."""
TO_START = 2 * BLOCK + 1
REQUESTS, MINERS = 1_000, 200
CORES = len(os.sched_getaffinity(0))


# The same tasks in a plain process pool

_guest: Any = None


def _load(code: bytes) -> None:
    global _guest
    engine = new_engine()
    host = Host(engine)
    compiled = compile_module(code, engine)
    _guest = Loaded(compiled.artefact, compiled.memory, engine, host), engine, host


def _run(sizes: tuple[int, int]) -> bytes:
    size, fuel = sizes
    module = EngineModule.from_file(MODULE)
    task = Task(module, (str(size),), limits=Limits(fuel=fuel, memory=2 << 20))
    return run(task, *_guest).stdout


def plain_pool(tasks: int) -> float:
    """Seconds, the start of the pool and compiling included."""
    started = time.perf_counter()
    code = MODULE.read_bytes()
    with ProcessPoolExecutor(WORKERS, initializer=_load, initargs=(code,)) as pool:
        outputs = list(pool.map(_run, [(SIZE, 1_300 * SIZE**2)] * tasks))
    assert len(set(outputs)) == 1
    return time.perf_counter() - started


# The market


class Heard:
    """What passes to and from the relay: when the daemon asked for requests, and for how long."""

    def __init__(self) -> None:
        self.polls: list[list[float]] = []
        self._open: dict[int, list[float]] = {}

    def __call__(self, number: int, asks: bool, data: bytes) -> None:
        now = time.monotonic()
        if asks:
            self._open.pop(number, None)
            if data.startswith(b"GET /v1/requests?"):
                self._open[number] = [now, now]
                self.polls.append(self._open[number])
        elif number in self._open:
            self._open[number][1] = now

    def since(self, begin: float) -> tuple[list[float], list[float]]:
        """Seconds between polls, and that each took."""
        polls = [poll for poll in self.polls if poll[0] >= begin]
        gaps = [b[0] - a[0] for a, b in itertools.pairwise(polls)]
        return gaps, [poll[1] - poll[0] for poll in polls]


@contextmanager
def lodging_times(client: Client) -> Iterator[list[float]]:
    """When the client's requests reached the relay, by this machine's clock."""
    times: list[float] = []
    relay = client.relay
    assert relay is not None
    post = relay.post

    def timed(signed: Signed[Any]) -> None:
        if isinstance(signed.message, Request):
            times.append(time.time())
        post(signed)

    relay.post = timed  # type: ignore[method-assign]
    yield times
    del relay.post


def job_seconds(client: Client, path: Path) -> tuple[float, float]:
    """Of the whole job, and until its first deal was confirmed."""
    started = time.perf_counter()
    confirmed = 0.0
    with closing(client.submit(path, "100000", audit=0)) as job:
        for event in job.events():
            if isinstance(event, Confirmed):
                confirmed = confirmed or time.perf_counter() - started
            if job.done:
                break
        assert job.files()
        seconds = time.perf_counter() - started
        for _ in job.events():
            pass
    return seconds, confirmed


def print_job(town: Town, client: Client, tasks: int) -> None:
    path = write_job(town.folder / "job", random.Random(0), tasks, (SIZE, SIZE))
    before = plain_pool(tasks)
    seconds, confirmed = job_seconds(client, path)
    after = plain_pool(tasks)
    plain = min(before, after)
    beside = f"plain pool {before:.1f} and {after:.1f} s; confirmed after {confirmed:.1f} s"
    ratio = seconds / plain
    show(
        f"job of {tasks} tasks, {seconds:.1f} s", f"{ratio:.3f} x", "1.15 x", ratio <= 1.15, beside
    )


def print_start(town: Town, client: Client, name: str, rounds: int) -> None:
    """From the request at the relay to the first task handed to a worker."""
    found = []
    for number in range(rounds):
        path = write_job(town.folder / f"start-{number}", random.Random(number), 1, (50, 50))
        with lodging_times(client) as lodged:
            job_seconds(client, path)
        said = town.children["miner-1"].said().splitlines()
        running = [line for line in said if line.endswith(": running")][-1]
        at = datetime.strptime(running[:23], "%Y-%m-%d %H:%M:%S,%f").timestamp()
        found.append(at - lodged[0])
    worst = max(found)
    beside = f"the worst; in turn {', '.join(f'{s:.2f}' for s in found)}; block time {BLOCK:.0f} s"
    show(name, f"{worst:.2f} s", f"{TO_START:.0f} s", worst <= TO_START, beside)


def _daemon(town: Town) -> int:
    """Process id."""
    return town.children["miner-1"].pid


def processor_seconds(pids: list[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def share_of_a_core(town: Town, seconds: float) -> float:
    """Percent, of the daemon and its workers."""
    pids = list(family(_daemon(town)))
    before, began = processor_seconds(pids), time.monotonic()
    time.sleep(seconds)
    return 100 * (processor_seconds(pids) - before) / (time.monotonic() - began)


def print_idle(town: Town) -> None:
    share = share_of_a_core(town, 30)
    show("idle daemon, of a core", f"{share:.1f} %", "2 %", share <= 2, f"over 30 s, poll {POLL} s")
    own = resident(_daemon(town))
    workers = [resident(pid) for pid in family(_daemon(town))][1:]
    bare = _bare_python()
    beside = (
        f"its workers' {len(workers)} processes {sum(workers):.0f}; a bare Python {bare:.0f} MiB"
    )
    show("idle daemon, resident", f"{own:.0f} MiB", "200 MiB", own <= 200, beside)


def _bare_python() -> float:
    """MiB."""
    code = "print(open('/proc/self/statm').read())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[1]) * 4096 / 2**20


def flood(town: Town, relay: RelayClient, miners: list[Account], requester: Account) -> None:
    """Requests that wait, since the daemon's identity is not attested (yet); and announcements."""
    domain, head = town.market.domain, town.node.head()
    for account in miners:
        announcement = Announcement(
            miner=account.address,
            resource=1,
            runtimes=(runtime_id(),),
            units_per_second=1_000,
            workers=1,
            margin=150,
            reserve=15,
            public_key=b"\x02" + b"\x88" * 32,
            issued=head.time,
            valid_until=head.time + 3_600,
        )
        _patiently(relay.post, sign(domain, announcement, account))
    for number in range(REQUESTS):
        request = Request(
            requester=requester.address,
            miner=0,
            resource=1,
            runtime=0,
            units=1_000,
            max_price=10**18,
            confirm_by=head.time + 3_600,
            duration=3_600,
            tasks=1,
            job=(number + 1).to_bytes(32, "big"),
            terms=1,
            flags=1,
            salt=number,
        )
        _patiently(relay.post, sign(domain, request, requester))


def register(town: Town, accounts: list[Account]) -> None:
    """As miners. The node sends for them, so that nobody waits for each one's block."""
    for account in accounts:
        town.node.request("anvil_setBalance", account.address, hex(10**18))
        town.node.request("anvil_impersonateAccount", account.address)
        call = town.market.register_miner(account.address)
        question = {"from": account.address, "to": call.to, "data": "0x" + call.data.hex()}
        town.node.request("eth_sendTransaction", question)
    while not all(town.market.miner_account(account.address) for account in accounts):
        time.sleep(BLOCK)


def deposit(town: Town, account: Account) -> None:
    """One token."""
    list(fund(town.node, account.address, 10**18, 1, town.market.address))
    sender, token = Sender(town.node, account), Token(town.node, town.market.token())
    sender.execute(token.approve(town.market.address, 10**18))
    sender.execute(town.market.deposit(10**18))


def _patiently(post: Callable[[Any], object], message: Any) -> None:
    while True:
        try:
            post(message)
            return
        except RelayBusy as busy:
            time.sleep(busy.wait)


def print_flooded(town: Town, client: Client, heard: Heard) -> None:
    # The relay takes messages only from those whom the chain knows.
    miners, requester = [Account.create() for _ in range(MINERS)], Account.create()
    register(town, miners)
    deposit(town, requester)
    began = time.monotonic()
    with closing(RelayClient(town.relay, town.market.domain)) as relay:
        flood(town, relay, miners, requester)
        lodged = time.monotonic() - began
        assert len(relay.requests(0).requests) == 500, "a page of the relay's"
    _print_polls(heard, began, f"while {REQUESTS:,} requests come, {lodged:.0f} s")
    settled = time.monotonic()
    share = share_of_a_core(town, 30)
    _print_polls(heard, settled, f"with {REQUESTS:,} requests open")
    print(f"{'  the daemon then takes, of a core':38}{share:>12.1f} %")
    print_start(town, client, "request to first task, flooded", 3)
    started = time.perf_counter()
    client.quote(town.folder / "start-0" / "job.toml", seconds=0)
    print(f"{f'  a quote among {MINERS} miners':38}{time.perf_counter() - started:>12.2f} s")


def _print_polls(heard: Heard, since: float, when: str) -> None:
    gaps, taken = heard.since(since)
    typical, most = statistics.median(gaps), 2 * POLL
    asked = f"its answer {1000 * statistics.median(taken):.0f} ms, at most {1000 * max(taken):.0f}"
    beside = f"longest {max(gaps):.2f} s; {asked}"
    show(f"daemon polls, {when}", f"{typical:.2f} s", f"{most:.0f} s", typical <= most, beside)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tasks", type=int, default=64, help="of the job; each about 2 s")
    given = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{CORES} cores, load {load:.1f} before: figures are of an unused machine only\n")
    commands.main()
    sale, heard = DevnetSale(workers=WORKERS), Heard()
    with (
        tempfile.TemporaryDirectory(prefix="suanli-bench-") as folder,
        Town(Path(folder), 1, sale, heard=heard) as town,
        town.client() as client,
    ):
        print_start(town, client, "request to first task", 5)
        print_idle(town)
        print_job(town, client, given.tasks)
        print_flooded(town, client, heard)


if __name__ == "__main__":
    main()
