"""What can be wrong with a job's description, its data or its result."""

from suanli.errors import SuanliError


class JobError(SuanliError):
    """Root of the errors of `suanli.job`."""


class ManifestError(JobError):
    """Bytes that are not a canonical manifest, or a manifest that asks for the impossible.

    `where` is the path of the member, such as ("tasks", 3); `reason` leaves it out.
    """

    def __init__(self, where: tuple[str | int, ...], reason: str) -> None:
        self.where = where
        self.reason = reason
        place = ".".join(map(str, where))
        super().__init__(": ".join(part for part in ("manifest", place, reason) if part))


class DataError(JobError):
    """Data that is not what its digest says."""


class ResultError(JobError):
    """A leaf list or an output record that can't be what a task left."""


class SealError(JobError):
    """A sealed blob that can't be opened, or a key that is none."""


class JobFileError(JobError):
    """A job file with mistakes; `problems` holds (line, reason), line 0 if it has no place."""

    def __init__(self, name: str, problems: list[tuple[int, str]]) -> None:
        self.problems = problems
        lines = [f"{name}:{line}: {why}" if line else f"{name}: {why}" for line, why in problems]
        super().__init__("\n".join(lines))
