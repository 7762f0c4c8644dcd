"""Split work, place it on workers, re-place what is late, gather the parts: pure functions.

Costs are in any unit that is proportional to work (fuel, bytes, units); speeds in that unit per
second; times in seconds on one clock.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from mmap import mmap

from suanli.errors import SuanliError

Span = tuple[int, int]
"""Half-open: from, up to."""

MAX_DIGITS = 1000


class ScheduleError(SuanliError):
    """Work that can't be split, placed or gathered as asked."""


def split_count(total: int, parts: int) -> list[Span]:
    """0 … total in `parts` spans whose lengths differ by at most 1; empty spans are left out."""
    if total < 0 or parts < 1:
        raise ScheduleError(f"{total} items can't be split into {parts} parts")
    cuts = [total * part // parts for part in range(parts + 1)]
    return [(a, b) for a, b in pairwise(cuts) if a < b]


def split_files(sizes: Sequence[int], groups: int) -> list[list[int]]:
    """File numbers in at most `groups` groups of nearly equal bytes, largest file first.

    Within a group in ascending order; groups in the order of their first file.
    """
    if groups < 1:
        raise ScheduleError(f"files can't be split into {groups} groups")
    placed = place(dict(enumerate(sizes)), [Worker(str(g)) for g in range(groups)])
    by_group: dict[str, list[int]] = {}
    for item in placed:
        by_group.setdefault(item.worker, []).append(item.task)
    return sorted(sorted(group) for group in by_group.values())


def split_records(
    data: bytes | mmap, parts: int, *, end: bytes = b"\n", start: bytes = b""
) -> list[Span]:
    """Byte spans of nearly equal length that cut no record; `bytes` or a mapped file.

    A record ends with `end`; with `start` given, a new one begins only where `start` follows an
    `end` (b">" for FASTA). At most `parts` spans; fewer where records are longer than a part.
    """
    if not end:
        raise ScheduleError("a record must end with at least one byte")
    mark, size, cuts = end + start, len(data), [0]
    for _, target in split_count(size, parts)[:-1]:
        # A record may end exactly at the target: its mark then begins before it.
        found = data.find(mark, max(cuts[-1], target - len(end)))
        cut = found + len(end) if found >= 0 else size
        if cuts[-1] < cut < size:
            cuts.append(cut)
    return [(a, b) for a, b in zip(cuts, [*cuts[1:], size], strict=True) if a < b]


@dataclass(frozen=True)
class Worker:
    """Who works: cost per second, and the time from which it is free."""

    name: str
    speed: float = 1.0
    ready: float = 0.0


@dataclass(frozen=True)
class Placement:
    """Task `task` on `worker` from `start` to `finish`, as expected."""

    task: int
    worker: str
    start: float
    finish: float


def place(
    costs: Mapping[int, float],
    workers: Sequence[Worker],
    *,
    barred: Mapping[int, Collection[str]] | None = None,
) -> list[Placement]:
    """Give each task, longest first, to the worker that would finish it earliest.

    On equal speeds this is Graham's LPT: the whole takes at most 4/3 − 1/(3m) of the shortest
    possible time. `barred` names workers that a task must not go to. Ties go to the lower task
    number and the earlier worker, so that equal input gives equal output.

    Raises:
        ScheduleError: no worker for a task, or a speed that is not positive.
    """
    for worker in workers:
        if worker.speed <= 0:
            raise ScheduleError(f"worker {worker.name} has no speed: {worker.speed}")
    ready = [worker.ready for worker in workers]
    placed = []
    for task in sorted(costs, key=lambda task: (-costs[task], task)):
        shut_out = barred.get(task, ()) if barred else ()
        able = [i for i, worker in enumerate(workers) if worker.name not in shut_out]
        if not able:
            raise ScheduleError(f"no worker is left for task {task}")
        best = min(able, key=lambda i: (ready[i] + costs[task] / workers[i].speed, i))
        finish = ready[best] + costs[task] / workers[best].speed
        placed.append(Placement(task, workers[best].name, ready[best], finish))
        ready[best] = finish
    return placed


def stragglers(
    placed: Iterable[Placement], done: Collection[int], now: float, patience: float = 2.0
) -> list[Placement]:
    """Placements not done although `patience` times their expected duration has passed."""
    return [
        item
        for item in placed
        if item.task not in done and now > item.start + patience * (item.finish - item.start)
    ]


def re_place(
    late: Iterable[Placement],
    costs: Mapping[int, float],
    workers: Sequence[Worker],
    now: float,
    *,
    barred: Mapping[int, Collection[str]] | None = None,
) -> list[Placement]:
    """Place late tasks anew, none on a worker that had it; `workers` say when they are free."""
    shut_out = {task: set(names) for task, names in (barred or {}).items()}
    for item in late:
        shut_out.setdefault(item.task, set()).add(item.worker)
    again = {item.task: costs[item.task] for item in late}
    free = [replace(worker, ready=max(worker.ready, now)) for worker in workers]
    return place(again, free, barred=shut_out)


@dataclass(frozen=True)
class Pace:
    """By what a miner promises times: `speed` of one of its `workers`; it wants `margin` percent of
    what work can take, and `reserve` seconds."""

    workers: int
    speed: float
    margin: int = 150
    reserve: int = 15

    def seconds(self, total: float, longest: float) -> float:
        """Until work of `total` cost is done at the latest, no task of it costing more than
        `longest`, whichever idle worker takes whichever task next.

        Graham's bound for list scheduling: until the last task begins all workers are busy with
        the rest.
        """
        return ((total - longest) / self.workers + longest) / self.speed

    def allowed(self, seconds: float) -> float:
        """What must be allowed for work that can take `seconds`."""
        return seconds * self.margin / 100 + self.reserve

    def most(self, allowed: float, longest: float, before: float = 0.0) -> int:
        """How many tasks of `longest` cost each fit into what is allowed, after `before` seconds
        of other work."""
        spread = (allowed - self.reserve) * 100 / self.margin - before - longest / self.speed
        return 0 if spread < 0 else 1 + int(spread * self.speed * self.workers / longest)


def concatenate(parts: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """The pieces of the parts in their order, read when they are wanted."""
    return chain.from_iterable(parts)


def sum_by_key(parts: Iterable[bytes]) -> bytes:
    """Add up lines "key TAB integer" by key; lines out, sorted by the bytes of the key.

    Raises:
        ScheduleError: names part and line that have another form.
    """
    sums: dict[bytes, int] = {}
    for number, part in enumerate(parts):
        for line_number, line in enumerate(part.split(b"\n"), 1):
            if line:
                key, value = _key_and_value(number, line_number, line)
                sums[key] = sums.get(key, 0) + value
    return b"".join(b"%s\t%d\n" % item for item in sorted(sums.items()))


def _key_and_value(part: int, number: int, line: bytes) -> tuple[bytes, int]:
    key, tab, value = line.rpartition(b"\t")
    digits = value.removeprefix(b"-")
    if not tab or not digits.isdigit() or len(digits) > MAX_DIGITS:
        shown = line[:60].decode(errors="replace")
        raise ScheduleError(f'part {part}, line {number}: not "key TAB integer": {shown!r}')
    return key, int(value)
