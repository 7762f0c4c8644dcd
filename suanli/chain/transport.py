"""How a node is asked: JSON-RPC over HTTP, with time-outs, and tried again where that is safe."""

from __future__ import annotations

import itertools
import json
import logging
import random
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from suanli.chain.errors import AnswerTooLarge, BadAnswer, RpcError, TransportError
from suanli.http import client_for

MOST_BYTES = 64 << 20
"""Of one answer."""

_ACTS = ("eth_send", "personal_", "anvil_", "evm_", "hardhat_", "miner_", "wallet_")
"""Methods that do something: asking twice may do it twice."""
# It would log every address whole, with the secrets that those of hosted nodes hold.
logging.getLogger("httpx").setLevel(logging.WARNING)

_BUSY = (429, 502, 503, 504)


class Transport(Protocol):
    """Puts one question to a node; tests put faults in between."""

    def request(self, method: str, params: Sequence[Any]) -> Any:
        """The answer's `result`, as JSON gives it.

        Raises:
            TransportError: no answer came; the node may or may not have acted.
            RpcError: the node answered with an error.
            BadAnswer: what came is no answer.
        """


class HttpTransport:
    """One node over HTTP(S), its connections kept open. Threads may share it.

    `timeout` (seconds) bounds connecting, each wait for bytes, and the whole body of an answer.
    """

    def __init__(self, url: str, timeout: float = 10.0, most_bytes: int = MOST_BYTES) -> None:
        wrong = "a node's address begins with http:// or https:// and a host, and perhaps a port"
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
        return result_of(method, number, self._post(question))

    def _post(self, question: dict[str, Any]) -> bytes:
        ends = time.monotonic() + self._timeout
        try:
            with self._client.stream("POST", self._url, json=question) as answer:
                body = self._read(answer, ends)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            kind = type(error).__name__
            raise TransportError(
                f"no answer from the node at {self.name} ({kind}): is it running, and the address"
                " right?"
            ) from None
        # Some nodes answer errors with another status than 200, too: their body says more.
        status = answer.status_code
        if status in _BUSY or (status != 200 and not body.lstrip().startswith(b"{")):
            raise TransportError(
                f"the node at {self.name} answers HTTP {status}: check its address, key and limits"
            )
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


def result_of(method: str, number: int, body: bytes) -> Any:
    """The result in a JSON-RPC answer; raises RpcError or BadAnswer."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise BadAnswer(method, "it is not JSON") from None
    if not isinstance(answer, dict):
        raise BadAnswer(method, "it is not a JSON object")
    # A question that could not be read has no number in its answer.
    if answer.get("id") not in (number, None):
        raise BadAnswer(method, "it answers another question")
    if error := answer.get("error"):
        raise _rpc_error(method, error)
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


class Retrying:
    """Asks again when no answer came, waiting longer each time, with jitter.

    Only questions are asked again, and what is refused is refused. A lost answer to something
    that acts, as `eth_sendRawTransaction`, is its caller's to judge.
    """

    def __init__(
        self,
        transport: Transport,
        attempts: int = 5,
        first_wait: float = 0.2,
        longest_wait: float = 5.0,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._transport, self._attempts = transport, attempts
        self._first, self._longest = first_wait, longest_wait
        self._sleep, self._jitter = sleep, jitter

    def request(self, method: str, params: Sequence[Any]) -> Any:
        attempts = 1 if method.startswith(_ACTS) else self._attempts
        for attempt in itertools.count(1):
            try:
                return self._transport.request(method, params)
            except AnswerTooLarge:
                raise
            except TransportError:
                if attempt >= attempts:
                    raise
            wait = min(self._first * 2 ** (attempt - 1), self._longest)
            self._sleep(wait * (0.5 + self._jitter() / 2))
        raise AssertionError("unreachable")
