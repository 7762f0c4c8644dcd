"""A daemon's log: lines of JSON, and no more bytes than it may have."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from suanli.base.logs import JsonLines, log_to


def test_a_line_of_json() -> None:
    record = logging.LogRecord("suanli.miner", 30, "x.py", 1, "%s is\naway", ("chain",), None)
    record.created, record.msecs = 1_000_000.25, 250
    assert json.loads(JsonLines().format(record)) == {
        "time": "1970-01-12T13:46:40.250Z",
        "level": "warning",
        "logger": "suanli.miner",
        "message": "chain is\naway",
    }
    assert "\n" not in JsonLines().format(record)


def test_an_error_has_its_traceback(tmp_path: Path) -> None:
    with log_to("json", tmp_path / "logs" / "a.log"):
        try:
            raise ValueError("no such thing")
        except ValueError:
            logging.getLogger("suanli.miner").exception("failed")
    (line,) = (tmp_path / "logs" / "a.log").read_text().splitlines()
    told = json.loads(line)
    assert (told["level"], told["message"]) == ("error", "failed")
    assert told["error"].endswith("ValueError: no such thing")


def test_a_log_stays_within_its_bytes(tmp_path: Path) -> None:
    with log_to("text", tmp_path / "a.log", most=20_000):
        for number in range(2_000):
            logging.getLogger("suanli.miner").info("line %d", number)
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == ["a.log", "a.log.1"]
    assert sum(path.stat().st_size for path in files) <= 20_000
    assert (tmp_path / "a.log").read_text().endswith("line 1999\n")


def test_a_log_that_cannot_be_written_says_so_at_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("no folder")
    with pytest.raises(OSError, match="exists"):
        log_to("text", tmp_path / "a" / "b.log")
