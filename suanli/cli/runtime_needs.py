"""What on this machine may still need a runtime: deals, jobs and cases of those that said so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from suanli.base.database import DatabaseFailed
from suanli.client import jobs
from suanli.daemon import DaemonJournal, JournalError, is_running
from suanli.engine.host import RuntimeHolder, RuntimePackage, holders, packages, packing
from suanli.juror.journal import JurorJournal
from suanli.juror.runtimes import owed as owed_by_juror
from suanli.miner.journal import Journal
from suanli.miner.runtimes import owed as owed_by_miner


def needs_of(package: RuntimePackage) -> list[str]:
    """Why it has to stay, in words."""
    return [text for holder in holders() for text in _needs(holder, package)]


def go(package: RuntimePackage) -> list[str]:
    """It takes nothing new from now on, and is taken away unless it has to stay: why."""
    if not package.is_leaving:
        packing.leave(package)
    why = needs_of(package)
    if not why:
        packing.remove(package)
    return why


def prune(tell: Callable[[str], None]) -> None:
    """Take away those that are leaving and that nothing needs any more."""
    for package in packages():
        if package.is_leaving and not go(package):
            tell(f"the runtimes of {package} are taken away: nothing needs them any more")


def _needs(holder: RuntimeHolder, package: RuntimePackage) -> Iterator[str]:
    data, ids = Path(holder.data), {*package.ids, b""}
    try:
        if holder.role == "miner":
            yield from _of_miner(data, package, ids)
        elif holder.role == "juror":
            yield from _of_juror(data, package, ids)
        else:
            count = sum(n for id_, n in jobs.owed(data).items() if id_ in ids)
            if count:
                yield f"{_several(count, 'job')} in {data}"
    except (JournalError, DatabaseFailed) as error:
        yield f"the {holder.role} in {data} can't be asked: {error}"


def _of_miner(data: Path, package: RuntimePackage, ids: set[bytes]) -> Iterator[str]:
    journal = Journal.beside(data)
    if journal is None:
        return
    with closing(journal):
        count = sum(n for id_, n in owed_by_miner(journal).items() if id_ in ids)
        if count:
            yield f"{_several(count, 'deal')} of the miner in {data}"
        elif _may_use(journal, package):
            yield f"the miner that runs in {data}, until it is started again"


def _of_juror(data: Path, package: RuntimePackage, ids: set[bytes]) -> Iterator[str]:
    journal = JurorJournal.beside(data)
    if journal is None:
        return
    with closing(journal):
        for id_, why in owed_by_juror(journal, int(time.time())).items():
            if id_ in ids:
                yield f"the juror in {data}: {why}"
                return


def _may_use(journal: DaemonJournal, package: RuntimePackage) -> bool:
    """Whether a daemon runs that was started before the package was to leave."""
    noted = journal.fact("status") or {}
    if not noted or not is_running(noted):
        return False
    return not package.is_leaving or float(noted["started"]) < packing.leaves_since(package)


def _several(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
