"""By which runtime a job is run: the newest that enough miners serve, of those that can be run
here, where results are checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from suanli.engine import (
    EngineUnavailable,
    Runtime,
    default_runtime,
    named_by,
    runtime_id,
    runtimes_here,
)
from suanli.engine.host import InstalledRuntime, packages
from suanli.protocol import Announcement

Groups = Sequence[Sequence[InstalledRuntime]]
"""Each of one version, which is not empty; in each the fast one first."""
ENOUGH = 2
"""A runtime is served by enough miners if as many as the most for any, divided by this, serve it:
more would wait for the last miner's upgrade, less would leave most of the market aside."""


def here() -> Groups:
    """Of this version and of packages, what this processor can run."""
    usual = default_runtime()
    names = sorted(runtimes_here() or (usual,), key=lambda one: one != usual)
    mine = [InstalledRuntime(runtime_id(one), one, (), ()) for one in names]
    ids = {one.id for one in mine}
    groups = [mine]
    for package in packages():
        groups.append([one for one in package.runtimes if one.id not in ids and _can_run(one)])
    return [group for group in groups if group]


def alone(runtime: bytes) -> Groups:
    """The one with this id."""
    try:
        name = named_by(runtime)
    except EngineUnavailable:
        name = default_runtime()
    return [[InstalledRuntime(runtime, name, (), ())]]


def only_named(groups: Groups, name: Runtime | None) -> Groups:
    """Those of this name, if one is given."""
    found = [[one for one in group if name in (None, one.runtime)] for group in groups]
    return [group for group in found if group]


def ranked(groups: Groups, available: Mapping[int, bytes]) -> list[bytes]:
    """Ids of those that a class makes deals with, `available` by place in its list, to whose end
    votes append: the version that was permitted last is the newest."""
    place = {id_: at for at, id_ in available.items()}
    permitted = [[one.id for one in group if one.id in place] for group in groups]
    newest = sorted(filter(None, permitted), key=lambda ids: -max(place[id_] for id_ in ids))
    return [id_ for ids in newest for id_ in ids]


def chosen(ids: Sequence[bytes], announced: Iterable[Announcement]) -> bytes:
    """The first of these that enough miners serve, as far as they say."""
    serving = Counter(id_ for made in announced for id_ in set(made.runtimes) & set(ids))
    most = max(serving.values(), default=0)
    return next(id_ for id_ in ids if serving[id_] * ENOUGH >= most)


def _can_run(one: InstalledRuntime) -> bool:
    try:
        one.check_host()
    except EngineUnavailable:
        return False
    return True
