"""Models of tables in files, made from the dataclasses that hold what stands there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model


class Table(BaseModel):
    """What stands in a file: nothing unknown, nothing of another kind."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True
    )


def table_of(
    kind: type[Any],
    kinds: Mapping[str, Any] = {},
    *,
    without: Collection[str] = (),
    advice: str = "",
) -> type[Table]:
    """A table with the fields of a dataclass and their defaults; `kinds`: other types for some,
    `advice`: what to do about one that is missing."""
    hints = get_type_hints(kind, include_extras=True) | dict(kinds)
    made: dict[str, Any] = {}
    for item in fields(kind):
        if item.name in without:
            continue
        default = item.default
        if item.default_factory is not MISSING:
            made[item.name] = (hints[item.name], Field(default_factory=item.default_factory))
        elif default is MISSING:
            made[item.name] = (hints[item.name], Field(description=advice))
        else:
            made[item.name] = (hints[item.name], default)
    return create_model(f"{kind.__name__}Table", __base__=Table, **made)
