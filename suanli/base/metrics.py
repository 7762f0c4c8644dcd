"""Figures for Prometheus of what runs for months, and whether it is well, over HTTP: `/metrics` and
`/health`, answered by threads of their own. docs/monitoring.md lists the names.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, ProcessCollector, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import ThreadingWSGIServer

from suanli.base.errors import SuanliError

if TYPE_CHECKING:
    from prometheus_client.core import Metric

Status = Mapping[str, Any]
Look = Callable[[], Status]
"""What `status` shows of it now."""
Figures = Callable[[Status], Iterable["Metric"]]
Labelled = Iterable[tuple[Sequence[str], float]]
AT_ONCE = 16
"""Questions; further ones are not answered."""
POLL = 0.1
"""Seconds until it is seen that it shall end, or that a question takes too long."""
SECONDS = 15.0
"""For a question and its answer."""
log = logging.getLogger("suanli.metrics")


def gauge(name: str, about: str, labels: Sequence[str], values: Labelled) -> Metric:
    made = GaugeMetricFamily(name, about, labels=labels)
    for labelled, value in values:
        made.add_metric(labelled, value)
    return made


def counter(name: str, about: str, labels: Sequence[str], values: Labelled) -> Metric:
    made = CounterMetricFamily(name, about, labels=labels)
    for labelled, value in values:
        made.add_metric(labelled, value)
    return made


def ailments(status: Status) -> list[str]:
    """What is wrong with it, a line each; none: it is well."""
    if not status["running"]:
        return ["it has noted nothing for a while: see its log"]
    return [f"{name}: {why}" for name, why in _wrong(status).items()]


def _wrong(status: Status) -> dict[str, str]:
    return {**status.get("away", {}), **status.get("troubles", {})}


def of_all(role: str, status: Status) -> Iterator[Metric]:
    """Those that all have."""
    who = ("role",)
    yield gauge(
        "suanli_up",
        "1: it is at work; 0: it has noted nothing for half a minute",
        who,
        [((role,), float(status["running"]))],
    )
    if "noted" in status:
        noted = [((role,), float(status["noted"]))]
        about = "when it last noted what it does, in seconds since 1970"
        yield gauge("suanli_noted_timestamp_seconds", about, who, noted)
    yield gauge(
        "suanli_trouble",
        "1: something is away, or can't be done; /health says why",
        ("role", "what"),
        [((role, name), 1.0) for name in _wrong(status)],
    )
    ahead = status.get("clock", {})
    yield gauge(
        "suanli_clock_ahead_seconds",
        "by how much the clock of the chain or the relay is ahead of this machine's",
        ("role", "clock"),
        [((role, name), value) for name, value in ahead.items() if value is not None],
    )


class StatusCollector:
    """Asked by prometheus_client at each question."""

    def __init__(self, role: str, look: Look, figures: Figures) -> None:
        self._role, self._look, self._figures = role, look, figures

    def collect(self) -> Iterator[Metric]:
        status = self._look()
        yield from of_all(self._role, status)
        yield from self._figures(status)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Each question would be a line."""


class _Bounded(ThreadingWSGIServer):
    """Whoever reaches the port can neither pile up threads nor keep one."""

    def __init__(self, *given: Any) -> None:
        self._since: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        super().__init__(*given)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            full = len(self._since) >= AT_ONCE
            if not full:
                self._since[request] = time.monotonic()
        if full:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._since.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Every `POLL`."""
        oldest = time.monotonic() - SECONDS
        with self._lock:
            for request in [one for one, since in self._since.items() if since < oldest]:
                with suppress(OSError):  # it is gone
                    request.shutdown(socket.SHUT_RDWR)

    def handle_error(self, *_: Any) -> None:
        """Who asks may go away in the middle of it."""


class _Answering:
    """The two pages, as WSGI has it."""

    def __init__(self, look: Look, registry: CollectorRegistry) -> None:
        self._look, self._measured = look, make_wsgi_app(registry)

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD"):
            return _plain(start, "405 Method Not Allowed", "GET or HEAD", ("Allow", "GET, HEAD"))
        try:
            body = self._page(environ | {"REQUEST_METHOD": "GET"}, start)
        except Exception as error:
            known = isinstance(error, SuanliError)
            log.error("what is asked can't be told: %s", error, exc_info=not known)
            body = _plain(start, "500 Internal Server Error", "it can't be told: see the log")
        return body if method == "GET" else []

    def _page(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            told: Iterable[bytes] = self._measured(environ, start)
            return told
        if environ["PATH_INFO"] != "/health":
            return _plain(start, "404 Not Found", "/metrics or /health")
        wrong = ailments(self._look())
        return _plain(
            start, "503 Service Unavailable" if wrong else "200 OK", "\n".join(wrong) or "well"
        )


def _plain(start: Any, status: str, text: str, *more: tuple[str, str]) -> Iterable[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8"), *more])
    return [f"{text}\n".encode()]


@contextmanager
def serving(role: str, host: str, port: int, look: Look, figures: Figures) -> Iterator[str]:
    """Answers until it is left; gives the address.

    Raises:
        OSError: nobody can listen there.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(StatusCollector(role, look, figures))
    ProcessCollector(registry=registry)
    with make_server(host, port, _Answering(look, registry), _Bounded, _Quiet) as server:
        thread = threading.Thread(
            target=server.serve_forever, args=(POLL,), name="metrics", daemon=True
        )
        thread.start()
        try:
            yield f"http://{host}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
