"""What is answered to Prometheus, and whether somebody says that it is well."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from suanli.base import metrics
from suanli.base.errors import SuanliError
from suanli.cli import cli, running
from suanli.juror import metrics as juror
from suanli.miner import metrics as miner
from suanli.miner.core.stages import Stage
from tests.harness.measured import measured

PAGE = Path(__file__).parents[3] / "docs" / "monitoring.md"
PART = re.compile("_(bucket|sum|count)$")
"""What a histogram's figures end in."""
MUST = {"relay": ["--chain-id", "1"]}
NOTED = {
    "running": True,
    "noted": 1_000_000.5,
    "away": {},
    "troubles": {},
    "clock": {"relay": 0.5, "chain": None},
    "decimals": 6,
}
MINER = NOTED | {
    "deals": [{"stage": "running"}, {"stage": "running"}, {"stage": "ended"}],
    "not_taken": [{"reason": "price: too little"}, {"reason": "expired"}],
    "units_owed": 30,
    "paid_deals": 2,
    "paid": "2500000",
    "classes": [
        {
            "resource": 1,
            "price": str(2 * 10**17),
            "ask": str(10**17),
            "capacity": 100,
            "published": 90,
            "reserved": 30,
        }
    ],
    "stake": "4000000",
    "earnings": "500000",
    "cases": [{}],
    "block": 77,
}
JUROR = NOTED | {
    "ballots": [{"stage": "committed"}],
    "judged": {"paid": 3},
    "seats": [{"position": 1}],
    "available": "1000000",
}


class Asked:
    """A daemon whose `status` can be changed."""

    def __init__(self, role: str, status: dict[str, Any]) -> None:
        self.role, self.status, self.url = role, status, ""

    def health(self) -> tuple[int, str]:
        answer = httpx.get(f"{self.url}/health")
        return answer.status_code, answer.text

    def figures(self) -> dict[str, float]:
        """By name and labels."""
        text = httpx.get(f"{self.url}/metrics").text
        return {
            ",".join([sample.name, *map("=".join, sorted(sample.labels.items()))]): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name.startswith("suanli_") and not sample.name.endswith("_created")
        }


def asked(role: str, status: dict[str, Any], figures: Any) -> Iterator[Asked]:
    made = Asked(role, status)
    with metrics.serving(role, "127.0.0.1", 0, lambda: made.status, figures) as made.url:
        yield made


@pytest.fixture
def of_miner() -> Iterator[Asked]:
    yield from asked("miner", MINER, miner.figures)


@pytest.fixture
def of_juror() -> Iterator[Asked]:
    yield from asked("juror", JUROR, juror.figures)


def test_a_miner(of_miner: Asked) -> None:
    assert of_miner.figures() == {
        "suanli_up,role=miner": 1,
        "suanli_noted_timestamp_seconds,role=miner": 1_000_000.5,
        "suanli_clock_ahead_seconds,clock=relay,role=miner": 0.5,
        **{f"suanli_miner_deals,stage={stage}": 0 for stage in Stage},
        "suanli_miner_deals,stage=running": 2,
        "suanli_miner_deals,stage=ended": 1,
        "suanli_miner_not_taken,reason=price": 1,
        "suanli_miner_not_taken,reason=expired": 1,
        "suanli_miner_units_owed": 30,
        "suanli_miner_paid_deals_total": 2,
        "suanli_miner_paid_tokens_total": 2.5,
        "suanli_miner_stake_tokens": 4,
        "suanli_miner_earnings_tokens": 0.5,
        "suanli_miner_capacity_units,class=1": 100,
        "suanli_miner_published_units,class=1": 90,
        "suanli_miner_reserved_units,class=1": 30,
        "suanli_miner_ask_tokens,class=1": 0.1,
        "suanli_miner_price_tokens,class=1": 0.2,
        "suanli_miner_cases": 1,
        "suanli_miner_block": 77,
    }


def test_a_juror(of_juror: Asked) -> None:
    found = of_juror.figures()
    ballots = {name: value for name, value in found.items() if "ballots" in name}
    assert ballots == {
        "suanli_juror_ballots,stage=drawn": 0,
        "suanli_juror_ballots,stage=voted": 0,
        "suanli_juror_ballots,stage=committed": 1,
        "suanli_juror_ballots,stage=revealed": 0,
    }
    judged = {name: value for name, value in found.items() if "judged" in name}
    assert judged == {
        "suanli_juror_judged_total,how=nothing": 0,
        "suanli_juror_judged_total,how=paid": 3,
        "suanli_juror_judged_total,how=penalized": 0,
        "suanli_juror_judged_total,how=unseated": 0,
    }
    assert found["suanli_juror_seats"] == 1
    assert found["suanli_juror_available_tokens"] == 1


