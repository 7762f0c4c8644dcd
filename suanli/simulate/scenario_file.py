"""Scenarios as TOML files: those that come with the package, and anybody's."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from suanli.base.errors import SuanliError
from suanli.base.tables import table_of
from suanli.base.toml_file import TomlFile, TomlMistakes
from suanli.simulate.scenario import Adaptive, DemandSide, Fake, Linear, Scenario, Shock, SupplySide

_FOLDER = Path(str(files("suanli.simulate"))) / "scenarios"
_SEE = "see suanli/simulate/scenarios/daily.toml"
MOST_PEOPLE = 1_000_000
MOST_DAYS = 3_660


class ScenarioError(SuanliError):
    """A scenario that there isn't, or that can't be read."""


_Positive = Annotated[float, Field(gt=0, lt=1e9)]
_Worth = Annotated[float, Field(gt=0, le=10_000)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Inner = Annotated[float, Field(gt=0, lt=1)]
_Factor = Annotated[float, Field(ge=0, le=100)]
_Spread = Annotated[float, Field(ge=0, le=3)]
_People = Annotated[int, Field(ge=1, le=MOST_PEOPLE)]
_Day = Annotated[float, Field(ge=0, le=MOST_DAYS)]
_Price = Annotated[float, Field(ge=1e-9, le=1e9)]


def _ordered(kind: Any, low: str, high: str) -> Any:
    """With a check that one is not above the other."""

    class Ordered(kind):  # type: ignore[misc]  # made of what it holds
        @model_validator(mode="after")
        def _in_order(self) -> Any:
            if getattr(self, low) > getattr(self, high):
                raise ValueError(f"{low} is more than {high}")
            return self

    return Ordered


_SIZES = dict.fromkeys(("smallest", "largest"), Annotated[int, Field(ge=1, le=10**5)])
_DemandTable = _ordered(
    table_of(
        DemandSide,
        _SIZES
        | {"requesters": _People, "daily": _Share, "weekly": _Share, "spread": _Spread}
        | dict.fromkeys(("jobs_a_day", "hours", "patience", "growth"), _Positive)
        | {"value": _Worth},
        advice=_SEE,
    ),
    "smallest",
    "largest",
)
_SupplyTable = _ordered(
    table_of(
        SupplySide,
        _SIZES
        | {"miners": _People, "cost": _Worth, "present": _Share, "agility": _Share}
        | dict.fromkeys(("cost_spread", "upkeep_spread"), _Spread)
        | {"upkeep": _Factor},
        advice=_SEE,
    ),
    "smallest",
    "largest",
)
_PRICES = dict.fromkeys(("floor", "cap"), _Price)
_LinearTable = _ordered(table_of(Linear, _PRICES | {"base": _Price, "shortage": _Price}), *_PRICES)


class _AdaptiveTable(
    _ordered(  # type: ignore[misc]  # made of what it holds
        table_of(
            Adaptive,
            _PRICES
            | {"start": _Price, "target": _Inner, "doubling": _Positive}
            | {"window": Annotated[int, Field(ge=60, le=86_400)]},
        ),
        *_PRICES,
    )
):
    @model_validator(mode="after")
    def _possible(self) -> Any:
        """What a model can be deployed with."""
        if not self.floor <= self.start <= self.cap:
            raise ValueError("start is not between floor and cap")
        if Adaptive(**_given(self)).speed * self.window > 1:
            raise ValueError("doubling is too short for this target and window")
        return self


_TIMES = {"day": _Day, "hours": _Positive}
_ShockTable = table_of(Shock, _TIMES | {"demand": _Factor, "away": _Share}, advice=_SEE)
_FakeTable = table_of(Fake, _TIMES | {"share": _Positive}, advice=_SEE)
_File = table_of(
    Scenario,
    {
        "days": Annotated[float, Field(gt=0, le=MOST_DAYS)],
        "step": Annotated[float, Field(ge=1, le=1440)],
        "fee_bps": Annotated[int, Field(ge=0, le=1_000)],
        "demand": _DemandTable,
        "supply": _SupplyTable,
        "linear": _LinearTable,
        "adaptive": _AdaptiveTable,
        "shocks": list[_ShockTable],  # type: ignore[valid-type]
        "fakes": list[_FakeTable],  # type: ignore[valid-type]
    },
    without=("name",),
    advice=_SEE,
)


def built_in() -> list[str]:
    """Names of the scenarios that come with the package."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load(name: str) -> Scenario:
    """A built-in scenario by its name, or one in a file.

    Raises:
        ScenarioError: neither is there; with line and column, what is wrong with the file.
    """
    path = _FOLDER / f"{name}.toml" if name in built_in() else Path(name)
    try:
        file = TomlFile(path)
        found: Any = file.read(_File, file.data)
        file.finish()
    except FileNotFoundError:
        raise ScenarioError(
            f"there is no scenario and no file {name!r}: use one of {', '.join(built_in())}, or a"
            " TOML file"
        ) from None
    except TomlMistakes as error:
        raise ScenarioError(str(error)) from None
    given = _given(found)
    kinds = {"demand": DemandSide, "supply": SupplySide, "linear": Linear, "adaptive": Adaptive}
    tables = {key: kind(**_given(given[key])) for key, kind in kinds.items() if key in given}
    lists = {"shocks": Shock, "fakes": Fake}
    rows = {
        key: tuple(kind(**_given(row)) for row in given[key])
        for key, kind in lists.items()
        if key in given
    }
    return Scenario(**{"name": path.stem} | given | tables | rows)


def _given(table: Any) -> dict[str, Any]:
    """What stands in a table."""
    return {name: getattr(table, name) for name in table.model_fields_set}
