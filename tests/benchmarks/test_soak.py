"""The soak notices what is wrong, and its faults are faults."""

from __future__ import annotations

import http.client
import http.server
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from benchmarks import soak
from benchmarks.proxy import Proxy
from benchmarks.soak import Chaos
from benchmarks.streams import Job, Stream
from benchmarks.town import Books, books
from suanli.chain import RpcError, Sender, Token, connect
from suanli.client.ledger import Ledger
from suanli.client.records import DealRecord, DealStage
from suanli.protocol import Domain
from tests.harness.local_chain import ALICE, CHEAP, OTHERS, anvil, deploy
from tests.harness.simulation import request

RIGHT = Books(requests=1, ended={"settled": 1}, held=7, owed=7, supply=9, balances=9)


def test_right_books_have_no_wrongs() -> None:
    assert RIGHT.wrongs == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"open": ["0xab confirmed"]}, "not at their end: ['0xab confirmed']"),
        ({"held": 8}, "holds 8, and owes 7"),
        ({"locked": 1}, "1 are locked"),
        ({"balances": 8}, "9 were minted, the balances sum to 8"),
        ({"confirmed_twice": ["0xab"]}, "confirmed twice: ['0xab']"),
    ],
)
def test_each_wrong_is_named(change: dict[str, Any], said: str) -> None:
    (wrong,) = replace(RIGHT, **change).wrongs
    assert said in wrong


def test_books_of_a_chain_count_every_token() -> None:
    with anvil() as url:
        market = deploy(connect(url))
        token = Token(market.node, market.token())
        sender = Sender(market.node, ALICE, fees=CHEAP, poll_every=0.01)
        for call in (token.approve(market.address, 5), market.deposit(5)):
            sender.execute(call)
        known = [str(a).lower() for a in market.node.request("eth_accounts")]
        found = books(market, known)
        assert (found.held, found.owed, found.wrongs) == (5, 5, [])
        sender.execute(token.transfer(market.address, 3))
        assert "holds 8, and owes 5" in books(market, known).wrongs[0]
        sender.execute(token.transfer("0x" + "77" * 20, 1))
        assert any("minted" in wrong for wrong in books(market, known).wrongs)
        assert books(market, [*known, *OTHERS, "0x" + "77" * 20]).balances == found.supply


@pytest.fixture
def server() -> Iterator[int]:
    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made.server_address[1]
        made.shutdown()
        thread.join()


