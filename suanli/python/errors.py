"""What can be wrong with a function that is to run elsewhere, or with how it ran there."""

from __future__ import annotations

from suanli.base.errors import SuanliError


class PythonError(SuanliError):
    """Root of the errors of `suanli.python`."""


class CannotTravel(PythonError, TypeError):
    """A function, an argument or a result that can't be sent; the message names it and its line."""


class NoInterpreter(PythonError):
    """There is no Python for the sandbox here; the message says how to get one."""


class GuestError(PythonError):
    """The function raised an exception of a class that is not Python's own. `name`: that class;
    `arguments`: what it was made with, None if that is no plain data."""

    def __init__(self, name: str, text: str, arguments: tuple[object, ...] | None = None) -> None:
        self.name, self.text, self.arguments = name, text, arguments
        super().__init__(f"{name}: {text}" if text else name)


class GuestStopped(PythonError):
    """The call was ended before it returned: its fuel was spent, it left the interpreter, or the
    interpreter broke."""


class GuestTraceback(Exception):
    """The cause of an exception that came out of the sandbox: where in the function it was."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)

    def __str__(self) -> str:
        return f'\n"""\n{self.text}"""'
