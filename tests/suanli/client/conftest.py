"""A market on Anvil, a relay, a requester, and miners that do as they are told: all in one process,
the miners moving while the requester waits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from suanli.base.accounts import Account
from suanli.chain import Market, Node, Sender, Token, connect, contract_errors, contracts_at, events
from suanli.chain.cursor import CursorState, EventCursor
from suanli.client import Client, Run
from suanli.deployment import LOCAL_FUNDS, local_classes
from suanli.engine import Module, Result, runtime_id
from suanli.job import Manifest, Outputs, leaf_of
from suanli.protocol import (
    SALT_BYTES,
    Announcement,
    Claim,
    Leaf,
    Progress,
    Ref,
    Rejection,
    Request,
    State,
    Tree,
    encode_leaves,
    plaintext_of,
    sign,
    signed_to_json,
)
from suanli.relay import HttpStore, RelayClient, Relays
from suanli.relay.server.app import create_app
from suanli.relay.server.board import Board
from suanli.relay.server.database import open_database
from suanli.store import DirectoryStore
from tests.harness.doubles import RUNTIME, FakeExecutor, Folder, exited
from tests.harness.local_chain import ALICE, BOB, CAROL, CHEAP, DEPLOYER, Controls, anvil, deploy
from tests.suanli.relay.conftest import Server

URLS: dict[Node, str] = {}
"""By node: markets of several chains have the same address."""
CPU = 1
TOKEN = 10**18
UNITS = 10
"""Units of a task at most; one uses 3."""
JOB = """
module = "program.wasm"
limits = {{ fuel = 10_000_000, file_bytes = 1024 }}
tasks = {{ count = {tasks}, args = ["{{index}}"] }}
gather = {{ kind = "concat", to = "all.txt" }}
"""


def program(task: Any) -> Result:
    """What the job's program does: writes its number."""
    return exited(f"task {task.args[0]}\n".encode())


class Wire(httpx.BaseTransport):
    """Between a client and the relay: can be cut, and change answers."""

    def __init__(self) -> None:
        self.cut = False
        self.change: Callable[[httpx.Request, httpx.Response], httpx.Response] | None = None
        self._inner = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.cut:
            raise httpx.ConnectError("cut", request=request)
        answer = self._inner.handle_request(request)
        if self.change is not None:
            answer.read()
            return self.change(request, answer)
        return answer

    def close(self) -> None:
        self._inner.close()