def test_a_miner_that_has_not_seen_the_chain(of_miner: Asked) -> None:
    started = {name: MINER[name] for name in ("deals", "not_taken", "units_owed", "paid_deals")}
    of_miner.status = {"running": False, "paid": "0", **started}
    assert of_miner.figures()["suanli_up,role=miner"] == 0
    assert of_miner.health() == (503, "it has noted nothing for a while: see its log\n")


def test_health(of_miner: Asked) -> None:
    assert of_miner.health() == (200, "well\n")
    of_miner.status = MINER | {"away": {"chain": "no answer"}, "troubles": {"clock": "slow"}}
    assert of_miner.health() == (503, "chain: no answer\nclock: slow\n")
    found = of_miner.figures()
    assert found["suanli_trouble,role=miner,what=chain"] == 1
    assert found["suanli_trouble,role=miner,what=clock"] == 1


def test_nothing_else_is_there(of_miner: Asked) -> None:
    assert httpx.get(f"{of_miner.url}/").status_code == 404
    assert httpx.post(f"{of_miner.url}/metrics").status_code == 405
    assert httpx.request("BREW", f"{of_miner.url}/health").headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("path", ["metrics", "health"])
def test_heads_have_no_body(of_miner: Asked, path: str) -> None:
    answer = httpx.head(f"{of_miner.url}/{path}")
    assert (answer.status_code, answer.text) == (200, "")


def test_the_process_is_measured_too(of_miner: Asked) -> None:
    assert "\nprocess_resident_memory_bytes " in httpx.get(f"{of_miner.url}/metrics").text


@pytest.mark.parametrize("path", ["metrics", "health"])
def test_what_cant_be_told_is_in_the_log(caplog: pytest.LogCaptureFixture, path: str) -> None:
    def away() -> dict[str, Any]:
        raise SuanliError("no journal is here")

    with metrics.serving("miner", "127.0.0.1", 0, away, miner.figures) as url:
        assert httpx.get(f"{url}/{path}").status_code == 500
    assert "what is asked can't be told: no journal is here" in caplog.text


def connections(url: str, count: int) -> list[socket.socket]:
    port = int(url.rsplit(":", 1)[1])
    return [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(count)]


def test_many_who_ask_get_no_more_than_so_many_threads(of_miner: Asked) -> None:
    """Those beyond are not kept waiting."""
    before = threading.active_count()
    some = connections(of_miner.url, metrics.AT_ONCE + 20)
    with ExitStack() as ends:
        for one in some:
            ends.callback(one.close)
        assert [one.recv(1) for one in some[metrics.AT_ONCE :]] == [b""] * 20
        assert threading.active_count() <= before + metrics.AT_ONCE


def test_who_asks_slowly_is_cut_off(of_miner: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "SECONDS", 0.0)
    (slow,) = connections(of_miner.url, 1)
    with closing(slow):
        slow.sendall(b"GET /metr")
        assert slow.recv(1) == b""


def test_what_fails_while_it_is_measured_is_not_laid_to_its_port() -> None:
    with (
        pytest.raises(OSError, match="full disk"),
        running.measured("miner", ("127.0.0.1", 0), lambda: MINER, miner.figures),
    ):
        raise OSError("full disk")


@pytest.fixture
def of_relay(tmp_path: Path) -> Iterator[Asked]:
    """One of whose blobs there are too many."""
    with measured(tmp_path) as relay:
        relay.store.put(bytes(950))
        relay.watch.look()
        relay.tally.count({"method": "GET"}, 200, 0.1)
        yield from asked("relay", relay.watch.status(), relay.figures)


def test_all_names_are_documented(of_miner: Asked, of_juror: Asked, of_relay: Asked) -> None:
    of_miner.status = MINER | {"away": {"chain": "no answer"}}
    every = (of_miner, of_juror, of_relay)
    told = {PART.sub("", name.split(",")[0]) for asked in every for name in asked.figures()}
    named = set(re.findall(r"`(suanli_\w+)`", PAGE.read_text()))
    assert told == named


@pytest.mark.parametrize("given", ["9464", "127.0.0.1:", "127.0.0.1:99999", "localhost:x"])
@pytest.mark.parametrize("role", ["miner", "juror", "relay"])
def test_where_to_answer_is_a_host_and_a_port(role: str, given: str) -> None:
    asked = CliRunner().invoke(cli, [role, "run", *MUST.get(role, ()), "--metrics", given])
    assert asked.exit_code == 2
    assert "is not HOST:PORT, such as 127.0.0.1:9464" in asked.stderr
