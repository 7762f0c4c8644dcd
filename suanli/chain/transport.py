"""How a node is asked: JSON-RPC over HTTP, with time-outs, and tried again where that is safe."""

from __future__ import annotations

import itertools
import json
import logging
import random
import re
import time
import weakref
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from suanli.base.http import client_for
from suanli.chain.errors import AnswerTooLarge, BadAnswer, RateLimited, RpcError, TransportError

MOST_BYTES = 64 << 20
"""Of one answer."""

_ACTS = ("eth_send", "personal_", "anvil_", "evm_", "hardhat_", "miner_", "wallet_")
"""Methods that do something: asking twice may do it twice."""
# It would log every address whole, with the secrets that those of hosted nodes hold.
logging.getLogger("httpx").setLevel(logging.WARNING)

_AWAY = (502, 503, 504)
_LIMIT_CODES = (429, -32005, -32007, -32016, -32029, -32090, -32097)
"""JSON-RPC codes of gateways that are asked too much; some of them mean other limits, too."""
_LIMIT_WORDS = re.compile(
    r"rate.?limit|too many requests|request (limit|rate|count)|requests? per|per second|call rate"
    r"|compute units|throttl|over capacity|quota",
    re.IGNORECASE,
)
_OTHER_LIMITS = re.compile(r"\b(blocks?|logs?|results?|range|size|bytes|gas)\b", re.IGNORECASE)
_MOMENTARY = re.compile(
    r"header not found|block not found|unknown block|header for hash not found|no response"
    r"|server is busy|service unavailable|temporarily|try again|internal server error",
    re.IGNORECASE,
)
"""What nodes say that are behind another one at the same address, or in trouble for now."""
MOST_WAIT = 60.0
"""Seconds for which a node may put its callers off."""


class Transport(Protocol):
    """Puts one question to a node; tests put faults in between."""

    def request(self, method: str, params: Sequence[Any]) -> Any:
        """The answer's `result`, as JSON gives it.

        Raises:
            TransportError: no answer came; the node may or may not have acted.
            RateLimited: it does not answer now, and has not acted.
            RpcError: the node answered with an error.
            BadAnswer: what came is no answer.
        """


class NamedTransport(Transport, Protocol):
    """Of one node. `name` says where it is, without secrets."""

    @property
    def name(self) -> str: ...


class HttpTransport:
    """One node over HTTP(S), its connections kept open. Threads may share it.

    `timeout` (seconds) bounds connecting, each wait for bytes, and the whole body of an answer.
    """

    def __init__(self, url: str, timeout: float = 10.0, most_bytes: int = MOST_BYTES) -> None:
        wrong = (
            "a node's address begins with http://, https://, ws:// or wss:// and a host, and"
            " perhaps a port; or it is the path of a file that ends in .ipc"
        )
        try:
            parts = urlsplit(url)
            port = f":{parts.port}" if parts.port else ""
        except ValueError:
            raise TransportError(wrong) from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise TransportError(wrong)
        self._url, self._timeout, self._most_bytes = url, timeout, most_bytes
        # Addresses of hosted nodes hold a secret in their path: it appears in no message.
        self.name = f"{parts.scheme}://{parts.hostname}{port}"
        self._ids = itertools.count(1)
        # Redirects are not followed: a signed transaction goes to nobody else.
        self._client = client_for(url, timeout=timeout, follow_redirects=False)
        weakref.finalize(self, self._client.close)

    def __repr__(self) -> str:
        return f"HttpTransport({self.name})"

    def request(self, method: str, params: Sequence[Any]) -> Any:
        number = next(self._ids)
        question = {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}
        return result_of(self.name, method, (number,), self._post(question))

    def _post(self, question: dict[str, Any]) -> bytes:
        ends = time.monotonic() + self._timeout
        try:
            with self._client.stream("POST", self._url, json=question) as answer:
                body = self._read(answer, ends)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise no_answer(self.name, error) from None
        check_status(self.name, answer.status_code, answer.headers, body)
        return body

    def _read(self, answer: httpx.Response, ends: float) -> bytes:
        body = bytearray()
        for piece in answer.iter_bytes():
            body += piece
            if len(body) > self._most_bytes:
                raise AnswerTooLarge(f"{self.name} answers more than {self._most_bytes} bytes")
            if time.monotonic() > ends:
                raise TransportError(f"{self.name} took longer than {self._timeout:g} s to answer")
        return bytes(body)


def no_answer(name: str, error: BaseException) -> TransportError:
    return TransportError(
        f"no answer from the node at {name} ({type(error).__name__}): is it running, and the"
        " address right?"
    )


