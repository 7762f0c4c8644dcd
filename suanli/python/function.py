"""The mark of a function that runs elsewhere."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Generic, ParamSpec, TypeVar

from suanli.python.errors import CannotTravel
from suanli.python.interpreter import interpreter_for

P = ParamSpec("P")
R = TypeVar("R")


class Marked(Generic[P, R]):
    """Called, it runs here; an executor runs it in the sandbox. `packages`: what it imports besides
    the standard library."""

    def __init__(self, function: Callable[P, R], packages: frozenset[str]) -> None:
        self.packages = packages
        functools.update_wrapper(self, function)
        self.__wrapped__ = function

    def __call__(self, *args: P.args, **named: P.kwargs) -> R:
        return self.__wrapped__(*args, **named)

    def __repr__(self) -> str:
        return f"<suanli.function {self.__wrapped__.__qualname__}>"


def function(packages: Iterable[str] = ()) -> Callable[[Callable[P, R]], Marked[P, R]]:
    """Mark a function for an executor, with the packages that it imports.

        @suanli.function(packages=["numpy"])
        def estimate(seed, n): …

    A function that needs the standard library alone needs no mark.

    Raises:
        CannotTravel: no Python for the sandbox has these packages.
    """
    if callable(packages) or isinstance(packages, str):
        raise CannotTravel('write @suanli.function() or @suanli.function(packages=["numpy"])')
    wanted = frozenset(packages)
    interpreter_for(wanted)
    return lambda given: Marked(given, wanted)
