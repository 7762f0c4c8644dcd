"""Figures of a daemon for Prometheus, and whether it is well, over HTTP: `/metrics` and `/health`.

They are read from its journal at each question, as `status` is, so that asking often costs the
daemon's own work nothing. docs/monitoring.md lists the names.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import ThreadingWSGIServer

if TYPE_CHECKING:
    from prometheus_client.core import Metric

Status = Mapping[str, Any]
Look = Callable[[], Status]
"""What `status` shows of the daemon now."""
Figures = Callable[[Status], Iterable["Metric"]]
Labelled = Iterable[tuple[Sequence[str], float]]


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
    """What is wrong with the daemon, a line each; none: it is well."""
    if not status["running"]:
        return ["it has noted nothing for a while: see its log"]
    wrong = {**status.get("away", {}), **status.get("troubles", {})}
    return [f"{name}: {why}" for name, why in wrong.items()]


def of_daemon(role: str, status: Status) -> Iterator[Metric]:
    """Those that all daemons have."""
    who = ("role",)
    yield gauge("suanli_up", "1: it is at work", who, [((role,), float(status["running"]))])
    if "noted" in status:
        noted = [((role,), float(status["noted"]))]
        about = "when it last noted what it does, in seconds since 1970"
        yield gauge("suanli_noted_timestamp_seconds", about, who, noted)
    wrong = {**status.get("away", {}), **status.get("troubles", {})}
    yield gauge(
        "suanli_trouble",
        "1: something is away, or can't be done; /health says why",
        ("role", "what"),
        [((role, name), 1.0) for name in wrong],
    )
    ahead = status.get("clock", {})
    yield gauge(
        "suanli_clock_ahead_seconds",
        "by how much another's clock is ahead of this machine's",
        ("role", "clock"),
        [((role, name), value) for name, value in ahead.items() if value is not None],
    )


class StatusCollector:
    """Asked by prometheus_client at each question."""

    def __init__(self, role: str, look: Look, figures: Figures) -> None:
        self._role, self._look, self._figures = role, look, figures

    def collect(self) -> Iterator[Metric]:
        status = self._look()
        yield from of_daemon(self._role, status)
        yield from self._figures(status)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Each question would be a line."""


@contextmanager
def serving(role: str, host: str, port: int, look: Look, figures: Figures) -> Iterator[str]:
    """Answers until it is left; gives the address.

    Raises:
        OSError: nobody can listen there.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(StatusCollector(role, look, figures))
    measured = make_wsgi_app(registry)

    def answer(environ: Any, start: Any) -> Any:
        if environ["PATH_INFO"] == "/metrics":
            return measured(environ, start)
        if environ["PATH_INFO"] != "/health":
            start("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/metrics or /health\n"]
        wrong = ailments(look())
        start(
            "503 Service Unavailable" if wrong else "200 OK",
            [("Content-Type", "text/plain; charset=utf-8")],
        )
        return ["".join(f"{line}\n" for line in wrong or ["well"]).encode()]

    with make_server(host, port, answer, ThreadingWSGIServer, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
        thread.start()
        try:
            yield f"http://{host}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
