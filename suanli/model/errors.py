"""The one way in which the model says no."""

from suanli.errors import SuanliError


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
