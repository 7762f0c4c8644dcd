"""Questions over HTTP to a server that misbehaves, and when they are asked again."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from suanli.chain import (
    AnswerTooLarge,
    BadAnswer,
    HttpTransport,
    RateLimited,
    Retrying,
    RpcError,
    Several,
    TransportError,
    connect,
)
from tests.harness.faults import Clock, Faulty, answer, drop_question, refuse

Reply = Callable[[BaseHTTPRequestHandler, dict], None]


class Server:
    """Answers every question with `reply`."""

    reply: Reply

    def __init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                outer.reply(self, json.loads(self.rfile.read(length)))

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/v3/secret"
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,))


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    made.thread.start()
    yield made
    made.http.shutdown()
    made.http.server_close()
    made.thread.join()


def says(body: object, status: int = 200, **headers: str) -> Reply:
    """A reply of these bytes, or of this with the question's id in the place of "ID"."""

    def reply(handler: BaseHTTPRequestHandler, question: dict) -> None:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        text = text.replace(b'"ID"', str(question["id"]).encode())
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(text)))
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(text)

    return reply


def trickles(handler: BaseHTTPRequestHandler, question: dict) -> None:
    """Blanks for ever: each read is in time, the whole never is."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(1 << 40))
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" " * (1 << 16))
    except OSError:
        handler.close_connection = True


def hangs_up(handler: BaseHTTPRequestHandler, question: dict) -> None:
    handler.close_connection = True


def test_gives_the_result(server: Server) -> None:
    server.reply = says({"jsonrpc": "2.0", "id": "ID", "result": "0x7a69"})
    transport = HttpTransport(server.url)
    assert [transport.request("eth_chainId", []) for _ in range(3)] == ["0x7a69"] * 3


def test_sends_what_the_protocol_wants(server: Server) -> None:
    heard = []

    def reply(handler: BaseHTTPRequestHandler, question: dict) -> None:
        heard.append(question)
        says({"id": "ID", "result": None})(handler, question)

    server.reply = reply
    HttpTransport(server.url).request("eth_call", [{"to": "0x00"}, "latest"])
    assert heard == [
        {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [{"to": "0x00"}, "latest"]}
    ]


@pytest.mark.parametrize("status", [200, 400, 500])
def test_errors_carry_code_text_and_data(server: Server, status: int) -> None:
    error = {"code": 3, "message": "execution reverted", "data": "0x1234"}
    server.reply = says({"id": "ID", "error": error}, status)
    with pytest.raises(RpcError) as caught:
        HttpTransport(server.url).request("eth_call", [])
    assert (caught.value.code, caught.value.data) == (3, "0x1234")
    assert str(caught.value) == "the node refused eth_call: execution reverted (code 3)"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"7",
        b"{}",
        b'{"id": 9, "result": 1}',
        b'{"id": 9, "error": {"code": -1, "message": "of another question"}}',
        b'{"id": null, "result": 1}',
        b'{"id": "ID", "error": "no"}',
        b"[" * 100_000,
        b'{"id": "ID"}',
        b"\xff\xfe",
    ],
)
def test_refuses_what_is_no_answer(server: Server, body: bytes) -> None:
    server.reply = says(body)
    with pytest.raises(BadAnswer):
        HttpTransport(server.url).request("eth_chainId", [])


@pytest.mark.parametrize(
    "reply",
    [
        says(b"busy", 503),
        says({"id": "ID", "error": {"code": -32005, "message": "too many requests"}}, 429),
        says(b"who are you?", 401),
        says(b"", 301, Location="http://127.0.0.1:1/"),
        hangs_up,
    ],
)
def test_no_answer_is_a_transport_error_that_keeps_the_secret(server: Server, reply: Reply) -> None:
    server.reply = reply
    with pytest.raises(TransportError) as caught:
        HttpTransport(server.url).request("eth_chainId", [])
    assert "secret" not in str(caught.value)
    assert "127.0.0.1" in str(caught.value)


def test_endless_answers_end(server: Server) -> None:
    server.reply = trickles
    with pytest.raises(TransportError, match="longer than"):
        HttpTransport(server.url, timeout=0.2, most_bytes=1 << 40).request("eth_getLogs", [])
    with pytest.raises(AnswerTooLarge):
        HttpTransport(server.url, most_bytes=100_000).request("eth_getLogs", [])


def test_nobody_listens() -> None:
    with pytest.raises(TransportError, match="is it running"):
        HttpTransport("http://127.0.0.1:1").request("eth_chainId", [])


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8545",
        "ftp://host",
        "http://",
        "ws://host:1",
        "http://[::1",
        "http://host:port",
        "http://host:99999",
    ],
)
def test_addresses_of_no_node(url: str) -> None:
    with pytest.raises(TransportError, match="begins with http"):
        HttpTransport(url)


def test_logs_keep_the_secret(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    server.reply = says({"id": "ID", "result": 1})
    HttpTransport(server.url).request("eth_chainId", [])
    assert "secret" not in caplog.text


def test_repr_keeps_the_secret() -> None:
    assert repr(HttpTransport("https://host.example/v3/secret")) == (
        "HttpTransport(https://host.example)"
    )


def test_questions_are_asked_again_after_growing_waits() -> None:
    clock, faulty = Clock(), Faulty(answering(7))
    faulty.spoil("eth_chainId", *[drop_question] * 3)
    retrying = Retrying(
        faulty, attempts=5, first_wait=0.2, longest_wait=0.5, sleep=clock.sleep, jitter=lambda: 1.0
    )
    assert retrying.request("eth_chainId", []) == 7
    assert clock.slept == [0.2, 0.4, 0.5]


def test_waits_are_spread() -> None:
    clock, faulty = Clock(), Faulty(answering(7))
    faulty.always["eth_chainId"] = drop_question
    spread = iter([0.0, 0.5, 1.0])
    retrying = Retrying(
        faulty, attempts=4, first_wait=1.0, sleep=clock.sleep, jitter=lambda: next(spread)
    )
    with pytest.raises(TransportError, match="dropped"):
        retrying.request("eth_chainId", [])
    assert clock.slept == [0.5, 1.5, 4.0]


@pytest.mark.parametrize(
    "method", ["eth_sendRawTransaction", "eth_sendTransaction", "evm_mine", "anvil_reorg"]
)
def test_what_acts_is_asked_once(method: str) -> None:
    faulty = Faulty(answering(7))
    faulty.always[method] = drop_question
    with pytest.raises(TransportError):
        Retrying(faulty, sleep=Clock().sleep).request(method, [])
    assert faulty.asked == [method]


@pytest.mark.parametrize(
    "error", [RpcError("m", 3, "no"), BadAnswer("m", "no"), AnswerTooLarge("too large")]
)
def test_what_is_answered_is_asked_once(error: Exception) -> None:
    faulty = Faulty(answering(7))
    faulty.always["eth_call"] = refuse(error)
    with pytest.raises(type(error)):
        Retrying(faulty, sleep=Clock().sleep).request("eth_call", [])
    assert faulty.asked == ["eth_call"]


# Limits on how much a node is asked


LIMITS = [
    (-32005, "daily request count exceeded, request rate limited"),
    (-32016, "over rate limit"),
    (429, "Your app has exceeded its compute units per second capacity."),
    (-32007, "15/second request limit reached"),
    (-32000, "Too Many Requests"),
    (-32005, "limit exceeded"),
]
OTHERS = [
    ("eth_getLogs", -32005, "query returned more than 10000 results"),
    ("eth_getLogs", -32005, "please limit the query to at most 100 blocks"),
    ("eth_getLogs", -32005, "limit exceeded"),
    ("eth_call", 3, "execution reverted: rate limit of the day"),
    ("eth_call", -32000, "insufficient funds for transfer"),
]


@pytest.mark.parametrize(("code", "text"), LIMITS)
def test_limits_are_known_in_all_dialects(server: Server, code: int, text: str) -> None:
    server.reply = says({"id": "ID", "error": {"code": code, "message": text}})
    with pytest.raises(RateLimited, match="name another node, or several") as caught:
        HttpTransport(server.url).request("eth_call", [])
    assert caught.value.wait == 0


@pytest.mark.parametrize(("method", "code", "text"), OTHERS)
def test_other_refusals_are_no_limits(server: Server, method: str, code: int, text: str) -> None:
    server.reply = says({"id": "ID", "error": {"code": code, "message": text}})
    with pytest.raises(RpcError):
        HttpTransport(server.url).request(method, [])


@pytest.mark.parametrize(("given", "wait"), [("7", 7.0), ("99999", 60.0), ("soon", 0.0)])
def test_a_limit_says_how_long_it_lasts(server: Server, given: str, wait: float) -> None:
    server.reply = says(b"slow down", 429, **{"Retry-After": given})
    with pytest.raises(RateLimited) as caught:
        HttpTransport(server.url).request("eth_call", [])
    assert caught.value.wait == wait


@pytest.mark.parametrize("method", ["eth_call", "eth_sendRawTransaction"])
def test_a_limit_is_waited_for_longer_than_a_fault(method: str) -> None:
    """And what acts is asked again, too, since it was not done."""
    clock, faulty = Clock(), Faulty(None)  # type: ignore[arg-type]
    limit = refuse(RateLimited("a node", "over rate limit"))
    faulty.spoil(method, *[limit] * 8, answer("0x07"))
    retrying = Retrying(faulty, attempts=3, sleep=clock.sleep, jitter=lambda: 1.0)
    assert retrying.request(method, []) == "0x07"
    assert clock.slept == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


def test_a_limit_that_lasts_is_an_error_in_the_end() -> None:
    clock, faulty = Clock(), Faulty(None)  # type: ignore[arg-type]
    faulty.always["eth_call"] = refuse(RateLimited("a node", "HTTP 429", wait=20.0))
    with pytest.raises(RateLimited):
        Retrying(faulty, patience=50.0, sleep=clock.sleep).request("eth_call", [])
    assert clock.slept == [20.0, 20.0, 20.0]


@pytest.mark.parametrize("text", ["header not found", "Unknown block", "internal server error"])
def test_what_another_node_may_know_is_asked_again(text: str) -> None:
    faulty = answering(7)
    faulty.spoil("eth_call", refuse(RpcError("eth_call", -32000, text)))
    assert Retrying(faulty, sleep=Clock().sleep).request("eth_call", []) == 7


def test_a_contract_that_speaks_like_a_node_is_not_asked_again() -> None:
    faulty = answering(7)
    error = RpcError("eth_call", 3, "execution reverted: header not found")
    faulty.spoil("eth_call", refuse(error))
    with pytest.raises(RpcError):
        Retrying(faulty, sleep=Clock().sleep).request("eth_call", [])


# Several nodes


class Named(Faulty):
    """A node of chain 1 that answers with its name."""

    def __init__(self, name: str, chain: str = "0x1") -> None:
        super().__init__(None)  # type: ignore[arg-type]
        self.name = name
        self.always |= dict.fromkeys(("eth_call", "eth_sendRawTransaction"), answer(name))
        self.always["eth_chainId"] = answer(chain)

    @property
    def calls(self) -> int:
        return len(self.asked) - self.asked.count("eth_chainId")


def test_one_of_several_is_asked_until_it_fails() -> None:
    a, b = Named("a"), Named("b")
    nodes = Several([a, b])
    answers = [nodes.request("eth_call", []) for _ in range(2)]
    a.spoil("eth_call", drop_question)
    answers += [nodes.request("eth_call", []) for _ in range(2)]
    b.spoil("eth_call", refuse(RateLimited("b", "HTTP 429")))
    answers += [nodes.request("eth_call", [])]
    b.spoil("eth_call", refuse(RpcError("eth_call", -32000, "header not found")))
    assert answers == ["a", "a", "b", "b", "a"]
    assert (a.asked.count("eth_chainId"), b.asked.count("eth_chainId")) == (1, 1)


def test_if_all_fail_each_was_asked_once() -> None:
    a, b = Named("a"), Named("b")
    for node in (a, b):
        node.always["eth_call"] = drop_question
    with pytest.raises(TransportError, match="dropped"):
        Several([a, b]).request("eth_call", [])
    assert (a.calls, b.calls) == (1, 1)


def test_what_is_refused_is_refused() -> None:
    a, b = Named("a"), Named("b")
    a.always["eth_call"] = refuse(RpcError("eth_call", 3, "execution reverted"))
    with pytest.raises(RpcError):
        Several([a, b]).request("eth_call", [])
    assert b.asked == []


def test_a_node_that_answers_nonsense_is_left() -> None:
    """As a gateway's page that says HTTP 200: it may stay so for hours."""
    nonsense = refuse(BadAnswer("eth_call", "it is not JSON"))
    a, b = Named("a"), Named("b")
    a.spoil("eth_call", nonsense)
    nodes = Several([a, b])
    assert [nodes.request("eth_call", []) for _ in range(2)] == ["b", "b"]
    assert a.calls == 1