@dataclass
class Miner:
    """Takes what names it, runs it, delivers; attributes make it fail in some way."""

    world: World
    account: Account
    takes: bool = True
    delivers: bool = True
    collects: bool = True
    reason: str = ""
    """Refuse all requests with it."""
    final: bool = True
    """Whether it refuses for good."""
    program: Callable[[Any], Result] = program
    claim: Callable[[Claim], Claim] = lambda claim: claim
    """Changes what is claimed."""
    withholds: Callable[[bytes], bool] = lambda digest: False
    """Which blobs are not uploaded."""
    tells: int | None = None
    """So many tasks are done, it says with every step."""
    reads: bool = False
    """Give tasks their inputs, too."""
    on_chain: bool = False
    """Submit results by transaction."""
    taken: dict[bytes, Request] = field(default_factory=dict)
    done: dict[bytes, Claim] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.address = self.account.address
        world = self.world
        self.sender = Sender(world.node, self.account, fees=CHEAP, poll_every=0.01)

    def join(
        self,
        capacity: int = 1_000,
        ask: int = TOKEN,
        verified_only: bool = False,
        **announced: Any,
    ) -> Miner:
        """Register, publish, tell the relay."""
        market, stake = self.world.market, 2 * TOKEN * capacity
        token = Token(self.world.node, market.token())
        day = self.world.node.head().time + 86_400
        for call in (
            token.faucet(stake),
            token.approve(market.address, stake),
            market.deposit(stake),
            market.register_miner(self.address),
            market.add_stake(self.address, stake),
            market.register_resource(CPU, capacity),
            market.publish_offer(CPU, capacity, ask, day, verified_only),
        ):
            self.sender.execute(call)
        self.tell(**announced)
        return self

    def tell(self, **changes: Any) -> None:
        now = self.world.node.head().time
        usual = {
            "miner": self.address,
            "resource": CPU,
            "runtimes": (RUNTIME,),
            "units_per_second": 5,
            "workers": 1,
            "margin": 150,
            "reserve": 15,
            "public_key": b"\x02" + b"\x88" * 32,
            "issued": now,
            "valid_until": now + 3_600,
        }
        self._post(Announcement(**(usual | changes)))

    def _post(self, message: Any) -> None:
        self.world.broker.post(sign(self.world.market.domain, message, self.account))

    def step(self) -> None:
        for request, signature in self.world.seen(self.address):
            self._take(request, signature)
        for request_id in self.taken.keys() - self.done.keys() if self.tells is not None else ():
            self._tell_progress(request_id)
        for request_id, request in self.taken.items():
            if self.delivers and request_id not in self.done:
                self._deliver(request_id, request)
            elif request_id in self.done and self.collects:
                self._collect(request_id, request)

    def _take(self, request: Request, signature: bytes) -> None:
        market = self.world.market
        request_id = market.domain.request_id(request)
        if self.reason:
            self._reject(request_id, self.reason, self.final)
        elif self.takes and market.state_of(request) in (State.NONE, State.POSTED):
            try:
                self.sender.execute(market.confirm_request(request, signature))
            except contract_errors.InsufficientAvailable:
                self._reject(request_id, "money: too little is available", False)
            else:
                self.taken[request_id] = request

    def _reject(self, request_id: bytes, reason: str, final: bool) -> None:
        now = self.world.node.head().time
        self._post(Rejection(self.address, now, request_id, reason, final))

    def _tell_progress(self, request_id: bytes) -> None:
        assert self.tells is not None
        now, tasks = self.world.node.head().time, self.taken[request_id].tasks
        self._post(Progress(self.address, now, request_id, self.tells, tasks))

    def _deliver(self, request_id: bytes, request: Request) -> None:
        market, store = self.world.market, self.world.blobs()
        blob = store.get(request.job)
        salt, manifest = blob[:SALT_BYTES], Manifest.decode(blob[SALT_BYTES:])
        leaves: list[Leaf] = []

        def read(ref: Ref) -> bytes:
            return plaintext_of(store.get(ref.digest), salt, ref) if self.reads else b""

        for index in range(len(manifest.tasks)):
            module = Module(store.get(manifest.module.digest))
            result = self.program(manifest.engine_task(index, module, read))
            leaves.append(leaf_of(index, result, salt))
            for digest, plaintext in Outputs.of(result, salt).plaintexts.items():
                if not self.withholds(plaintext):
                    store.put(salt + plaintext, digest)
        tree = Tree(leaves)
        claim = self.claim(
            Claim(
                miner=self.address,
                issued=self.world.node.head().time,
                request=request_id,
                root=tree.root,
                units_used=tree.total,
                leaves=store.put(encode_leaves(leaves)),
            )
        )
        self.world.publish(sign(market.domain, claim, self.account))
        if self.on_chain:
            self.sender.execute(market.submit_result(request, claim.root, claim.units_used))
        self.done[request_id] = claim

    def _collect(self, request_id: bytes, request: Request) -> None:
        market, claim = self.world.market, self.done[request_id]
        if self.on_chain or self.world.wire.cut:
            return
        given = self.world.broker.acceptance(request)
        if given and market.state_of(request) is State.CONFIRMED:
            root, units = given.message.root, given.message.units_used
            assert (root, units) == (claim.root, claim.units_used)
            self.sender.execute(market.submit_accepted(request, root, units, given.signature))


