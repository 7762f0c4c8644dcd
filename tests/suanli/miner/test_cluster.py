"""A miner whose tasks run on a cluster: what it sells follows the machines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suanli.base.config import ConfigError
from suanli.engine.cluster import Machine
from suanli.miner.config import read
from suanli.miner.core import (
    Core,
    CoreState,
    MachinesSeen,
    MinerDeal,
    Sale,
    SendPublish,
    Settings,
)
from suanli.miner.core.judge import objection
from suanli.miner.opening import settings_of, with_machines
from suanli.miner.ports import cluster as port_module
from suanli.miner.ports.cluster import MEMORY, ClusterPort
from suanli.schedule import Pace
from tests.harness.simulation import OFFER, SETTINGS, START, id_of, request, view
from tests.suanli.miner.test_config import written

ADDRESS = "dask://127.0.0.1:8786"
FOLLOWS = replace(
    SETTINGS, workers=0, speed=0.0, sales=(replace(SETTINGS.sales[0], capacity=0, follows=True),)
)


def judged(core: Core) -> str:
    deal = MinerDeal(id_of(request()), request(), b"\x01", True, START)
    return str(objection(core.state, deal, START))


def core_with(settings: Settings, **changes: Any) -> Core:
    return Core(CoreState(settings, view=view(**changes)))


def published(instructions: list[Any]) -> list[int]:
    return [one.published for one in instructions if isinstance(one, SendPublish)]


# The core


def test_without_machines_nothing_is_taken_for_good_or_published() -> None:
    core = core_with(FOLLOWS, offer=replace(OFFER, valid_until=0, published=0), covered=9_000)
    assert published(core.step(MachinesSeen(START, 0, 0.0, 0))) == []
    assert judged(core) == "machine: none of this miner's machines is there now"
    assert not core.outlook.talk().selling


def test_capacity_speed_and_promises_follow_the_machines() -> None:
    core = core_with(FOLLOWS, offer=replace(OFFER, capacity=9_000), covered=9_000)
    assert published(core.step(MachinesSeen(START, 4, 10.0, 5_000))) == [5_000]
    assert judged(core) == "None"
    assert core.outlook.talk().pace == Pace(4, 10.0, 120, 15)
    core.step(MachinesSeen(START + 1, 1, 0.5, 5_000))
    slow = "time: may need 240 s (240 without the queue), 120 allowed"
    assert judged(core).startswith(slow[:13])
    assert core.outlook.sales()[0].capacity == 5_000


def test_a_deal_that_is_too_slow_now_may_be_taken_once_machines_are_back() -> None:
    core = core_with(FOLLOWS, offer=replace(OFFER, capacity=9_000), covered=9_000)
    core.step(MachinesSeen(START, 1, 0.1, 5_000))
    deal = MinerDeal(id_of(request()), request(), b"\x01", True, START)
    reason = objection(core.state, deal, START)
    assert reason is not None
    assert (reason.code, reason.final) == ("time", False)


def test_what_is_sold_by_number_stays() -> None:
    fixed = replace(FOLLOWS, sales=(replace(FOLLOWS.sales[0], capacity=700, follows=False),))
    core = core_with(fixed)
    core.step(MachinesSeen(START, 4, 10.0, 5_000))
    assert core.outlook.sales()[0].capacity == 700


# The port


class Silent:
    """In the place of a cluster."""

    def __init__(self, *_: Any, **heard: Any) -> None:
        self.heard = heard


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def port(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> ClusterPort:
    monkeypatch.setattr(port_module, "Cluster", Silent)
    return ClusterPort(ADDRESS, [], monotonic=lambda: clock[0])


def have(port: ClusterPort, *machines: tuple[int, float]) -> None:
    port.cluster.heard["changed"](  # type: ignore[attr-defined]
        [Machine(f"tcp://{number}", *machine) for number, machine in enumerate(machines)]
    )


def test_the_slowest_machine_counts_and_only_news_are_told(port: ClusterPort) -> None:
    assert port.look(START) == MachinesSeen(START, 0, 0.0, 0)
    assert port.look(START) is None
    have(port, (2, 10.0), (4, 7.0))
    assert port.look(START) == MachinesSeen(START, 6, 7.0, 6 * 7 * 3_600)
    assert port.look(START) is None


def test_capacity_shrinks_only_once_a_machine_stays_away(
    port: ClusterPort, clock: list[float]
) -> None:
    have(port, (2, 10.0), (4, 10.0))
    assert port.seen(START).capacity == 6 * 36_000
    have(port, (2, 10.0))
    clock[0] = MEMORY / 2
    assert (port.seen(START).workers, port.seen(START).capacity) == (2, 6 * 36_000)
    clock[0] = MEMORY + 1
    assert port.seen(START).capacity == 2 * 36_000
    have(port, (2, 10.0), (1, 10.0))
    assert port.seen(START).capacity == 3 * 36_000


def test_an_outage_is_there_to_be_told(port: ClusterPort) -> None:
    heard = port.cluster.heard  # type: ignore[attr-defined]
    heard["outage"]("no scheduler answers")
    assert port.away == "no scheduler answers"
    heard["outage"]("")
    assert port.away == ""


# The file


def test_a_file_with_a_cluster_needs_no_speed(tmp_path: Path) -> None:
    path = written(tmp_path, executor=ADDRESS, units_per_second=None, capacity="auto")
    config = read(path)
    assert config.executor == ADDRESS
    assert config.sales == (Sale(1, 0, 5 * 10**17, follows=True),)
    assert settings_of(config, "", 0, 18).workers == 0
    sized = with_machines(config, [Machine("tcp://a", 2, 5.0), Machine("tcp://b", 1, 9.0)])
    assert sized.sales[0].capacity == 3 * 5 * 3_600


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        (
            {"executor": "scheduler:8786"},
            "'scheduler:8786' names no cluster: dask://host:8786 does",
        ),
        ({"executor": 3}, "must be text"),
        (
            {"units_per_second": None},
            "units_per_second: is missing: add it, or run `suanli miner init`",
        ),
    ],
)
def test_mistakes_in_it_are_told(tmp_path: Path, changes: dict[str, Any], what: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(written(tmp_path, **changes))
    assert what in str(refused.value)
