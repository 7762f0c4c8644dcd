"""Files that people write: where in them something is wrong, and what may stand there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

from suanli.base.tables import Table, table_of
from suanli.base.toml_file import TomlFile, TomlMistakes


class Inner(Table):
    size: int = Field(description="say how large, size = 3")
    other_name: str = Field("", alias="other-name")


class Whole(Table):
    title: str
    inner: Inner | None = None
    many: list[Inner] = Field(default_factory=list)
    named: dict[str, Inner] = Field(default_factory=dict)


def read(path: Path, kind: type[Table]) -> Any:
    file = TomlFile(path)
    found = file.read(kind, file.data)
    file.finish()
    return found


def told(folder: Path, text: str, kind: type[Table] = Whole) -> list[str]:
    path = folder / "a.toml"
    path.write_text(text)
    with pytest.raises(TomlMistakes) as caught:
        read(path, kind)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{path}:") for line in lines)
    return [line.removeprefix(f"{path}:").strip() for line in lines]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", ["title: is missing"]),
        ("title = 'x'\ninner = 3", ["2:1: inner: must be a table"]),
        ("title = 'x'\n  [inner]", ["2:3: inner.size: is missing: say how large, size = 3"]),
        (
            "title = 'x'\ninner.size = 3\ninner.sise = 3",
            ["3:1: inner.sise: unknown; here may stand size, other-name"],
        ),
        ("title = 'x'\ninner = { size = 'x' }", ["2:1: inner.size: must be a whole number"]),
        (
            "title = 'x'\n[[many]]\nsize = 1\n[[many]]\n  size = true\n[[many]]",
            [
                "5:3: many.1.size: must be a whole number",
                "6:1: many.2.size: is missing: say how large, size = 3",
            ],
        ),
        (
            'title = \'x\'\n[named."a b"]\nsize = 1\n\n[ named . c ] # a comment\n"other-name" = 1',
            [
                "5:1: named.c.size: is missing: say how large, size = 3",
                "6:1: named.c.other-name: must be text",
            ],
        ),
        (
            "title = 1\ntitel = 1",
            ["1:1: title: must be text", "2:1: titel: unknown; here may stand "],
        ),
        ("title =", ["1:8: Invalid value"]),
        ("\n\n a = ?", ["3:6: Invalid value"]),
        ("a = " + "[" * 3_000, ["nested too deeply to be read"]),
    ],
)
def test_mistakes_have_their_place(tmp_path: Path, text: str, lines: list[str]) -> None:
    found = told(tmp_path, text)
    assert len(found) == len(lines)
    assert all(map(str.startswith, found, lines)), found


def test_what_is_right_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("title = 'x'\nmany = [{ size = 3, other-name = 'y' }]")
    inner = Inner.model_validate({"size": 3, "other-name": "y"})
    assert read(path, Whole) == Whole(title="x", many=[inner])


def test_files_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        TomlFile(tmp_path / "none.toml")
    with pytest.raises(TomlMistakes, match="Is a directory"):
        TomlFile(tmp_path)
    (tmp_path / "a.toml").write_bytes(b"\xff")
    with pytest.raises(TomlMistakes, match="not a text file in UTF-8"):
        TomlFile(tmp_path / "a.toml")


@dataclass(frozen=True)
class Kept:
    """What a program keeps of a file."""

    needed: Annotated[int, Field(ge=1)]
    other: str
    here: list[str] = field(default_factory=list)
    count: int = 7


def test_tables_of_dataclasses(tmp_path: Path) -> None:
    kind = table_of(Kept, {"here": tuple[int, ...]}, without=("other",), advice="write it")
    assert list(kind.model_fields) == ["needed", "here", "count"]
    made: Any = kind.model_validate({"needed": 1})
    assert (made.needed, made.here, made.count) == (1, [], 7)
    assert made.model_fields_set == {"needed"}
    assert told(tmp_path, "count = 'x'\nother = 1", kind) == [
        "needed: is missing: write it",
        "1:1: count: must be a whole number",
        "2:1: other: unknown; here may stand needed, here, count",
    ]


def test_of_many_settings_the_nearest_is_told(tmp_path: Path) -> None:
    @dataclass
    class Many:
        a: int = 0
        b: int = 0
        c: int = 0
        d: int = 0
        e: int = 0
        f: int = 0
        g: int = 0
        h: int = 0
        i: int = 0
        j: int = 0
        k: int = 0
        m: int = 0
        workers: int = 1

    assert told(tmp_path, "worker = 1\nzebra = 1", table_of(Many)) == [
        "1:1: worker: is no setting: did you mean workers?",
        "2:1: zebra: is no setting: remove or correct it",
    ]
