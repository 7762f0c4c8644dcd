"""What can be wrong with what parties sign and commit to, and how the market says no."""

from suanli.base.errors import SuanliError


class Refused(SuanliError):
    """What the contract would revert with: a custom error's name and its arguments, in order."""

    def __init__(self, name: str, *arguments: object) -> None:
        super().__init__(name, *arguments)
        self.name = name
        self.arguments = arguments

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


def require(condition: bool, name: str, *arguments: object) -> None:
    """Solidity's `require(condition, Name(arguments))`."""
    if not condition:
        raise Refused(name, *arguments)


class InvalidMessage(SuanliError):
    """A request or another message that no contract would take. `field` names what is wrong."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field


class JobError(SuanliError):
    """Root of what can be wrong with a job's description, data and result."""


class DataError(JobError):
    """Data that is not what its digest says."""


class ResultError(JobError):
    """A leaf list or an output record that can't be what a task left."""


class SealError(JobError):
    """A sealed blob that can't be opened, or a key that is none."""