class World:
    """`blobs` of all, `seen` requests, the requester's `client`. Waiting lets the miners move."""

    def __init__(self, market: Market, server: Server, folder: Path) -> None:
        self.market, self.node, self.folder = market, market.node, folder
        self.chain = Controls(market.node)
        self.url = URLS[market.node]
        self.wire = Wire()
        self.miners: list[Miner] = []
        self.shared: DirectoryStore | None = None
        self.database = open_database(folder / "relay.sqlite", market.domain)
        contracts = contracts_at(market.node)
        board = Board(
            self.database,
            market.domain,
            contracts=contracts,
            clock=lambda: self.node.head().time,
        )
        server.app = create_app(board, DirectoryStore(folder / "blobs"))
        self.broker = RelayClient(server.url, market.domain, contracts=contracts)
        self._relay = RelayClient(server.url, market.domain, transport=self.wire)
        self._job = Folder(folder)
        self._start = self.node.head().number
        self._clients: list[Client] = []
        self.waits = 0
        self.now = 0.0
        self.on_wait: Callable[[], None] = lambda: None

    def miner(self, account: Account, **changes: Any) -> Miner:
        self.miners.append(Miner(self, account, **changes))
        return self.miners[-1]

    def job(self, tasks: int = 6) -> Path:
        return self._job.write("job.toml", JOB.format(tasks=tasks))

    def client(self, **changes: Any) -> Client:
        account, market = changes.pop("account", ALICE), changes.pop("market", self.market)
        usual: dict[str, Any] = {
            "relay": Relays([self._relay]),
            "store": self.shared,
            "state": self.folder / "state",
            "sent": self.folder / "sent",
            "fees": CHEAP,
            "runtime": RUNTIME,
            "poll": 0.01,
            "executor": lambda _: nullcontext(FakeExecutor(program=program)),
            "sleep": self.wait,
            "clock": lambda: self.now,
        }
        made = Client(market, account, **(usual | changes))
        self._clients.append(made)
        return made

    def wait(self, seconds: float) -> None:
        """In the place of sleeping: only this moves the clock that patience goes by."""
        self.waits, self.now = self.waits + 1, self.now + seconds
        assert self.waits < 2_000, "the job does not end"
        for miner in self.miners:
            miner.step()
        self.on_wait()

    def pass_time(self, seconds: int) -> None:
        self.chain.evm_increaseTime(seconds)
        self.chain.mine()

    def blobs(self) -> Any:
        return self.shared or HttpStore(self.broker)

    def publish(self, signed: Any) -> None:
        if self.shared is not None:
            folder = self.shared.root / "claims"
            folder.mkdir(exist_ok=True)
            path = folder / f"0x{signed.message.request.hex()}.json"
            path.write_text(json.dumps(signed_to_json(signed)))
        if not self.wire.cut:
            self.broker.post(signed)

    def seen(self, miner: str) -> list[tuple[Request, bytes]]:
        """Requests for a miner, at the relay and on the chain."""
        account = self.market.miner_account(miner)
        number = account.miner_id if account else 0
        cursor = EventCursor(self.node, self.market.address, only=(events.RequestPosted,))
        posted = cursor.read(CursorState.from_block(self._start)).events
        found = [(e.request, b"") for e in posted if e.request.miner == number]
        if not self.wire.cut:
            lodged = self.broker.requests(miner=number).requests
            found += [(item.signed.message, item.signed.signature) for item in lodged]
        return found

    def held(self, account: Account = ALICE) -> int:
        """All that the account owns, in base units."""
        balance = self.market.account_of(account.address)
        wallet = Token(self.node, self.market.token()).balance_of(account.address)
        return wallet + balance.available + balance.locked

    def spent(self) -> int:
        return LOCAL_FUNDS - self.held()

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.broker.close()
        self._relay.close()
        self.database.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    with closing(Server()) as made:
        yield made


@pytest.fixture(scope="session")
def deployed() -> Iterator[Market]:
    with anvil() as url:
        classes = local_classes((RUNTIME, runtime_id()))
        market = deploy(connect(url), classes=classes)
        URLS[market.node] = url
        yield market


@pytest.fixture
def world(deployed: Market, server: Server, tmp_path: Path) -> Iterator[World]:
    with Controls(deployed.node).rollback(), closing(World(deployed, server, tmp_path)) as made:
        yield made


def finish(run: Run) -> list[Any]:
    """All events of a run that ends."""
    with closing(run):
        return list(run.events())


MINERS = (BOB, CAROL, DEPLOYER)
