"""Which runtimes a miner runs tasks by: this version's, and those of packages that are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from suanli.daemon.runtimes import LISTED, listed_in
from suanli.engine import Runtime, runtime_id
from suanli.engine.host import (
    InstalledRuntime,
    RuntimePackage,
    served,
    usable,
    usable_packages,
)
from suanli.miner.core import FREE
from suanli.miner.journal import Journal


@dataclass(frozen=True)
class RunsHere:
    """`own`: of this version, the first is what its pool runs. `kept`: of packages, the newest
    first. `leaving`: ids of those that take no new deals."""

    own: tuple[Runtime, ...]
    kept: tuple[InstalledRuntime, ...] = ()
    leaving: frozenset[bytes] = frozenset()

    @property
    def ids(self) -> tuple[bytes, ...]:
        """Those that take no new deals last, so that there is room for the others."""
        ids = [*map(runtime_id, self.own), *(one.id for one in self.kept)]
        return tuple(sorted(ids, key=lambda id_: id_ in self.leaving))

    @property
    def sold(self) -> tuple[bytes, ...]:
        """Those that new deals may name."""
        return tuple(id_ for id_ in self.ids if id_ not in self.leaving)


def runs_here(tell: Callable[[str], None]) -> RunsHere:
    """Those that this machine can run; `tell` hears why it can't run one.

    Raises:
        EngineUnavailable: it can't run any of this version.
    """
    found = usable()
    own = served(found)
    for runtime, why in found.items():
        if why:
            tell(f"sells the runtime {', '.join(own)} only, not {runtime}: {why}")
    kept: list[InstalledRuntime] = []
    leaving: set[bytes] = set()
    for package, runtimes in usable_packages().items():
        kept += _usable(package, runtimes, tell)
        leaving |= set(package.ids) if package.is_leaving else set()
    return RunsHere(own, tuple(kept), frozenset(leaving))


def _usable(
    package: RuntimePackage, runtimes: Mapping[InstalledRuntime, str], tell: Callable[[str], None]
) -> list[InstalledRuntime]:
    for why in dict.fromkeys(filter(None, runtimes.values())):
        tell(f"a runtime of {package} that is kept can't be run here: {why}")
    return [one for one, why in runtimes.items() if not why]


def owed(journal: Journal) -> Counter[bytes]:
    """How many deals that are not final yet name each runtime, by its id; b"": one that is not
    known, since its class was never read."""
    listed = listed_in(journal.fact(LISTED))
    counts: Counter[bytes] = Counter()
    for deal in journal.deals():
        if deal.stage not in FREE:
            ids = listed.get(deal.request.resource, [])
            place = deal.request.runtime
            counts[ids[place] if place < len(ids) else b""] += 1
    return counts
