"""TOML files that people write: what is wrong is told with its line and column.

`TomlFile.read` makes a pydantic model of a table; what its fields are for stands in their
descriptions, which say what to add where one is missing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, get_args, get_origin

from suanli.base.errors import SuanliError
from suanli.base.validation import Path, Problem, problems

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

M = TypeVar("M", bound="BaseModel")

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_NAME = r"""(?:"[^"]*"|'[^']*'|[\w-]+)"""
_KEY = re.compile(rf"^\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*(?:\.|$)""")
_SYNTAX = re.compile(r" \(at line (\d+), column (\d+)\)$")


class Place(NamedTuple):
    """From 1; line 0: none."""

    line: int
    column: int


NOWHERE = Place(0, 0)
FEW = 12
"""Names that are told when another stands there."""
Mistake = tuple[Place, str]


class TomlMistakes(SuanliError):
    """What is wrong with a file; `mistakes` in the order of the file."""

    def __init__(self, name: str, mistakes: list[Mistake]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(_told(name, place, why) for place, why in mistakes))


class TomlFile:
    """One file. `problem` gathers what is wrong, `finish` raises it.

    Raises:
        TomlMistakes: it can't be read, or is no TOML.
        FileNotFoundError: there is none.
    """

    def __init__(self, path: FilePath) -> None:
        self.name = str(path)
        self.mistakes: list[Mistake] = []
        self._seen: set[Path] = set()
        text = ""
        try:
            text = path.read_bytes().decode()
            self.data: dict[str, Any] = tomllib.loads(text)
        except FileNotFoundError:
            raise
        except RecursionError:
            raise self._unreadable("nested too deeply to be read") from None
        except OSError as error:
            raise self._unreadable(error.strerror or str(error)) from None
        except UnicodeDecodeError:
            raise self._unreadable("not a text file in UTF-8") from None
        except tomllib.TOMLDecodeError as error:
            raise TomlMistakes(self.name, [_place_of(str(error), text)]) from None
        self._places = _places_of(text)

    def read(self, kind: type[M], data: Any, path: Path = ()) -> M | None:
        """A table as a model; None if something is wrong with it, which is noted."""
        from pydantic import ValidationError

        try:
            return kind.model_validate(data)
        except ValidationError as error:
            for found in told_of(error, kind):
                self.problem((*path, *found.path), found.text)
            return None

    def problem(self, path: Path, reason: str) -> None:
        """Note what is wrong at `path`, by the place of it or of the nearest table around it.

        What else is wrong there later mostly follows from the first, and is left out.
        """
        if path in self._seen:
            return
        self._seen.add(path)
        found = Problem(path, reason)
        while path and path not in self._places:
            path = path[:-1]
        self.mistakes.append((self._places.get(path, NOWHERE), str(found)))

    def finish(self) -> None:
        """Raises TomlMistakes if anything was wrong."""
        if self.mistakes:
            raise TomlMistakes(self.name, sorted(self.mistakes))

    def _unreadable(self, why: str) -> TomlMistakes:
        return TomlMistakes(self.name, [(NOWHERE, why)])


def told_of(error: ValidationError, kind: type[BaseModel]) -> Iterator[Problem]:
    """As `problems`, of a table that people write: what may stand there, and what is missing."""
    kinds = {detail["loc"]: detail["type"] for detail in error.errors(include_url=False)}
    for found in problems(error):
        what, (*above, _) = kinds.get(found.path), found.path or ("",)
        fields = dict(_fields_at(kind, tuple(above)))
        if what == "extra_forbidden":
            yield Problem(found.path, _unknown(str(found.path[-1]), list(fields)))
        elif what == "missing" and (wanted := fields.get(str(found.path[-1]))):
            yield Problem(found.path, f"is missing: {wanted}")
        else:
            yield Problem(found.path, found.text.replace("an object", "a table"))


def _unknown(name: str, known: Sequence[str]) -> str:
    if len(known) <= FEW:
        return f"unknown; here may stand {', '.join(known)}"
    close = get_close_matches(name, known, 1)
    return f"is no setting: {f'did you mean {close[0]}?' if close else 'remove or correct it'}"


def _fields_at(kind: Any, path: Path) -> Iterator[tuple[str, str]]:
    """Names and descriptions of what a model's table at `path` may hold."""
    fields = {field.alias or name: field for name, field in kind.model_fields.items()}
    names = [part for part in path if isinstance(part, str)]
    if not names:
        yield from ((name, field.description or "") for name, field in fields.items())
    elif names[0] in fields:
        annotation = fields[names[0]].annotation
        below = names[2:] if get_origin(annotation) is dict else names[1:]
        for inner in _models_in(annotation):
            yield from _fields_at(inner, tuple(below))


def _models_in(annotation: Any) -> Iterator[Any]:
    if hasattr(annotation, "model_fields"):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _told(name: str, place: Place, why: str) -> str:
    return f"{name}:{place.line}:{place.column}: {why}" if place.line else f"{name}: {why}"


def _place_of(message: str, text: str) -> Mistake:
    match = _SYNTAX.search(message)
    if not match:
        lines = text.splitlines()
        return Place(len(lines), len(lines[-1]) + 1 if lines else 1), message
    return Place(int(match[1]), int(match[2])), message[: match.start()]


def _places_of(text: str) -> Mapping[Path, Place]:
    """Of each table and key; those within inline tables are left out."""
    found: dict[Path, Place] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table, place = _split(header[2]), Place(number, header.start(1) + 1)
            if header[1] == "[[":
                found.setdefault(table, place)
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            found[table] = place
        elif key := _KEY.match(line):
            parts = _split(key[1])
            for length in range(1, len(parts) + 1):
                found.setdefault((*table, *parts[:length]), Place(number, key.start(1) + 1))
    return found


def _split(dotted: str) -> Path:
    return tuple(next(filter(None, match.groups()), "") for match in _PART.finditer(dotted))
