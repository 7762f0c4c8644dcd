"""Nodes that web3.py reaches, asked as a transport: any provider, or a `Web3` with its middleware.

A question goes through the middleware, as `Web3` puts it, not past it, and is never repeated below
here. web3.py is loaded when something of it is used.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import json
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from suanli.chain.errors import AnswerTooLarge, BadAnswer, ChainError, TransportError
from suanli.chain.loop import Loop
from suanli.chain.transport import MOST_BYTES, check_status, no_answer, result_in, result_of

if TYPE_CHECKING:
    from web3 import AsyncWeb3, Web3
    from web3.providers.async_base import AsyncBaseProvider
    from web3.providers.base import BaseProvider

    Web3Like: TypeAlias = Web3 | AsyncWeb3[Any] | BaseProvider | AsyncBaseProvider
else:
    Web3Like = Any

_asked: ContextVar[set[int]] = ContextVar("numbers of the questions that are being asked")
_TOO_BIG = 1009
"""WebSocket's code for a message above the limit."""


class Web3Transport:
    """A node behind a web3.py provider or `Web3`, synchronous or not.

    `timeout` (seconds) bounds a question to an asynchronous one; of a synchronous one, its own
    holds. An asynchronous one is to be given before it is connected. Threads may share it.
    """

    def __init__(self, given: Web3Like, timeout: float = 10.0) -> None:
        from web3.providers.auto import AutoProvider

        web3: Any = given if hasattr(given, "middleware_onion") else _bare(given)
        if isinstance(web3.provider, AutoProvider):
            raise TransportError("this Web3 names no node: give it a provider")
        self._web3, self._timeout = web3, timeout
        self._provider = _not_repeating(web3.provider)
        self.name = _name_of(self._provider)
        self._loop = Loop(self._provider.disconnect) if self._provider.is_async else None
        self._connecting = asyncio.Lock()
        # Of the synchronous ones only HTTP keeps the answers to two threads apart.
        self._alone = threading.Lock() if _is_stream(self._provider) else None

    def __repr__(self) -> str:
        return f"Web3Transport({self.name})"

    def request(self, method: str, params: Sequence[Any]) -> Any:
        numbers: set[int] = set()
        token = _asked.set(numbers)
        try:
            answer = _plain(self._ask(method, _listed(method, params)))
        except ChainError:
            raise
        except RecursionError:
            raise BadAnswer(method, "it is not JSON") from None
        except Exception as error:  # the middleware is anybody's
            return self._judged(method, error, numbers)
        finally:
            _asked.reset(token)
        if not numbers:  # middleware answered, or the provider has matched it
            answer = _numbered(answer)
            numbers.add(answer["id"] if isinstance(answer, dict) else 0)
        return result_in(self.name, method, numbers, answer)

    def _ask(self, method: str, params: list[Any]) -> Any:
        if self._loop is not None:
            return self._loop.run(self._ask_async(method, params), self._timeout)
        ask = self._provider.request_func(self._web3, self._web3.middleware_onion)
        if self._alone is None:
            return ask(method, params)
        if not self._alone.acquire(timeout=self._timeout):
            raise TransportError(f"the node at {self.name} is busy with another question")
        try:
            return ask(method, params)
        finally:
            self._alone.release()

    async def _ask_async(self, method: str, params: list[Any]) -> Any:
        provider = self._provider
        if provider.has_persistent_connection:
            async with self._connecting:
                if provider._message_listener_task is None:
                    await provider.connect()
        ask = await provider.request_func(self._web3, self._web3.middleware_onion)
        try:
            return await ask(method, params)
        except Exception:
            if provider.has_persistent_connection:
                async with self._connecting:
                    if (listens := provider._message_listener_task) and listens.done():
                        await provider.disconnect()  # the next question connects anew
            raise

    def _judged(self, method: str, error: Exception, numbers: set[int]) -> Any:
        """What a provider's exception says, in the words of every transport."""
        response: Any = getattr(error, "response", None)  # of requests.HTTPError
        if getattr(response, "content", None) is not None:
            check_status(self.name, response.status_code, response.headers, response.content)
            return result_of(self.name, method, numbers, response.content)
        said = getattr(error, "rpc_response", None)  # of Web3RPCError
        if isinstance(said, Mapping):
            numbered = _numbered(_plain(said))
            return result_in(self.name, method, {numbered["id"]}, numbered)
        if type(error).__name__ == "ReadBufferLimitReached" or _too_big(error):
            raise AnswerTooLarge(f"{self.name} answers more than its provider takes") from None
        if isinstance(error, json.JSONDecodeError | UnicodeDecodeError):
            raise BadAnswer(method, "it is not JSON") from None
        # An exception's text may hold the node's address whole, with its secrets.
        raise no_answer(self.name, error) from None


