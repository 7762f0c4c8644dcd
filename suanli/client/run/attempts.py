"""What fails in one place must not keep the rest from being done."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from suanli.base.database import DatabaseFailed
from suanli.base.errors import SuanliError
from suanli.base.text import plain
from suanli.chain import BadAnswer, FeeTooHigh, RpcError, TransactionTimeout, TransportError
from suanli.client.events import Event, Trouble
from suanli.relay import RelayError
from suanli.store import StoreUnavailable

TRANSIENT = (
    TransportError,
    RpcError,
    BadAnswer,
    FeeTooHigh,
    TransactionTimeout,
    StoreUnavailable,
    RelayError,
)
"""What may pass: a node, relay or store that is away, behind or talks nonsense; dear gas."""


_DEAR = "dear gas"


class Attempts:
    """The acts of one round after the other. `failed`: of this round what does not pass by
    itself, by the act's name."""

    def __init__(self) -> None:
        self.failed: dict[str, SuanliError | OSError] = {}
        self._said: set[str] = set()
        self._saying: set[str] = set()

    def begin(self) -> None:
        """A round begins; what was said in the last is not said again."""
        self.failed = {}
        self._said, self._saying = self._saying, set()

    def tried(self, name: str, act: Iterator[Event]) -> Generator[Event, None, bool]:
        """The act's events; then whether it came to its end."""
        try:
            yield from act
        except TRANSIENT as error:
            yield from self.trouble(error)
        except DatabaseFailed:
            raise
        except (SuanliError, OSError) as error:
            self.failed[name] = error
        else:
            return True
        return False

    def trouble(self, error: Exception) -> Iterator[Event]:
        """Tell of it, once as long as it lasts."""
        text = plain(str(error))
        # What gas costs changes with each block.
        key = _DEAR if isinstance(error, FeeTooHigh) else text
        self._saying.add(key)
        if key not in self._said:
            self._said.add(key)
            yield Trouble(text)
