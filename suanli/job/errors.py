"""What can be wrong with a job's description."""

from suanli.protocol import JobError


class ManifestError(JobError):
    """Bytes that are not a canonical manifest, or a manifest that asks for the impossible.

    `where` is the path of the member, such as ("tasks", 3); `reason` leaves it out.
    """

    def __init__(self, where: tuple[str | int, ...], reason: str) -> None:
        self.where = where
        self.reason = reason
        place = ".".join(map(str, where))
        super().__init__(": ".join(part for part in ("manifest", place, reason) if part))


class JobFileError(JobError):
    """A job file with mistakes; `problems` holds (line, reason), line 0 if it has no place."""

    def __init__(self, name: str, problems: list[tuple[int, str]]) -> None:
        self.problems = problems
        lines = [f"{name}:{line}: {why}" if line else f"{name}: {why}" for line, why in problems]
        super().__init__("\n".join(lines))
