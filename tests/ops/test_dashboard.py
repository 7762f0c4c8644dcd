"""Each query of the dashboard finds what a market tells Prometheus: miners, jurors and a relay with
its index, a job that was paid, and a lie that was judged."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import httpx
import pytest

from suanli.devnet.network import PROMETHEUS
from suanli.devnet.processes import own_port
from suanli.protocol import CasePhase
from tests.harness.cheats import CheatingDevnet
from tests.integration.test_disputes import JURORS, SALE, Town, until, write_job
from tests.ops.test_operating import QUERIES, tool

pytestmark = [pytest.mark.deep, pytest.mark.xdist_group("dashboard")]
LIAR = "miner-1"
MAY_BE_EMPTY = {
    "suanli_trouble": "nothing is away, and all can be done",
    "suanli_relay_warning": "callers will meet nothing",
    "suanli_miner_not_taken": "each request was taken",
}
"""What is only told while something is wrong, and what is right without."""
STEP = 5


class Seen(NamedTuple):
    """A Prometheus's address, and since when it has looked at the market."""

    url: str
    since: float

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The series that it finds between then and now, as a dashboard asks."""
        span = {"start": self.since, "end": time.time(), "step": STEP}
        answer = httpx.get(f"{self.url}/api/v1/query_range", params={"query": query, **span})
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]["result"]
        return found

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready").status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """By a Prometheus with the devnet's own configuration."""
    program, folder = tool("prometheus"), tmp_path_factory.mktemp("dashboard")
    since = time.time()
    with ExitStack() as ends:
        net = CheatingDevnet(
            folder / "net", 2, {1: "corrupt"}, sale=SALE, jurors=JURORS, metrics=True
        )
        town = Town(ends.enter_context(net))
        place = f"127.0.0.1:{ends.enter_context(own_port(0))}"
        command = [program, f"--config.file={folder / 'net' / PROMETHEUS}"]
        command += [f"--storage.tsdb.path={folder / 'data'}", f"--web.listen-address={place}"]
        with (folder / "prometheus.log").open("wb") as log:
            child = subprocess.Popen(command, stdout=log, stderr=log)
        ends.callback(child.wait, 30)
        ends.callback(child.terminate)
        found = Seen(f"http://{place}", since)
        until(found.answers)
        until(lambda: len(found.ask("up")) == len(net.measured))
        town.run(write_job(folder, 100, 1), folder / "out")
        deal, case = town.cases()[LIAR]
        town.await_end([deal])
        assert town.court.case_of(case).phase is CasePhase.UPHELD
        until(lambda: found.ask("suanli_juror_judged_total > 0"))
        until(lambda: found.ask("suanli_miner_paid_tokens_total > 0"))
        yield found


def test_all_were_at_work(seen: Seen) -> None:
    names = {each["metric"]["instance"] for each in seen.ask("suanli_up == 1")}
    assert names == {"relay", "miner-1", "miner-2", *(f"juror-{n + 1}" for n in range(JURORS))}
    assert seen.ask("suanli_up == 0 or up == 0") == []


@pytest.mark.parametrize("query", QUERIES)
def test_each_query_finds_something(seen: Seen, query: str) -> None:
    found = seen.ask(query)
    assert found or any(f"{name}{{" in query for name in MAY_BE_EMPTY)


def test_only_the_liar_is_reason_for_an_alert(seen: Seen) -> None:
    """Its results are before the court; later it may have no stake for what it would sell."""
    firing = seen.ask('ALERTS{alertstate="firing"}')
    assert {(each["metric"]["alertname"], each["metric"]["instance"]) for each in firing} == {
        ("SuanliChallenged", LIAR)
    }
