"""A relay's figures for Prometheus, and its index's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from suanli.base import metrics
from suanli.relay.server.index import MarketIndex
from suanli.relay.server.watch.seen import RelaySeen
from suanli.relay.server.watch.tally import RelayTally

if TYPE_CHECKING:
    from prometheus_client.core import Metric


def figures_of(tally: RelayTally, index: MarketIndex | None) -> metrics.Figures:
    def figures(status: metrics.Status) -> Iterator[Metric]:
        seen: RelaySeen = status["seen"]
        yield from _sizes(seen)
        yield from _places(tally)
        yield from _sessions(tally)
        yield from _counted(tally)
        if index is not None:
            yield from _index(seen, index)

    return figures


def _sizes(seen: RelaySeen) -> Iterator[Metric]:
    head = seen.head
    single: tuple[tuple[str, str, float | None], ...] = (
        ("relay_open_requests", "requests that may still be confirmed", seen.open_requests),
        ("relay_database_bytes", "what messages take in their database", seen.database_size),
        ("relay_blob_bytes", "what complete blobs take", seen.blob_size),
        ("relay_blob_limit_bytes", "what all blobs may take", seen.blob_limit),
        ("relay_disk_free_bytes", "free on the disk of the blobs", seen.free),
        ("relay_chain_block", "the chain's newest block", head.number if head else None),
        (
            "relay_chain_age_seconds",
            "how old the chain's newest block was when it was seen",
            seen.at - head.time if head else None,
        ),
    )
    for name, about, value in single:
        if value is not None:
            yield metrics.gauge(f"suanli_{name}", about, (), [((), value)])
    entries = [((kind,), float(count)) for kind, count in (seen.board or {}).items()]
    yield metrics.gauge("suanli_relay_board_entries", "messages that it holds", ("kind",), entries)
    yield metrics.gauge(
        "suanli_relay_warning",
        "1: something that callers will meet before long; /health says more",
        ("what",),
        [((what,), 1.0) for what in seen.warnings],
    )


def _places(tally: RelayTally) -> Iterator[Metric]:
    rooms = [(room.what.replace(" ", "_"), room) for room in tally.rooms]
    what = ("what",)
    held = [((name,), float(room.held)) for name, room in rooms]
    yield metrics.gauge("suanli_relay_places", "places taken now", what, held)
    most = [((name,), float(room.of_all)) for name, room in rooms]
    yield metrics.gauge("suanli_relay_places_limit", "places that there are", what, most)
    refused = [((name,), float(room.refused)) for name, room in rooms]
    if tally.limiter is not None:
        refused.append((("calls",), float(tally.limiter.refused)))
    about = "calls refused for want of a place, or of calls of an address"
    yield metrics.counter("suanli_relay_refusals", about, what, refused)


def _sessions(tally: RelayTally) -> Iterator[Metric]:
    broker = tally.broker
    if broker is None:
        return
    listening = Counter(broker.listening())
    kinds = list(broker.joined)
    listen = [((kind,), float(listening[kind])) for kind in kinds]
    yield metrics.gauge(
        "suanli_relay_listening", "miners that listen for sessions", ("kind",), listen
    )
    joined = [((kind,), float(broker.joined[kind])) for kind in kinds]
    yield metrics.gauge("suanli_relay_sessions", "sessions that it forwards now", ("kind",), joined)
    about = "bytes sent on between callers and miners, in sessions"
    yield metrics.counter("suanli_relay_forwarded_bytes", about, (), [((), broker.forwarded)])


def _counted(counted: RelayTally | MarketIndex) -> Iterator[Metric]:
    """When each counter was made is told once, by the process."""
    for metric in counted.collect():
        metric.samples = [one for one in metric.samples if not one.name.endswith("_created")]
        yield metric


def _index(seen: RelaySeen, index: MarketIndex) -> Iterator[Metric]:
    found = index.progress()
    for name, about, value in (
        ("block", "newest block that the index has read", found.block),
        ("behind_blocks", "blocks of its node that the index has not read yet", seen.behind),
        ("database_bytes", "what the tables of the index take", seen.index_size),
    ):
        if value is not None:
            yield metrics.gauge(f"suanli_index_{name}", about, (), [((), value)])
    for name, about, count in (
        ("events", "events read since its start", found.events),
        (
            "reorganizations",
            "reorganizations of which it undid something, since its start",
            found.reorganizations,
        ),
    ):
        yield metrics.counter(f"suanli_index_{name}", about, (), [((), count)])
    yield from _counted(index)
