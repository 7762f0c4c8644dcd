"""What travels of a function, and what is refused, by its name and line."""

import functools
import math

import pytest

import suanli
from suanli.python import CannotTravel, travelling
from suanli.python.guest.values import decode
from tests.suanli.python import work


def steps(function):
    return decode(travelling(function).data)[0]


def line_of(function, text):
    import inspect

    lines, first = inspect.getsourcelines(function)
    return first + next(n for n, line in enumerate(lines) if text in line)


def shown(value):
    """A test's name, which must be the same in each process."""
    return (value if isinstance(value, str) else getattr(value, "__qualname__", repr(value)))[:30]


REFUSED = [
    (work.uses_live, "lock.read", "lock in uses_live", "a _io.TextIOWrapper is no plain data"),
    (work.uses_lambda, "cube(x)", "cube in uses_lambda", "a lambda has no source of its own"),
    (work.uses_module, "more.twice", "more in uses_module", "modules of one's own stay here"),
    (work.imports_other, "import yaml", "yaml, imported in imports_other", "yaml is"),
    (work.generates, "def generates", "generates", "it is a generator; return a list"),
    (work.waits, "def waits", "waits", "it is asynchronous"),
    (work.uses_holder, "holder.method", "holder in uses_holder", "it is a callable object"),
    (work.make_class_user(), "Local()", "Local in make_class_user", "a class that a function made"),
    (work.make_live(), "held", "held in make_live", "a _io.TextIOWrapper is no plain data"),
]


@pytest.mark.parametrize(("function", "text", "name", "why"), REFUSED, ids=shown)
def test_refused_with_name_and_line(function, text, name, why):
    with pytest.raises(CannotTravel) as refused:
        travelling(function)
    said = str(refused.value)
    assert said.startswith(name)
    assert f"work.py, line {line_of(function, text)}) can't travel: {why}" in said or (
        text == "Local()" and why in said
    )


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (work.holder.method, "it is a method of a live Holder"),
        (work.holder, r"it is a callable object \(Holder\)"),
        (work.Holder, "a class makes objects"),
        (lambda: 1, "a lambda has no source of its own"),
        (functools.partial(work.square, 1), "a partial is no function of its own"),
        (7, "it is no function"),
        ("abc".upper, "it is a callable object"),
    ],
    ids=shown,
)
def test_what_is_no_function(function, why):
    with pytest.raises(CannotTravel, match=why):
        travelling(function)


def test_only_what_is_referred_to_travels():
    text = str(steps(work.uses_helpers))
    assert "def scale" in text
    assert "FACTOR" in text
    assert "def twice" in text
    assert "def add" not in text
    assert "Box" not in text


def test_what_the_guest_has_is_named():
    assert steps(math.sqrt)[1:] == [("import", 0, "function", "math", "sqrt")]
    assert steps(str.upper)[1:] == [("import", 0, "function", "builtins", "str.upper")]


def test_our_own_mark_stays_here_and_lines_are_kept():
    (source,) = [step[3] for step in steps(work.marked) if "marked" in step[-1]]
    lines = source.split("\n")
    line = line_of(work.marked.__wrapped__, "def marked")
    assert lines[line - 1] == "def marked(x):"
    assert not "".join(lines[: line - 1])


def test_nothing_of_this_machine_travels():
    assert b"/" not in b"".join(
        step[2].encode() for step in steps(work.uses_helpers) if step[0] == "code"
    )


def test_packages_that_nobody_has():
    with pytest.raises(CannotTravel, match="no Python for the sandbox has torch"):
        suanli.function(packages=["torch"])
    with pytest.raises(CannotTravel, match=r"write @suanli.function\(\)"):
        suanli.function(work.square)
