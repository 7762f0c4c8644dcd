"""What goes wrong for a requester; under `ClientError` in the one tree of `SuanliError`."""

from __future__ import annotations

from collections.abc import Sequence

from suanli.base.errors import SuanliError


class ClientError(SuanliError):
    """Root of the requester's errors."""


class UnsuitableJob(ClientError):
    """The market's resource class does not take such tasks; no money moved."""


class BudgetTooSmall(ClientError):
    """The budget does not reach; nothing beyond it is ever locked or spent. `wanted`: base units
    that would, 0 if that is not known."""

    def __init__(self, text: str, wanted: int = 0) -> None:
        self.wanted = wanted
        super().__init__(text)


class WalletTooSmall(ClientError):
    """The account has fewer tokens than the budget may need."""


class NobodyTakes(ClientError):
    """No miner is left for some `tasks`; `reasons` says why, a line for each offer."""

    def __init__(self, tasks: int, reasons: Sequence[str], advice: str) -> None:
        self.tasks, self.reasons = tasks, tuple(reasons)
        lines = self.reasons or ("there are no offers",)
        super().__init__(
            "\n".join([f"nobody takes {tasks} of the tasks:", *(f"  {x}" for x in lines), advice])
        )


class UnknownJob(ClientError):
    """No folder of a job by this name."""


class OtherVersion(ClientError):
    """A job's folder in another version's format."""


class DuplicateJob(ClientError):
    """The very same job was submitted before."""


class JobBusy(ClientError):
    """Another process is running the job."""


class TasksFailed(ClientError):
    """The miners' results are right, but the program failed: nothing is gathered."""