def opened(url: str, timeout: float) -> Web3Transport:
    """A node over WebSocket or IPC, with web3.py's providers."""
    from web3 import LegacyWebSocketProvider

    if url.endswith(".ipc"):
        from suanli.chain.ipc import BoundedIPC

        ipc = BoundedIPC(Path(url), timeout)
        transport = Web3Transport(ipc, timeout)
        weakref.finalize(transport, _close, ipc._socket)
        return transport
    bounds = {"max_size": MOST_BYTES, "open_timeout": timeout}
    provider = LegacyWebSocketProvider(url, bounds, websocket_timeout=_whole(timeout))
    return Web3Transport(provider, timeout)


def _close(connection: Any) -> None:
    if connection.sock is not None:
        connection.sock.close()


def _whole(seconds: float) -> int:
    return max(1, round(seconds))


def _bare(provider: Any) -> Any:
    """A `Web3` without middleware around a provider."""
    from web3 import AsyncWeb3, Web3

    if not hasattr(provider, "request_func"):
        raise TransportError(
            f"{type(provider).__name__} is no node's address, no provider of web3.py and no Web3"
        )
    return (AsyncWeb3 if provider.is_async else Web3)(provider, middleware=[])


def _not_repeating(provider: Any) -> Any:
    """The provider, or a copy of it that does not repeat questions: web3.py's list of those to be
    repeated holds eth_sendRawTransaction. The caller's own is left as it is."""
    if provider.has_persistent_connection:
        return provider  # asked once, and tells answers apart by their numbers
    ours = copy.copy(provider)
    ours._request_func_cache = (None, None)
    if hasattr(ours, "exception_retry_configuration"):
        ours.exception_retry_configuration = None
    if hasattr(ours, "request_counter"):
        ours.request_counter = _Noting()
    ours.make_request = _checking(provider, ours)
    return ours


def _checking(provider: Any, ours: Any) -> Callable[..., Any]:
    """Its make_request, whose answers middleware can read."""

    def make_request(method: str, params: Any) -> Any:
        return _object(method, type(provider).make_request(ours, method, params))

    async def make_request_async(method: str, params: Any) -> Any:
        return _object(method, await type(provider).make_request(ours, method, params))

    return make_request_async if provider.is_async else make_request


def _object(method: str, answer: Any) -> Any:
    if not isinstance(answer, Mapping):
        raise BadAnswer(method, "it is not a JSON object")
    return answer


class _Noting(Iterator[int]):
    """Numbers for questions, kept with the request that they are for."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def __next__(self) -> int:
        number = next(self._numbers)
        if (asked := _asked.get(None)) is not None:
            asked.add(number)
        return number


def _is_stream(provider: Any) -> bool:
    """Whether answers to all come over one connection, without a provider to sort them."""
    return not provider.is_async and not hasattr(provider, "exception_retry_configuration")


def _name_of(provider: Any) -> str:
    where = str(getattr(provider, "endpoint_uri", "") or getattr(provider, "ipc_path", ""))
    parts = urlsplit(where)
    if not parts.hostname:
        return where or type(provider).__name__
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


def _listed(method: str, params: Sequence[Any]) -> list[Any]:
    """With the address of logs in a list: a text is taken for a list of names by the middleware
    that looks names up."""
    if method == "eth_getLogs" and params and isinstance(params[0].get("address"), str):
        return [params[0] | {"address": [params[0]["address"]]}, *params[1:]]
    return list(params)


def _numbered(answer: Any) -> Any:
    return {"id": 0} | answer if isinstance(answer, dict) else answer


def _plain(value: Any) -> Any:
    """As JSON gives it: middleware wraps objects and bytes."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return "0x" + value.hex().removeprefix("0x") if isinstance(value, bytes | bytearray) else value


def _too_big(error: Exception) -> bool:
    closed = [getattr(error, side, None) for side in ("sent", "rcvd")]
    return any(getattr(frame, "code", None) == _TOO_BIG for frame in closed)
