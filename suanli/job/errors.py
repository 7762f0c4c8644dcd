"""What can be wrong with a job's description."""

from suanli.base.toml_file import Place
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
    """A job file with mistakes; `problems` holds ((line, column), reason), line 0 if it has no
    place."""

    def __init__(self, text: str, problems: list[tuple[Place, str]]) -> None:
        self.problems = problems
        super().__init__(text)
