"""Calls of an HTTP server that may be slow, lie or vanish: answers are bounded in size and time."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import httpx

from suanli.base.deadline import Deadline
from suanli.base.http import client_for
from suanli.store.base import StoreUnavailable

AT_ONCE = 8
"""Calls of one server; further ones wait."""
CONNECT = 5.0
"""Seconds until a connection is there."""


class CallRefused(StoreUnavailable):
    """An answer that is an error: `status` of HTTP, and the server's own words."""

    def __init__(self, who: str, status: int, words: str) -> None:
        self.status, self.words = status, words
        super().__init__(f"{who} refuses: {words or status}")


class TooMuch(StoreUnavailable):
    """More bytes than were asked for."""


class Wire:
    """`who`: the server's name in errors; `advice`: what to do if it can't be reached."""

    def __init__(self, url: str, who: str, advice: str) -> None:
        self.url, self.who, self._advice = url.rstrip("/"), who, advice
        # A client for each call: what takes too long is cut without its neighbours.
        self._free: queue.LifoQueue[tuple[httpx.Client, Deadline] | None] = queue.LifoQueue()
        self._closing, self._lock = False, threading.Lock()
        for _ in range(AT_ONCE):
            self._free.put(None)

    def close(self) -> None:
        """Calls that are under way end as they would."""
        with self._lock, suppress(queue.Empty):
            self._closing = True
            while True:
                if (taken := self._free.get_nowait()) is not None:
                    taken[0].close()

    def call(self, method: str, path: str, limit: int, seconds: float, **options: Any) -> bytes:
        """The body of a good answer, `limit` bytes at most and complete within `seconds`.

        Raises: CallRefused, TooMuch, StoreUnavailable.
        """
        ends = time.monotonic() + seconds
        with self._taken() as (client, deadline):
            try:
                with deadline.within(seconds):
                    return self._whole(client, deadline, method, path, limit, seconds, options)
            except httpx.HTTPError as error:
                if time.monotonic() >= ends or isinstance(error, httpx.ReadTimeout):
                    text = f"{self.who} takes longer than {seconds:g} s to answer: try again"
                else:
                    words = str(error) or type(error).__name__
                    text = f"{self.who} can't be reached: {words}; {self._advice}"
                raise StoreUnavailable(text) from error

    def _whole(
        self,
        client: httpx.Client,
        deadline: Deadline,
        method: str,
        path: str,
        limit: int,
        seconds: float,
        options: Mapping[str, Any],
    ) -> bytes:
        body = bytearray()
        times = httpx.Timeout(seconds, connect=CONNECT)
        with client.stream(
            method, path, extensions=deadline.extensions | {"timeout": times.as_dict()}, **options
        ) as response:
            packed = response.headers.get("content-encoding", "identity") != "identity"
            if packed:  # a few packed bytes may fill the memory
                raise TooMuch(f"{self.who} packs its answers, which nobody asked for")
            most = limit if response.is_success else 4096
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > most:
                    break
        if response.has_redirect_location:
            to = response.headers["location"][:500]
            raise CallRefused(self.who, response.status_code, f"it is elsewhere: it names {to}")
        if not response.is_success:
            raise CallRefused(self.who, response.status_code, _words(bytes(body[:4096])))
        if len(body) > limit:
            raise TooMuch(f"{self.who} answered {path} with over {limit} bytes")
        return bytes(body)

    @contextmanager
    def _taken(self) -> Iterator[tuple[httpx.Client, Deadline]]:
        taken = self._free.get()
        try:
            if taken is None:
                taken = self._client(), Deadline()
            yield taken
        finally:
            with self._lock:
                if self._closing and taken is not None:
                    taken[0].close()
                    taken = None
                self._free.put(taken)

    def _client(self) -> httpx.Client:
        try:
            headers = {"Accept-Encoding": "identity"}
            return client_for(self.url, base_url=self.url, headers=headers)
        except httpx.InvalidURL as error:
            raise StoreUnavailable(f"{self.who} has no such address: {error}") from error


def _words(body: bytes) -> str:
    """What an error says: Kubo's JSON, or a text's first line."""
    text = body.decode("utf-8", "replace")
    try:
        found = httpx.Response(200, content=body).json()["Message"]
    except (ValueError, KeyError, TypeError, RecursionError):
        found = text.strip().split("\n")[0]
    return "".join(char if char.isprintable() else " " for char in str(found))[:500]
