"""What pydantic finds wrong with data from outside, as short lines that people can act on.

Nothing of what came is repeated: it may be long, or no text that can be shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from suanli.base.text import plain

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]
"""Names and places in lists, from the top."""
MOST_NAME = 80
"""Characters of a name that are shown."""
MOST_PROBLEMS = 1_000
"""With more nothing is told of each: strangers' data could fill the memory."""


class Problem(NamedTuple):
    path: Path
    text: str

    @property
    def place(self) -> str:
        """The path as people write it; empty for the whole."""
        return ".".join(plain(str(part)[:MOST_NAME]) for part in self.path)

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.place, self.text)))


class FirstOnly:
    """Marks a mapping or list of which the first wrong entry is told, and no more is looked at."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> Any:
        schema = handler(source)
        schema["fail_fast"] = True
        return schema


def problems(error: ValidationError) -> list[Problem]:
    """One for each place, in order: what else is wrong there mostly follows from the first."""
    if error.error_count() > MOST_PROBLEMS:
        return [Problem((), f"has more than {MOST_PROBLEMS:,} mistakes")]
    return listed(error.errors(include_url=False, include_input=False))


def listed(details: Iterable[ErrorDetails]) -> list[Problem]:
    """As `problems`, of errors as pydantic lists them."""
    found: dict[Path, str] = {}
    for detail in details:
        found.setdefault(detail["loc"], _text(detail))
    return [Problem(path, text) for path, text in found.items()]


_TEXTS = {
    "missing": "is missing",
    "extra_forbidden": "is unknown here: leave it out",
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "mapping_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dataclass_type": "must be an object",
    "recursion_loop": "is nested too deeply",
}


def _text(detail: ErrorDetails) -> str:
    kind = detail["type"]
    if kind in ("value_error", "assertion_error"):  # a validator's own words
        return str(detail.get("ctx", {}).get("error", detail["msg"]))
    said = detail["msg"].replace("Input should be", "must be", 1)
    return _TEXTS.get(kind) or said[:1].lower() + said[1:]