def get(proxy: Proxy, timeout: float = 10) -> bytes:
    port = int(proxy.url.rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read()
    finally:
        connection.close()


def test_a_proxy_passes_is_cut_and_mended(server: int) -> None:
    heard: list[tuple[bool, bytes]] = []
    with Proxy(server, lambda number, asks, data: heard.append((asks, data))) as proxy:
        assert get(proxy) == b"ok"
        assert heard[0][0]
        assert heard[0][1].startswith(b"GET / ")
        proxy.cut()
        with pytest.raises((OSError, http.client.HTTPException)):
            get(proxy)
        proxy.mend()
        assert get(proxy) == b"ok"


def test_a_stalled_proxy_keeps_what_it_holds_back(server: int) -> None:
    with Proxy(server) as proxy:
        proxy.stall()
        with pytest.raises(TimeoutError):
            get(proxy, timeout=0.2)
        found: list[bytes] = []
        waiting = threading.Thread(target=lambda: found.append(get(proxy)))
        waiting.start()
        proxy.mend()
        waiting.join()
        assert found == [b"ok"]


@dataclass
class FakeChild:
    words: str = "ready: it sells\n"
    running: bool = True

    def kill(self) -> None:
        self.running = False

    def said(self) -> str:
        return self.words


PARTS = "miner-1", "miner-2", "miner-3", "relay", "relay-2"


@dataclass
class FakeTown:
    restarted: list[str] = field(default_factory=list)
    children: dict[str, FakeChild] = field(default_factory=dict)

    def restart(self, name: str) -> None:
        self.restarted.append(name)
        self.children[name] = FakeChild()

    def __post_init__(self) -> None:
        self.children |= {name: FakeChild() for name in PARTS}
        self.acts: list[str] = []
        self.wires = {part: self._wire(part) for part in ("chain", "relay", "relay-2")}
        self.node = SimpleNamespace(request=self._request, head=lambda: SimpleNamespace(time=2**40))

    def relay_is_there(self, name: str) -> bool:
        last = next((act for act in self.acts[::-1] if act.endswith(f" {name}")), "mend")
        return self.children[name].running and last.startswith("mend")

    def _wire(self, part: str) -> Any:
        acts = ("cut", "stall", "mend")
        return SimpleNamespace(
            **{act: lambda act=act: self.acts.append(f"{act} {part}") for act in acts}
        )

    def _request(self, method: str, *params: Any) -> None:
        self.acts.append(method)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [1_000.0]
    # Not the module's own function: whatever else runs in this process goes by it.
    monkeypatch.setattr(soak, "time", SimpleNamespace(monotonic=lambda: now[0], time=time.time))

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


def chaos_in(town: FakeTown, seed: int = 5) -> Chaos:
    return Chaos(town, [], random.Random(seed), lambda line: None)  # type: ignore[arg-type]


def test_all_faults_are_mended_at_the_end(clock: Callable[[float], None]) -> None:
    town = FakeTown()
    chaos = chaos_in(town)
    chaos._faults = [f for f in chaos._faults if f.__name__ != "_kill_requester"]
    for _ in range(500):
        clock(1)
        chaos.step()
    chaos.end()
    assert all(child.running for child in town.children.values())
    for part in town.wires:
        acts = town.acts[::-1]
        assert acts.index(f"mend {part}") < acts.index(f"cut {part}")
        assert acts.index(f"mend {part}") < acts.index(f"stall {part}")
    kinds = {"kill-miner", "kill-relay", "cut-relay", "stall-relay"}
    kinds |= {"cut-chain", "stall-chain", "reorganize"}
    assert set(chaos.counts) == kinds
    assert len(town.restarted) == chaos.counts["kill-miner"] + chaos.counts["kill-relay"]
    assert chaos.deaths == []
    before = chaos.counts.total()
    clock(1_000)
    chaos.step()
    assert chaos.counts.total() == before


def test_one_relay_is_there_at_any_time(clock: Callable[[float], None]) -> None:
    town = FakeTown()
    chaos = chaos_in(town)
    chaos._faults = [chaos._kill_relay, chaos._cut_relay, chaos._stall_relay]
    wrong: set[str] = set()
    for _ in range(500):
        clock(1)
        chaos.step()
        wrong = {name for name in ("relay", "relay-2") if not town.children[name].running}
        for act, part in (act.split() for act in town.acts):
            (wrong.discard if act == "mend" and town.children[part].running else wrong.add)(part)
        assert len(wrong) < 2
    assert {act.split()[1] for act in town.acts} == {"relay", "relay-2"}


def test_what_ends_by_itself_is_a_death_and_is_restarted(clock: Callable[[float], None]) -> None:
    town = FakeTown()
    chaos = chaos_in(town)
    town.children["miner-2"] = FakeChild("ready: …\nError: a bug\n", running=False)
    chaos.step()
    assert chaos.deaths == ["miner-2 ended by itself: Error: a bug"]
    chaos.step()
    assert town.restarted == ["miner-2"]


def test_a_chain_that_refuses_to_reorganize_is_no_fault(clock: Callable[[float], None]) -> None:
    town = FakeTown()
    chaos = chaos_in(town)

    def refuse(method: str, *params: Any) -> None:
        raise RpcError(method, -32000, "no")

    town.node.request = refuse
    chaos._faults = [chaos._reorganize]
    clock(10)
    chaos.step()
    assert chaos.counts.total() == 0


def test_blocks_that_the_chain_has_lost_count_nothing() -> None:
    def answer(method: str, *_: Any) -> Any:
        return None if method == "eth_getBlockByNumber" else {}

    node = SimpleNamespace(head=lambda: SimpleNamespace(number=3), request=answer)
    town: Any = SimpleNamespace(node=node)
    assert soak._reverted(town).total() == 0


def test_a_job_that_was_undone_after_its_end_is_resumed() -> None:
    resumed: list[str] = []
    jobs = [
        SimpleNamespace(file=Path(f"{name}/job.toml"), units=10, finished=True, wrong="")
        for name in ("paid", "undone")
    ]
    stream: Any = SimpleNamespace(
        charged_units=lambda found: zip(jobs, (10, 3), strict=True),
        resume=lambda job: resumed.append(job.file.parent.name),
    )
    again = soak._resume_undone(RIGHT, [stream], lambda line: None)
    assert (resumed, again) == (["undone"], [jobs[1]])


def test_what_a_job_was_charged_is_read_from_its_ledger(tmp_path: Path) -> None:
    """The units of its deals that were settled, and of no others."""
    deals = [
        DealRecord(number, DealStage.ENDED, (number,), request(salt=number), b"", 7, None)
        for number in range(3)
    ]
    with closing(Ledger(tmp_path / "job.sqlite")) as ledger:
        ledger.save(deals)
    domain = Domain(1, "0x" + "22" * 20)
    first, second, _ = (domain.request_id(deal.request) for deal in deals)
    town = SimpleNamespace(market=SimpleNamespace(domain=domain))
    job = Job(tmp_path, tmp_path, {}, 5, folder=tmp_path)
    stream: Any = Stream("ann", town, random.Random(1), None, [job])  # type: ignore[arg-type]
    found = replace(RIGHT, charged={first: 3, second: 2, bytes(32): 9})
    assert list(stream.charged_units(found)) == [(job, 5)]
