"""Reads tables of a TOML file strictly and collects everything wrong, each with its line."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from suanli.job.errors import JobFileError

Path = tuple[str | int, ...]
"""Keys from the top; a table in an array of tables is a number."""

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(#.*)?$")
_NAME = r"""(?:"[^"]*"|'[^']*'|[\w-]+)"""
_KEY = re.compile(rf"^\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")
_PART = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))\s*(?:\.|$)""")
_SIZE = re.compile(r"(\d{1,18})\s*(|B|KiB|MiB|GiB|KB|MB|GB)")
_FACTORS = {"": 1, "B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_FACTORS |= {"KB": 10**3, "MB": 10**6, "GB": 10**9}
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


class Reader:
    """One file; `problems` gathers (line, reason)."""

    def __init__(self, path: FilePath) -> None:
        self.name = str(path)
        self.problems: list[tuple[int, str]] = []
        self._seen: set[Path] = set()
        text = ""
        try:
            text = path.read_bytes().decode()
            self.top = Table(self, tomllib.loads(text), ())
        except RecursionError:
            raise JobFileError(self.name, [(0, "nested too deeply to be read")]) from None
        except OSError as error:
            raise JobFileError(self.name, [(0, error.strerror or str(error))]) from None
        except UnicodeDecodeError:
            raise JobFileError(self.name, [(0, "not a text file in UTF-8")]) from None
        except tomllib.TOMLDecodeError as error:
            raise JobFileError(self.name, [_place_of(str(error), text)]) from None
        self._lines = _lines_of(text)

    def problem(self, path: Path, reason: str) -> None:
        """Note what is wrong at `path`, by the line of it or of the nearest table around it.

        What else is wrong there later mostly follows from the first, and is left out.
        """
        if path in self._seen:
            return
        self._seen.add(path)
        shown = ".".join(str(part) for part in path)
        while path and path not in self._lines:
            path = path[:-1]
        self.problems.append((self._lines.get(path, 0), f"{shown}: {reason}" if shown else reason))

    def finish(self) -> None:
        """Raises JobFileError if anything was wrong."""
        if self.problems:
            raise JobFileError(self.name, sorted(self.problems))


class Table:
    """A table of the file. Getters note a problem and answer with `default`."""

    def __init__(self, reader: Reader, data: Mapping[str, Any], path: Path) -> None:
        self.reader = reader
        self.data = data
        self.path = path

    def problem(self, key: str | int, reason: str) -> None:
        self.reader.problem((*self.path, key), reason)

    def only(self, known: tuple[str, ...]) -> None:
        """Note keys that are not known here."""
        for key in self.data.keys() - set(known):
            self.problem(key, f"unknown; here may stand {', '.join(known)}")

    def table(self, key: str) -> "Table":
        """The table under `key`, empty if there is none."""
        value = self._value(key, dict, {}, "a table")
        return Table(self.reader, value, (*self.path, key))

    def tables(self, key: str) -> list["Table"]:
        """The tables of the array under `key`."""
        found = []
        for number, value in enumerate(self.data[key]):
            if isinstance(value, dict):
                found.append(Table(self.reader, value, (*self.path, key, number)))
            else:
                self.problem(key, f"must hold tables: write [[{key}]] above each")
        return found

    def text(self, key: str, default: str = "") -> str:
        return str(self._value(key, str, default, "text"))

    def integer(self, key: str, default: int, least: int, most: int) -> int:
        value = self._value(key, int, default, "an integer")
        if not least <= value <= most:
            self.problem(key, f"must be from {least} to {most}")
            return default
        return int(value)

    def number(self, key: str, default: int, example: str) -> int:
        """A whole number, of which others tell whether it is in bounds."""
        return int(self._value(key, int, default, f"a whole number, {example}"))

    def size(self, key: str, default: int) -> int:
        """Bytes: an integer, or text such as "256 MiB"."""
        value = self.data.get(key, default)
        if isinstance(value, str) and (match := _SIZE.fullmatch(value)):
            return int(match[1]) * _FACTORS[match[2]]
        if type(value) is int and value >= 0:
            return value
        self.problem(key, 'must be bytes, such as 65536, or text such as "256 MiB"')
        return default

    def texts(self, key: str) -> list[str]:
        """A list of text; integers are taken as their digits."""
        values = self._value(key, list, [], "a list")
        if any(type(value) not in (str, int) for value in values):
            self.problem(key, "must hold text and integers only")
            return []
        return [str(value) for value in values]

    def text_map(self, key: str) -> dict[str, str]:
        table = self.table(key)
        found = {}
        for name, value in table.data.items():
            if type(value) in (str, int):
                found[name] = str(value)
            else:
                table.problem(name, "must be text; a name with dots or slashes stands in quotes")
        return found

    def fill(self, key: str, text: str, values: Mapping[str, str]) -> str:
        """Put values in the place of {name}; {{ and }} are braces."""

        def replace(match: re.Match[str]) -> str:
            if match[0] in ("{{", "}}"):
                return match[0][0]
            if match[1] not in values:
                known = ", ".join(f"{{{name}}}" for name in values)
                self.problem(key, f"{match[0]} is unknown here; there are {known}")
                return ""
            return values[match[1]]

        return _PLACEHOLDER.sub(replace, text)

    def _value(self, key: str, kind: type, default: Any, what: str) -> Any:
        value = self.data.get(key, default)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.problem(key, f"must be {what}")
            return default
        return value


def _place_of(message: str, text: str) -> tuple[int, str]:
    match = re.search(r" \(at line (\d+), column (\d+)\)$", message)
    if not match:
        return len(text.splitlines()), message
    return int(match[1]), f"column {match[2]}: {message[: match.start()]}"


def _lines_of(text: str) -> dict[Path, int]:
    """Line, from 1, of each table and key; those within inline tables are left out."""
    found: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _split(header[2])
            if header[1] == "[[":
                found.setdefault(table, number)
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            found[table] = number
        elif key := _KEY.match(line):
            parts = _split(key[1])
            for length in range(1, len(parts) + 1):
                found.setdefault((*table, *parts[:length]), number)
    return found


def _split(dotted: str) -> Path:
    return tuple(next(filter(None, match.groups()), "") for match in _PART.finditer(dotted))
