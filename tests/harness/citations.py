"""Which sentences of docs/SPECIFICATION.md are shown by tests that ran and passed.

A test cites the sentences that it would find broken: `@pytest.mark.spec("5.6", "6.4")`. A run of
the whole suite fails if a sentence is left that no passed test cites: a skipped test shows nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "SPECIFICATION.md").read_text()
SENTENCES = re.findall(r"^(?:\| )?(\d+\.\d+) ", TEXT, re.MULTILINE)

UNCITED = {
    "1.1": "defines a word",
    "1.5": "defines a word",
    "11.1": "is about the chain, not the market",
    "11.5": "says that the list is complete",
}
DEEP = {"1.6": "65,536 miners and requests take minutes"}
"""Shown by tests that only `make test-deep` runs."""
MARK = "spec"


def cited(functions: list[Callable[..., Any]]) -> list[str]:
    """What functions that tests call cite, for the mark of such a test."""
    marks = [mark for function in functions for mark in getattr(function, "pytestmark", ())]
    return [number for mark in marks if mark.name == MARK for number in mark.args]


class Citations:
    """Collects what passes; with several processes, in the one that hears of all."""

    def __init__(self, config: pytest.Config) -> None:
        self._shown: set[str] = set()
        self._missing: list[str] = []
        chosen = config.args_source != pytest.Config.ArgsSource.TESTPATHS
        chosen |= bool(config.option.keyword) or bool(config.getoption("lf", False))
        quick = "not deep" in config.option.markexpr
        self._exempt = UNCITED | (DEEP if quick else {})
        self._whole = not chosen and not hasattr(config, "workerinput")

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            numbers = [number for mark in item.iter_markers(MARK) for number in mark.args]
            item.user_properties += [(MARK, number) for number in numbers]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self._shown |= {str(value) for name, value in report.user_properties if name == MARK}

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._whole:
            self._missing = [n for n in SENTENCES if n not in self._shown | self._exempt.keys()]
        if self._missing and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self._missing:
            terminalreporter.section("specification")
            terminalreporter.line(f"no test that passed cites {', '.join(self._missing)}")
