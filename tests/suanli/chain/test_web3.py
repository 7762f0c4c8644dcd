"""web3.py below `Node`: its providers and a user's middleware; and above our transport."""

from __future__ import annotations

import asyncio
import itertools
import json
import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import pytest
from web3 import AsyncHTTPProvider, AsyncWeb3, HTTPProvider, IPCProvider, Web3, WebSocketProvider
from web3.exceptions import ContractCustomError, Web3RPCError
from web3.middleware import ExtraDataToPOAMiddleware, Web3Middleware
from web3.providers import AsyncIPCProvider, LegacyWebSocketProvider
from web3.providers.base import JSONBaseProvider

from suanli.chain import (
    AnswerTooLarge,
    BadAnswer,
    CursorState,
    EventCursor,
    Market,
    Node,
    Provider,
    RateLimited,
    RpcError,
    Sender,
    TransportError,
    Web3Transport,
    connect,
    events,
)
from suanli.chain.ipc import BoundedIPC
from tests.harness.local_chain import ALICE, CHEAP, Controls, anvil, deploy
from tests.suanli.chain.test_transport import Reply, Server, hangs_up, says, server, trickles

__all__ = ["server"]
SHORT = 0.3


class Seen(Web3Middleware):
    """What passes a user's middleware."""

    methods: ClassVar[list[str]] = []

    def request_processor(self, method: Any, params: Any) -> Any:
        self.methods.append(method)
        return method, params

    async def async_request_processor(self, method: Any, params: Any) -> Any:
        self.methods.append(method)
        return method, params


@pytest.fixture(scope="module")
def reached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A node's HTTP address and the path of its IPC socket."""
    path = str(tmp_path_factory.mktemp("ipc") / "anvil.ipc")
    with anvil("--ipc", path) as url:
        yield url, path


@pytest.fixture(scope="module")
def there(reached: tuple[str, str]) -> Market:
    return deploy(connect(reached[0]))


def ways(url: str, ipc: str) -> dict[str, Any]:
    ws = url.replace("http", "ws")
    return {
        "HTTP": Web3(HTTPProvider(url)),
        "HTTP, POA": Web3(HTTPProvider(url), middleware=[ExtraDataToPOAMiddleware]),
        "WebSocket": Web3(LegacyWebSocketProvider(ws)),
        "IPC": Web3(IPCProvider(ipc)),
        "async HTTP": AsyncWeb3(AsyncHTTPProvider(url)),
        "async WebSocket": AsyncWeb3(WebSocketProvider(ws)),
        "async IPC": AsyncWeb3(AsyncIPCProvider(ipc)),
        "a provider": HTTPProvider(url),
        "an async provider": WebSocketProvider(ws),
        "a WebSocket's URL": ws,
        "an IPC path": ipc,
    }


@pytest.mark.parametrize("way", ways("http://127.0.0.1:1", "x.ipc"))
def test_a_market_is_used_through_any_way_to_its_node(
    way: str, reached: tuple[str, str], there: Market, request: pytest.FixtureRequest
) -> None:
    given = ways(*reached)[way]
    if way == "IPC":
        request.addfinalizer(lambda: given.provider._socket.sock.close())
    has_middleware = hasattr(given, "middleware_onion")
    Seen.methods = []
    if has_middleware:
        given.middleware_onion.add(Seen)
    node = connect(given, chain_id=31337)
    market = Market(node, there.address)
    with Controls(there.node).rollback():
        before = node.head()
        sender = Sender(node, ALICE, fees=CHEAP, poll_every=0.01)
        receipt = sender.execute(market.register_miner(ALICE.address))
        batch = EventCursor(node, market.address).read(CursorState.from_block(before.number + 1))
        assert [type(event) for event in batch.events] == [events.MinerRegistered]
        assert node.receipt(receipt.transaction) == there.node.receipt(receipt.transaction)
        assert market.miner_account(ALICE.address) == there.miner_account(ALICE.address)
        assert node.receipt("0x" + "ab" * 32) is None
        with pytest.raises(Exception, match="AlreadyRegistered"):
            market.register_miner(ALICE.address).simulate(ALICE.address)
    assert ("eth_sendRawTransaction" in Seen.methods) == has_middleware


