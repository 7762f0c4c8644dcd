"""Tasks that fail all alike: more of the same would only cost more."""

from __future__ import annotations

from collections.abc import Sequence

from suanli.base.text import plain
from suanli.client.errors import TasksFailed
from suanli.client.options import Options
from suanli.engine import UNIT, Limits, Outcome, Result
from suanli.job import Estimate, failure
from suanli.job.estimating import fuel_line

HIGHER = 10
"""Times the limit that was passed is proposed."""
_NAMES = {
    Outcome.TRAPPED: "trapped",
    Outcome.OUT_OF_FUEL: "out of fuel",
    Outcome.LIMIT: "over a limit",
    Outcome.INVALID: "refused by the engine",
}


def kind(result: Result) -> str:
    """How a task failed, without its own words."""
    return _NAMES.get(result.outcome) or f"ended with exit code {result.exit_code}"


def require_hope(first: Sequence[Result], failed: int, limits: Limits, job: str) -> None:
    """Raises TasksFailed if the `first` results of a job, of which so many `failed` and none was
    good, all failed alike."""
    if len(set(map(kind, first))) > 1:
        return
    raise TasksFailed(
        f"the first {failed} tasks all failed alike ({plain(failure(first[0]))}): nothing more is"
        f" placed. {remedy(first, limits)}, and run the job anew; suanli job resume {job}"
        " --stop-after-failures 0 goes on with this one all the same"
    )


def require_some_good(tried: Estimate, options: Options, limits: Limits) -> None:
    """Raises TasksFailed if all the tasks that were tried here failed: so would those elsewhere."""
    results = list(tried.results.values())
    if not options.stop_after_failures or tried.late or not results or any(r.ok for r in results):
        return
    raise TasksFailed(
        f"all {len(results)} tasks that were tried here failed, the first with"
        f" {plain(failure(results[0]))}: nothing was placed. {remedy(results, limits)};"
        " --stop-after-failures 0 places it all the same"
    )


def remedy(failed: Sequence[Result], limits: Limits) -> str:
    """What to change, by how they failed."""
    match failed[0].outcome:
        case Outcome.OUT_OF_FUEL:
            line = fuel_line(HIGHER * limits.units)
            return (
                f"Each may use {limits.fuel / UNIT:,g} units: give more in [limits], such as {line}"
            )
        case Outcome.LIMIT:
            return "Raise the limit in [limits] that they passed"
        case Outcome.INVALID:
            return "Build another module, or raise memory in [limits]"
        case _:
            return "Mend the program or what it is given (suanli job run --local tries it here)"
