"""Why a result is not accepted, or can't be looked at."""

from suanli.base.errors import SuanliError


class VerifyError(SuanliError):
    """Root of the errors of `suanli.verify`."""


class FolderFailed(VerifyError):
    """The job's folder can't be written; what was kept before is still there."""


class ResultRefused(VerifyError):
    """A miner's result that is not accepted. `kind`: "wrong" can be shown to a court, "withheld"
    means that something could not be fetched. `task` counts within the deal."""

    def __init__(self, kind: str, why: str, task: int | None = None) -> None:
        self.kind, self.why, self.task = kind, why, task
        super().__init__(f"{kind}: {why}")