def test_threads_share_one_way(reached: tuple[str, str], there: Market) -> None:
    ws = reached[0].replace("http", "ws")
    for given in (ws, reached[1], WebSocketProvider(ws)):
        node = connect(given)
        wanted = [node.balance(f"0x{number:040x}") for number in range(8)]
        found: dict[int, list[int]] = {}

        def ask(thread: int, node: Node = node, found: dict[int, list[int]] = found) -> None:
            found[thread] = [node.balance(f"0x{number:040x}") for number in range(8)]

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(found.values()) == [wanted] * 4


# Hostile answers


class Says(JSONBaseProvider):
    """A provider whose node answers this."""

    def __init__(self, answer: Callable[[dict[str, Any]], Any]) -> None:
        super().__init__()
        self.answer, self.heard = answer, 0

    def make_request(self, method: Any, params: Any) -> Any:
        self.heard += 1
        return self.answer(json.loads(self.encode_rpc_request(method, params)))


def result(value: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda question: {"jsonrpc": "2.0", "id": question["id"], "result": value}


def both(server: Server, reply: Reply) -> list[Callable[[str], Any]]:
    """The same node asked by our transport and through web3.py's."""
    server.reply = reply
    ours = connect(server.url, timeout=SHORT).transport._transport  # type: ignore[attr-defined]
    theirs = Web3(HTTPProvider(server.url, request_kwargs={"timeout": SHORT}))
    return [lambda method, it=it: it.request(method, []) for it in (ours, Web3Transport(theirs))]


@pytest.mark.parametrize(
    "reply",
    [
        says({"id": "ID", "error": {"code": 3, "message": "execution reverted", "data": "0x12"}}),
        says({"id": "ID", "error": {"code": -32000, "message": "header not found"}}, 400),
        says({"id": "ID", "error": {"code": -32005, "message": "daily quota"}}),
        says({"id": "ID", "error": "no"}),
        says({"id": 77, "result": "0x1"}),
        says({"id": None, "error": {"code": 1, "message": "what?"}}),
        says({"id": "ID"}),
        says({"result": "0x1"}),
        says(b"[]"),
        says(b"7"),
        says(b"<html>"),
        says(b"\xff\xfe"),
        says(b"[" * 100_000),
        says(b"slow down", 429, **{"Retry-After": "7"}),
        says(b"<html>", 502),
        says(b"<html>", 404),
        hangs_up,
    ],
)
def test_what_goes_wrong_is_told_alike(server: Server, reply: Reply) -> None:
    said = []
    for ask in both(server, reply):
        with pytest.raises((RpcError, TransportError, BadAnswer)) as caught:
            ask("eth_blockNumber")
        said.append((type(caught.value), getattr(caught.value, "wait", 0), str(caught.value)))
    (kind, wait, text), (kind_, wait_, text_) = said
    assert (kind, wait) == (kind_, wait_)
    assert "secret" not in text + text_
    if kind is not TransportError:  # these name the exception, which is another
        assert text == text_


@pytest.mark.parametrize("value", [None, 7, "7", [], {"a": 1}, "0xg"])
def test_answers_are_checked_whatever_brings_them(value: Any) -> None:
    node = connect(Says(result(value)))
    with pytest.raises(BadAnswer, match="eth_chainId"):
        node.require_chain(1)


def test_objects_of_middleware_are_read_as_json() -> None:
    class Wrapping(Web3Middleware):
        def response_processor(self, method: Any, response: Any) -> Any:
            return response | {"result": {"blockHash": None, "deep": [b"\x01", {"of": b""}]}}

    transport = Web3Transport(Web3(Says(result("0x1")), middleware=[Wrapping]))
    assert transport.request("x", []) == {"blockHash": None, "deep": ["0x01", {"of": "0x"}]}


def test_middleware_may_answer_itself() -> None:
    class Fixture(Web3Middleware):
        def wrap_make_request(self, make_request: Any) -> Any:
            return lambda method, params: {"result": "0x7"}

    provider = Says(result("0x1"))
    assert connect(Web3(provider, middleware=[Fixture])).balance(ALICE.address) == 7
    assert provider.heard == 0


def test_what_acts_is_asked_once(server: Server) -> None:
    heard = []

    def reply(handler: Any, question: dict[str, Any]) -> None:
        heard.append(question["method"])
        hangs_up(handler, question)

    server.reply = reply
    given = Web3(HTTPProvider(server.url))
    before = given.provider.exception_retry_configuration
    with pytest.raises(TransportError):
        connect(given).send_raw(b"\x01")
    assert heard == ["eth_sendRawTransaction"]
    assert given.provider.exception_retry_configuration is before, "the user's own is as it was"


def test_middleware_that_breaks_is_a_lost_answer() -> None:
    class Broken(Web3Middleware):
        def response_processor(self, method: Any, response: Any) -> Any:
            raise ZeroDivisionError

    heard = []
    provider = Says(lambda question: heard.append(question["method"]) or {"id": question["id"]})
    with pytest.raises(TransportError, match="ZeroDivisionError"):
        connect(Web3(provider, middleware=[Broken])).send_raw(b"\x01")
    assert heard == ["eth_sendRawTransaction"]


@pytest.mark.parametrize("name", ["async", "sync"])
def test_messages_over_websocket_are_bounded(name: str) -> None:
    with websocket(lambda question: "x" * (1 << 20)) as url:
        given = {
            "sync": LegacyWebSocketProvider(url, {"max_size": 1_000}),
            "async": WebSocketProvider(url, {"max_size": 1_000}),
        }[name]
        with pytest.raises(AnswerTooLarge, match=f"{url} answers more"):
            Web3Transport(given).request("eth_getLogs", [])


@pytest.mark.parametrize("name", ["async", "sync", "URL"])
def test_silence_over_websocket_ends(name: str) -> None:
    with websocket(lambda question: None) as url:
        given: Any = {
            "sync": LegacyWebSocketProvider(url, websocket_timeout=SHORT),  # type: ignore[arg-type]
            "async": WebSocketProvider(url),
            "URL": url,
        }[name]
        transport = connect(given, timeout=SHORT).transport._transport  # type: ignore[attr-defined]
        with pytest.raises(TransportError, match=f"no answer from the node at {url}"):
            transport.request("eth_chainId", [])


@pytest.mark.parametrize("name", ["async", "sync"])
def test_answers_to_other_questions_are_refused_over_websocket(name: str) -> None:
    def reply(question: dict[str, Any]) -> str:
        return json.dumps({"jsonrpc": "2.0", "id": question["id"] + 1, "result": "0x1"})

    with websocket(reply) as url:
        given: Any = {"sync": LegacyWebSocketProvider, "async": WebSocketProvider}[name](url)
        with pytest.raises((BadAnswer, TransportError), match=r"another question|no answer"):
            Web3Transport(given, SHORT).request("eth_chainId", [])


@pytest.mark.parametrize("name", ["async", "sync"])
def test_a_broken_websocket_is_opened_anew(name: str) -> None:
    replies = iter([None, "0x2"])

    def reply(question: dict[str, Any]) -> str | None:
        value = next(replies)
        if value is None:
            raise ConnectionError
        return json.dumps({"jsonrpc": "2.0", "id": question["id"], "result": value})

    with websocket(reply) as url:
        given: Any = {"sync": LegacyWebSocketProvider, "async": WebSocketProvider}[name](url)
        assert connect(given).balance(ALICE.address) == 2


@pytest.mark.parametrize(
    ("reply", "error", "says"),
    [
        (
            lambda _: itertools.repeat(b"x" * (1 << 16)),
            AnswerTooLarge,
            "more than 1000 bytes",
        ),
        (lambda _: itertools.repeat(b""), TransportError, "no answer"),
        (lambda _: [b'{"id": 1, "result": ', b""], TransportError, "no answer"),
        (lambda _: [], TransportError, "no answer"),
        (lambda _: [b'{"id": 99, "result": "0x1"}'], BadAnswer, "another question"),
        (lambda _: [b"[{}", b"]}"], TransportError, "no answer"),
    ],
)
def test_answers_over_ipc_are_bounded(
    tmp_path: Path, reply: Callable[[bytes], Iterable[bytes]], error: type[Exception], says: str
) -> None:
    path = tmp_path / "node.ipc"
    with ipc(path, reply):
        provider = BoundedIPC(path, SHORT, most_bytes=1_000)
        with pytest.raises(error, match=says):
            Web3Transport(provider).request("eth_chainId", [])
        assert provider._socket.sock is None or error is BadAnswer, (
            "what may still come is not read"
        )
        if provider._socket.sock is not None:
            provider._socket.sock.close()


def test_a_node_that_is_started_again_is_asked_over_ipc(tmp_path: Path) -> None:
    path = tmp_path / "node.ipc"

    def reply(question: bytes) -> Iterable[bytes]:
        yield json.dumps({"id": json.loads(question)["id"], "result": "0x2"}).encode()

    with ipc(path, reply):
        node = connect(str(path))
        assert node.balance(ALICE.address) == 2
    with pytest.raises(TransportError):
        node.transport._transport.request("eth_chainId", [])  # type: ignore[attr-defined]
    with ipc(path, reply):
        assert node.balance(ALICE.address) == 2


def test_a_web3_without_a_node_is_refused() -> None:
    with pytest.raises(TransportError, match="this Web3 names no node"):
        connect(Web3())
    with pytest.raises(TransportError, match="int is no node's address, no provider"):
        connect(7)  # type: ignore[arg-type]


# Our transport below web3.py


def test_our_transport_is_a_provider(reached: tuple[str, str], there: Market) -> None:
    web3 = Web3(Provider(reached[0], chain_id=31337))
    assert web3.is_connected()
    assert web3.eth.chain_id == 31337
    abi = json.loads((Path("suanli/chain/generated") / "ComputeMarket.json").read_text())["abi"]
    market = web3.eth.contract(Web3.to_checksum_address(there.address), abi=abi)
    assert market.functions.resourceCount().call() == there.resource_count()
    with pytest.raises(ContractCustomError):
        market.functions.minerStatus(Web3.to_checksum_address(ALICE.address)).call()
    with web3.batch_requests() as batch:
        batch.add(web3.eth.get_block(0))
        batch.add(web3.eth.get_block(1))
        assert [block["number"] for block in batch.execute()] == [0, 1]


def test_our_provider_keeps_its_bounds(server: Server) -> None:
    server.reply = trickles
    web3 = Web3(Provider(server.url, timeout=SHORT))
    web3.provider.transport._attempts = 1  # type: ignore[attr-defined, union-attr]
    with pytest.raises(TransportError, match=r"took longer than|answers more"):
        web3.eth.get_block("latest")
    assert not web3.is_connected()


def test_our_provider_passes_on_what_nodes_refuse(server: Server) -> None:
    server.reply = says({"id": "ID", "error": {"code": -32601, "message": "no such method"}})
    web3 = Web3(Provider(server.url))
    with pytest.raises(Web3RPCError, match="no such method"):
        web3.eth.get_balance(Web3.to_checksum_address(ALICE.address))
    server.reply = says(b"slow down", 429)
    web3.provider.transport._patience = 0  # type: ignore[attr-defined, union-attr]
    with pytest.raises(RateLimited):
        web3.eth.get_balance(Web3.to_checksum_address(ALICE.address))


def test_web3_is_loaded_only_when_it_is_used() -> None:
    script = (
        "import sys, suanli.chain, suanli.cli; suanli.chain.connect;"
        " assert not {'web3', 'websockets', 'aiohttp'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


class websocket:  # noqa: N801
    """A server that answers each message with `reply`'s text, not at all for None, or hangs up
    for a ConnectionError; entered, its URL."""

    def __init__(self, reply: Callable[[dict[str, Any]], str | None]) -> None:
        self.reply = reply

    async def _serve(self, connection: Any) -> None:
        async for message in connection:
            try:
                said = self.reply(json.loads(message))
            except ConnectionError:
                return await connection.close(1011)
            if said is not None:
                await connection.send(said)

    def __enter__(self) -> str:
        from websockets.asyncio.server import serve

        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

        async def start() -> Any:
            return await serve(self._serve, "127.0.0.1", 0)

        self.server = asyncio.run_coroutine_threadsafe(start(), self.loop).result()
        return f"ws://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        async def stop() -> None:
            self.server.close()
            await self.server.wait_closed()

        asyncio.run_coroutine_threadsafe(stop(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@contextmanager
def ipc(path: Path, reply: Callable[[bytes], Iterable[bytes]]) -> Iterator[None]:
    """A server that answers each question with these pieces: for an empty one it waits, after the
    last it hangs up if it has said nothing."""
    ended = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while not ended.is_set() and (question := self.rfile.readline()):
                said = 0
                for piece in reply(question):
                    if ended.wait(0.01 if not piece else 0):
                        return
                    with suppress(OSError):
                        said += self.connection.send(piece)
                if not said:
                    return

    class Listening(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True

        def shutdown_request(self, request: Any) -> None:
            self.close_request(request)

    with Listening(str(path), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield
        finally:
            ended.set()
            server.shutdown()
            thread.join()
            path.unlink()
