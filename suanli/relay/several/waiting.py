"""Waiting for some of several, which are asked at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Hashable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


@dataclass
class Answers(Generic[K, T]):
    """`late`: of those that have not answered yet."""

    good: dict[K, T] = field(default_factory=dict)
    failed: dict[K, Exception] = field(default_factory=dict)
    late: dict[K, Future[T]] = field(default_factory=dict)


def started(act: Callable[[], T]) -> Future[T]:
    """In a thread of its own, which ends with the process."""
    made: Future[T] = Future()

    def work() -> None:
        try:
            made.set_result(act())
        except BaseException as error:
            made.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    return made


def gather(
    asked: Mapping[K, Future[T]],
    waited: Collection[K],
    patience: Callable[[float], float],
    enough: Callable[[T], bool] = lambda answer: False,
) -> Answers[K, T]:
    """Once one has a good answer, those of the others that are to be waited for are so for a moment
    longer: `patience`, given how long the first took, in seconds. One that is `enough` ends it."""
    found: Answers[K, T] = Answers(late=dict(asked))
    names = {future: name for name, future in asked.items()}
    began, ends = time.monotonic(), None
    while found.late:
        if ends is not None and not any(name in found.late for name in waited):
            break
        left = None if ends is None else ends - time.monotonic()
        if left is not None and left <= 0:
            break
        for future in wait(found.late.values(), left, FIRST_COMPLETED).done:
            name = names[future]
            del found.late[name]
            error = future.exception()
            if error is None:
                found.good[name] = future.result()
            elif isinstance(error, Exception):
                found.failed[name] = error
            else:
                raise error
        if any(enough(answer) for answer in found.good.values()):
            break
        if found.good and ends is None:
            ends = time.monotonic() + patience(time.monotonic() - began)
    return found
