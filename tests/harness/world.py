"""A requester on a real chain, a small program, and a miner in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import wasmtime

from suanli.base.accounts import Account
from suanli.chain import Market, Sender, Token
from suanli.engine import Limits, Module, runtime_id
from suanli.job import Manifest, TaskSpec
from suanli.protocol import Acceptance, Claim, Ref, Request, State, refer, sign
from suanli.relay import RelayClient
from suanli.relay.server.database import Database
from suanli.store import Store
from tests.harness.local_chain import ALICE, BOB, CHEAP, OTHERS

TOKEN = 10**18
SALT = b"\x5a" * 32
ECHO = Module(
    bytes(
        wasmtime.wat2wasm(
            """(module
            (import "wasi_snapshot_preview1" "fd_write"
              (func $write (param i32 i32 i32 i32) (result i32)))
            (memory (export "memory") 1) (data (i32.const 8) "done\\n")
            (func (export "_start") (local $i i32)
              (loop $again
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $i) (i32.const 1000000))))
              (i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 5))
              (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))))"""
        )
    )
)
"""Counts to a million, says "done"."""


def send(market: Market, account: Account, *calls) -> None:
    sender = Sender(market.node, account, fees=CHEAP, poll_every=0.05)
    for call in calls:
        sender.execute(call)


LITTLE = Limits(
    fuel=50_000_000, memory=1 << 20, files=1, file_bytes=100, stdout_bytes=100, stderr_bytes=100
)
"""Of tasks for which there is room on any disk: they may leave 300 bytes and a block."""


def manifest_of(tasks: int, **changes) -> Manifest:
    usual = {
        "runtime": runtime_id(),
        "module": Ref(ECHO.digest, len(ECHO.code)),
        "tasks": tuple(TaskSpec(args=(str(index),)) for index in range(tasks)),
        "limits": Limits(fuel=50_000_000, memory=1 << 20),
    }
    return Manifest(**(usual | changes))


@dataclass
class Requester:
    """Alice, with a deposit."""

    market: Market
    relay: RelayClient | None
    store: Store
    account: Account = ALICE
    salts: Iterator[int] = field(default_factory=lambda: iter(range(1, 1000)))

    def fund(self, amount: int) -> None:
        token = Token(self.market.node, self.market.token())
        send(
            self.market,
            self.account,
            token.faucet(amount),
            token.approve(self.market.address, amount),
            self.market.deposit(amount),
        )

    def put(self, manifest: Manifest, blobs: tuple[bytes, ...] = ()) -> bytes:
        """Data and manifest into the store; the job's digest."""
        for blob in (ECHO.code, *blobs):
            self.store.put(blob)
        return self.store.put(SALT + manifest.encode())

    def request(self, manifest: Manifest, miner: str, **changes) -> Request:
        """`miner`: an address; one that is no miner's names none."""
        account = self.market.miner_account(miner)
        head = self.market.node.head()
        permitted = self.market.runtimes_of(1)
        known = manifest.runtime in permitted
        usual = {
            "requester": self.account.address,
            "miner": account.miner_id if account else 0,
            "resource": 1,
            "runtime": permitted.index(manifest.runtime) if known else 0,
            "units": manifest.units,
            "max_price": 2 * TOKEN,
            "confirm_by": head.time + 300,
            "duration": 120,
            "tasks": len(manifest.tasks),
            "job": refer(SALT, [manifest.encode()]).digest,
            "terms": 1,
            "epoch": self.market.epoch_of(self.account.address),
            "salt": next(self.salts),
        }
        return Request(**(usual | changes))

    def lodge(self, request: Request) -> bytes:
        self.relay.post(sign(self.market.domain, request, self.account))
        return self.market.domain.request_id(request)

    def accept(self, claim: Claim) -> None:
        acceptance = Acceptance(claim.request, claim.root, claim.units_used)
        self.relay.post(sign(self.market.domain, acceptance, self.account))


@contextmanager
def process(*arguments: str, **environment: str) -> Iterator[subprocess.Popen]:
    """`suanli …` in a process of its own; killed on leaving unless it has ended."""
    command = [str(Path(sys.executable).with_name("suanli")), *arguments]
    running = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield running
    finally:
        if running.poll() is None:
            running.kill()
        running.wait()
        running.stdout.close()


@dataclass
class World:
    market: Market
    rpc: str
    relay_url: str
    folder: Path
    requester: Requester
    database: Database

    def forget_at_relay(self) -> None:
        """All but the blobs, as if the relay had been set up anew."""
        with self.database.transaction() as database:
            for table in ("announcements", "requests", "told", "acceptances"):
                database.execute(f"DELETE FROM {table}")


def settled(world: World, request: Request, id_: bytes) -> Callable[[], bool]:
    """Accepts what comes; whether it is paid."""

    def look() -> bool:
        for claim in world.requester.relay.claims(id_):
            world.requester.accept(claim)
        return world.market.state_of(request) is State.SETTLED

    return look


def lodged(world: World, manifest: Manifest | None = None, **changes) -> tuple[Request, bytes]:
    """A request that only Bob may take, with its data at the relay."""
    manifest = manifest or manifest_of(2)
    world.requester.put(manifest)
    request = world.requester.request(manifest, BOB.address, **changes)
    return request, world.requester.lodge(request)


def reasons(world: World, id_: bytes) -> list[str]:
    return [rejection.reason for rejection in world.requester.relay.rejections(id_)]


def write_config(world: World, **changes) -> Path:
    usual = {
        "rpc": world.rpc,
        "market": world.market.address,
        "chain_id": 31337,
        "relays": [world.relay_url],
        "payout": OTHERS[0],
        "capacity": 1_000,
        "ask": "0.5",
        "units_per_second": 500,
        "workers": 2,
        "poll": 0.2,
        "patience": 10,
        "max_fee_gwei": 1_000,
    }
    path = world.folder / "miner.toml"
    lines = [
        f'{name} = "{value}"' if isinstance(value, str) else f"{name} = {value}"
        for name, value in (usual | changes).items()
    ]
    path.write_text("\n".join(lines) + "\n")
    return path
