"""The loop that all daemons run: nothing is done before it is written down."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

import pytest

from suanli.base.database import DatabaseFailed
from suanli.daemon import DaemonJournal, DaemonLoop, DaemonTeller, Fact

log = logging.getLogger("suanli.test")


class Notes(DaemonJournal):
    VERSION, SCHEMA, WORK = 1, "", "notes"
    fails = 0

    def note(self, **facts: Any) -> None:
        if self.fails:
            self.fails -= 1
            raise DatabaseFailed("the disk is full")
        super().note(**facts)


class Keeper(DaemonLoop[str]):
    """Notes what it hears, and says it; ends at "end"."""

    journal: Notes

    def __init__(self, folder: Path) -> None:
        teller = DaemonTeller(log, "keeper", "0xkeeper", 18, time.time, time.monotonic, False)
        super().__init__(Notes.of_folder(folder), teller, True, time.time, time.monotonic)
        self.said: list[tuple[str, Any]] = []
        self.gave_up = False

    def begin(self) -> None:
        self._note("begun", 1)

    def work(self, timeout: float) -> None:
        for item in self.inbox.take(timeout):
            name, value = (item.name, item.value) if isinstance(item, Fact) else (item, "heard")
            self._written(lambda name=name, value=value: self.journal.note(**{name: value}))
            self.said.append((name, self.journal.fact(name)))
            if name == "end":
                self._finish()

    def _give_up(self) -> None:
        self.gave_up = True


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    monkeypatch.setattr("suanli.daemon.loop.WRITE_AGAIN", 0.0)
    return Keeper(tmp_path)


def test_it_ends_by_itself(keeper: Keeper, tmp_path: Path) -> None:
    keeper.inbox.put("one")
    keeper.inbox.put("end")
    assert keeper.run() is True
    assert keeper.said == [("one", "heard"), ("end", "heard"), ("begun", 1)]
    assert keeper.gave_up
    with pytest.raises(Exception, match="closed"):
        keeper.journal.fact("one")


def test_it_is_stopped(keeper: Keeper) -> None:
    keeper.stop()
    assert keeper.run() is False
    assert keeper.said == [("begun", 1)]  # what is there already is written down


def test_what_can_not_be_written_is_tried_until_it_is(
    keeper: Keeper, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "suanli.test")
    keeper.journal.fails = 3
    keeper.inbox.put("one")
    keeper.work(timeout=0)
    assert keeper.said == [("one", "heard")]
    told = [record.getMessage() for record in caplog.records]
    assert told == ["journal is away: the disk is full", "journal is back"]
    assert keeper.away == {}


def test_what_is_told_stands_in_the_note(keeper: Keeper, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "suanli.test")
    teller = keeper.teller
    teller.trouble("pay", "no 5 coins")
    teller.trouble("pay", "no 6 coins")  # told once
    teller.outage("node", "no answer")
    teller.alarm("a bug")
    assert teller.is_due()
    note = teller.note(relay=None, chain=90.0)
    assert not teller.is_due()
    assert note["keeper"] == "0xkeeper"
    assert note["away"] == {"node": "no answer"}
    assert (note["troubles"]["pay"], note["troubles"]["error"]) == ("no 6 coins", "a bug")
    assert note["troubles"]["clock"].startswith("this machine's clock is 90 s behind the chain's")
    teller.trouble("pay", "")
    teller.outage("node", "")
    assert teller.is_due()  # what is over is shown at once
    note = teller.note(None, 0.0)
    assert (note["away"], set(note["troubles"])) == ({}, {"error"})
    told = [record.getMessage().split(":")[0] for record in caplog.records]
    assert told == ["pay", "node is away", "a bug", "clock", "node is back"]
