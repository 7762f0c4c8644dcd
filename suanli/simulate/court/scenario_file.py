"""Scenarios of a court as TOML files: those that come with the package, and anybody's."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from suanli.base.tables import table_of
from suanli.base.toml_file import TomlFile, TomlMistakes
from suanli.simulate.court.rules import RulesInTokens
from suanli.simulate.court.scenario import (
    CourtScenario,
    JurorCounts,
    MinerCounts,
    RequesterCounts,
)
from suanli.simulate.scenario_file import ScenarioError

_FOLDER = Path(str(files("suanli.simulate"))) / "court" / "scenarios"
_SEE = "see suanli/simulate/court/scenarios/court.toml"
_TABLES = {"miners": MinerCounts, "requesters": RequesterCounts, "jurors": JurorCounts}
MARK = "jurors"
"""A file with this table is of a court."""

_Count = Annotated[int, Field(ge=0, le=100_000)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Price = Annotated[float, Field(ge=0.01, le=1_000)]
_Tasks = Annotated[int, Field(ge=1, le=1_000)]


def _counts(kind: type[Any], least: int) -> Any:
    names = list(kind.__annotations__)
    return _together(table_of(kind, dict.fromkeys(names, _Count), advice=_SEE), names, least)


def _together(kind: Any, names: list[str], least: int) -> Any:
    class Together(kind):  # type: ignore[misc]  # made of what it holds
        @model_validator(mode="after")
        def _enough(self) -> Any:
            if sum(getattr(self, name) for name in names) < least:
                raise ValueError(f"there are fewer than {least}")
            return self

    return Together


_SEATS = RulesInTokens().large_jury + RulesInTokens().appeal_jury
_File = table_of(
    CourtScenario,
    {
        "days": Annotated[float, Field(gt=0, le=3_660)],
        "deals_a_day": Annotated[float, Field(gt=0, le=10_000)],
        "tasks": Annotated[list[_Tasks], Field(min_length=1, max_length=20)],
        "units_per_task": Annotated[int, Field(ge=1, le=10)],
        "step": Annotated[float, Field(ge=60, le=1_440)],
        "fee_bps": Annotated[int, Field(ge=0, le=1_000)],
        **dict.fromkeys(("price", "stake", "cost", "value", "seat"), _Price),
        **dict.fromkeys(("audit", "away", "flips"), _Share),
        "miners": _counts(MinerCounts, 1),
        "requesters": _counts(RequesterCounts, 1),
        "jurors": _counts(JurorCounts, _SEATS),
    },
    without=("name",),
    advice=_SEE,
)


def court_scenarios() -> list[str]:
    """Names of those that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def is_of_court(name: str) -> bool:
    """Whether this names one of a court. What can't be read isn't one: `load` says why."""
    if name in court_scenarios():
        return True
    try:
        return MARK in TomlFile(Path(name)).data
    except (FileNotFoundError, TomlMistakes):
        return False


def load_court(name: str) -> CourtScenario:
    """A built-in scenario by its name, or one in a file.

    Raises:
        ScenarioError: with line and column, what is wrong with the file.
    """
    path = _FOLDER / f"{name}.toml" if name in court_scenarios() else Path(name)
    try:
        file = TomlFile(path)
        found: Any = file.read(_File, file.data)
        file.finish()
    except TomlMistakes as error:
        raise ScenarioError(str(error)) from None
    given = {key: getattr(found, key) for key in found.model_fields_set}
    for key, kind in _TABLES.items():
        if key in given:
            table = given[key]
            given[key] = kind(**{name: getattr(table, name) for name in table.model_fields_set})
    if "tasks" in given:
        given["tasks"] = tuple(given["tasks"])
    return CourtScenario(**{"name": path.stem} | given)
