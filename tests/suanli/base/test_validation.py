"""What is wrong with data from outside, in short lines with their place."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from suanli.base.validation import MOST_PROBLEMS, Problem, problems


def even(value: int) -> int:
    if value % 2:
        raise ValueError("must be even")
    return value


class Inner(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    many: list[int] = []
    pair: Annotated[int, AfterValidator(even)] = 0


class Outer(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")
    name: str
    yes: bool = False
    inner: Inner = Inner()
    places: dict[str, Inner] = {}


def found(value: Any) -> list[str]:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(value)
    return [str(problem) for problem in problems(caught.value)]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({}, ["name: is missing"]),
        ([], ["must be an object"]),
        ({"name": 1, "yes": 1}, ["name: must be text", "yes: must be true or false"]),
        ({"name": "", "extra": 1}, ["extra: is unknown here: leave it out"]),
        ({"name": "", "inner": {"many": 1}}, ["inner.many: must be a list"]),
        ({"name": "", "inner": {"many": [1, "x"]}}, ["inner.many.1: must be a whole number"]),
        ({"name": "", "inner": {"many": [1, 2.5]}}, ["inner.many.1: must be a whole number"]),
        ({"name": "", "inner": {"pair": 3}}, ["inner.pair: must be even"]),
        ({"name": "", "places": {"a\x1b[2J\n": 1}}, ["places.a\\x1b[2J\\n: must be an object"]),
        ({"name": "", "x" * 200: 1}, ["x" * 80 + ": is unknown here: leave it out"]),
    ],
)
def test_each_place_has_one_line(value: Any, told: list[str]) -> None:
    assert found(value) == told


def test_the_whole_has_no_place() -> None:
    assert str(Problem((), "must be an object")) == "must be an object"


def test_of_very_many_mistakes_none_is_told() -> None:
    wrong = {"name": "", "inner": {"many": ["x"] * (MOST_PROBLEMS + 1)}}
    assert found(wrong) == ["has more than 1,000 mistakes"]