def check_status(name: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Raises RateLimited or TransportError for an HTTP status that is no answer."""
    if status == 429:
        wait = headers.get("retry-after", "")
        seconds = min(float(wait), MOST_WAIT) if wait.isdecimal() else 0.0
        raise RateLimited(name, "HTTP 429", seconds)
    # Some nodes answer errors with another status than 200, too: their body says more.
    if status in _AWAY or (status != 200 and not body.lstrip().startswith(b"{")):
        raise TransportError(
            f"the node at {name} answers HTTP {status}: check its address, key and limits"
        )


def result_of(name: str, method: str, numbers: Collection[Any], body: bytes) -> Any:
    """The result in a JSON-RPC answer to a question of one of these numbers.

    Raises:
        RateLimited, RpcError, BadAnswer: see `Transport`.
    """
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise BadAnswer(method, "it is not JSON") from None
    return result_in(name, method, numbers, answer)


def result_in(name: str, method: str, numbers: Collection[Any], answer: Any) -> Any:
    """As `result_of`, of JSON that was read."""
    if not isinstance(answer, dict):
        raise BadAnswer(method, "it is not a JSON object")
    # A question that could not be read has no number in its answer.
    if answer.get("id") not in (*numbers, None):
        raise BadAnswer(method, "it answers another question")
    if error := answer.get("error"):
        refusal = _rpc_error(method, error)
        if isinstance(refusal, RpcError) and _is_limit(refusal):
            raise RateLimited(name, refusal.reason)
        raise refusal
    if answer.get("id") is None:
        raise BadAnswer(method, "it answers no question")
    if "result" not in answer:
        raise BadAnswer(method, "it has neither result nor error")
    return answer["result"]


def _rpc_error(method: str, error: Any) -> RpcError | BadAnswer:
    if not isinstance(error, dict):
        return BadAnswer(method, "its error is not an object")
    code, text = error.get("code"), error.get("message")
    if isinstance(code, bool) or not isinstance(code, int):
        code = 0
    return RpcError(method, code, str(text)[:500], error.get("data"))


def _is_limit(error: RpcError) -> bool:
    if _is_revert(error):
        return False
    if _LIMIT_WORDS.search(error.reason):
        return True
    # Of logs, "limit exceeded" says that there are too many.
    known = error.code in _LIMIT_CODES and error.method != "eth_getLogs"
    return known and not _OTHER_LIMITS.search(error.reason)


def is_momentary(error: RpcError) -> bool:
    """Whether the same question may well be answered in a moment, or by another node."""
    return not _is_revert(error) and bool(_MOMENTARY.search(error.reason))


def _is_revert(error: RpcError) -> bool:
    """A contract's words prove nothing about the node."""
    return isinstance(error.data, str) or "revert" in error.reason.lower()


def acts(method: str) -> bool:
    """Whether asking twice may do something twice."""
    return method.startswith(_ACTS)


class Several:
    """Several nodes of one chain: one is asked until it fails, then the next.

    Something that acts is never asked of a second one, unless the first says that it did not act.
    A node of another chain than the first that answered is passed over.
    """

    def __init__(self, nodes: Sequence[NamedTransport]) -> None:
        self._nodes = tuple(nodes)
        self._current = 0
        self._chain: Any = None
        self._checked: set[NamedTransport] = set()

    def request(self, method: str, params: Sequence[Any]) -> Any:
        for tried in itertools.count(1):
            number = self._current
            node = self._nodes[number]
            try:
                self._require_same_chain(node)
                return node.request(method, params)
            except (TransportError, RpcError, BadAnswer) as error:
                if isinstance(error, RpcError) and not is_momentary(error):
                    raise
                self._current = (number + 1) % len(self._nodes)
                again = isinstance(error, RateLimited) or not acts(method)
                if not again or isinstance(error, AnswerTooLarge) or tried >= len(self._nodes):
                    raise
        raise AssertionError("unreachable")

    def _require_same_chain(self, node: NamedTransport) -> None:
        if node in self._checked:
            return
        found = node.request("eth_chainId", [])
        if self._chain is None:
            self._chain = found
        if found != self._chain:
            raise TransportError(
                f"the node at {node.name} serves chain {_decimal(found)}, the others"
                f" {_decimal(self._chain)}: take it out of rpc"
            )
        self._checked.add(node)


def _decimal(number: Any) -> str:
    try:
        return str(int(number, 16))
    except (TypeError, ValueError):
        return repr(number)[:80]


class Retrying:
    """Asks again when no answer came, or one that says "not now", waiting longer each time, with
    jitter; as long as `patience` seconds where a node limits how much it is asked.

    Only questions are asked again, and what is refused is refused. A lost answer to something
    that acts, as `eth_sendRawTransaction`, is its caller's to judge; one that a limit kept from
    acting is asked again.
    """

    def __init__(
        self,
        transport: Transport,
        attempts: int = 5,
        first_wait: float = 0.2,
        longest_wait: float = 5.0,
        patience: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._transport, self._attempts = transport, attempts
        self._first, self._longest, self._patience = first_wait, longest_wait, patience
        self._sleep, self._jitter = sleep, jitter

    def request(self, method: str, params: Sequence[Any]) -> Any:
        slept = 0.0
        for attempt in itertools.count(1):
            try:
                return self._transport.request(method, params)
            except (TransportError, RpcError) as error:
                if not self._goes_on(error, method, attempt, slept):
                    raise
                wanted = getattr(error, "wait", 0.0)
            wait = min(self._first * 2 ** (attempt - 1), self._longest)
            wait = max(wait * (0.5 + self._jitter() / 2), wanted)
            self._sleep(wait)
            slept += wait
        raise AssertionError("unreachable")

    def _goes_on(self, error: Exception, method: str, attempt: int, slept: float) -> bool:
        if isinstance(error, RateLimited):
            return slept < self._patience
        if isinstance(error, AnswerTooLarge) or acts(method):
            return False
        if isinstance(error, RpcError) and not is_momentary(error):
            return False
        return attempt < self._attempts