def test_a_transaction_that_is_answered_with_nonsense_goes_to_no_other_node() -> None:
    """It may have been sent; the next question goes to the other one."""
    a, b = Named("a"), Named("b")
    nodes = Several([a, b])
    a.spoil("eth_sendRawTransaction", refuse(BadAnswer("eth_sendRawTransaction", "not JSON")))
    with pytest.raises(BadAnswer):
        nodes.request("eth_sendRawTransaction", [])
    assert b.calls == 0
    assert nodes.request("eth_call", []) == "b"


def test_a_lost_transaction_goes_to_no_other_node() -> None:
    """Its caller judges; the next question goes to the other one."""
    a, b = Named("a"), Named("b")
    nodes = Several([a, b])
    a.spoil("eth_sendRawTransaction", drop_question)
    with pytest.raises(TransportError):
        nodes.request("eth_sendRawTransaction", [])
    assert b.calls == 0
    assert nodes.request("eth_call", []) == "b"


def test_a_transaction_that_a_limit_kept_back_goes_to_another_node() -> None:
    a, b = Named("a"), Named("b")
    a.spoil("eth_sendRawTransaction", refuse(RateLimited("a", "over rate limit")))
    assert Several([a, b]).request("eth_sendRawTransaction", []) == "b"


def test_a_node_of_another_chain_is_passed_over() -> None:
    a, b, c = Named("a"), Named("b", chain="0x5"), Named("c")
    a.spoil("eth_call", *[drop_question] * 2)
    nodes = Several([a, b, c])
    assert nodes.request("eth_call", []) == "c"
    assert b.calls == 0
    c.always["eth_call"] = drop_question
    with pytest.raises(TransportError, match="the node at b serves chain 5, the others 1: take it"):
        nodes.request("eth_call", [])


def test_several_are_named_with_commas(server: Server) -> None:
    server.reply = says({"id": "ID", "result": "0x1"})
    node = connect(f"http://127.0.0.1:1, {server.url}", chain_id=1)
    assert node.chain_id() == 1
    with pytest.raises(TransportError, match="begins with http"):
        connect(f"{server.url},127.0.0.1:1")


def answering(value: object) -> Faulty:
    faulty = Faulty(None)  # type: ignore[arg-type]
    for method in ("eth_chainId", "eth_call"):
        faulty.always[method] = answer(value)
    return faulty
