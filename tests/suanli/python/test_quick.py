"""Compiling without the types that `compile` makes gives the same code."""

import __future__

import builtins

import pytest

from suanli.python.guest import quick

FLAGS = __future__.annotations.compiler_flag
CODE = """

@wrapped
def outer(a: Nowhere, b=1):
    "text"
    assert a
    def inner():
        return [x for x in (a, b)], lambda: inner
    return inner

class Made(Base):
    field: Nowhere = 1
"""


def places(code):
    """File, name and line of all that is in it."""
    inside = [place for one in code.co_consts if hasattr(one, "co_code") for place in places(one)]
    return [(code.co_filename, code.co_qualname, code.co_firstlineno), *inside]


@pytest.mark.parametrize("source", [CODE, CODE.strip(), "\nx = 1"], ids=["late", "first", "plain"])
def test_it_is_the_same(source):
    found = quick.compile(source, "work.py", "exec", FLAGS, True)
    known = compile(source, "work.py", "exec", FLAGS, True)
    assert places(found) == places(known)
    spaces = []
    for run, code in ((quick.exec, found), (exec, known)):
        space = {"__builtins__": builtins, "__name__": "made", "wrapped": lambda f: f, "Base": dict}
        run(code, space)
        spaces.append(space)
    mine, theirs = spaces
    assert mine.keys() == theirs.keys()
    if "outer" in mine:
        assert mine["outer"].__annotations__ == {"a": "Nowhere"}
        assert mine["outer"].__doc__ == "text"
        with pytest.raises(AssertionError):
            mine["outer"](0)
        assert mine["outer"](3)()[0] == [3, 1]
        assert mine["Made"].__annotations__ == {"field": "Nowhere"}


def test_an_error_names_the_file():
    with pytest.raises(SyntaxError) as wrong:
        quick.compile("\nx = = 1", "work.py", "exec", FLAGS, True)
    assert (wrong.value.filename, wrong.value.lineno) == ("work.py", 2)
