"""The jurors of a devnet: how many seats they have, and whether they can be drawn."""

from __future__ import annotations

from contextlib import closing, suppress
from pathlib import Path

from suanli.base.errors import SuanliError
from suanli.chain import Court, Market
from suanli.daemon import NotReady
from suanli.deployment import TOKEN, CourtParameters
from suanli.devnet.processes import DevnetError
from suanli.juror.journal import JurorJournal
from suanli.juror.setup import find_court
from suanli.juror.status import status_of


def name_of(number: int) -> str:
    return f"juror-{number}"


def tokens(jurors: int, seats: int, court: CourtParameters) -> dict[str, int]:
    """What each needs for its seats, by name, in whole tokens."""
    needed = -(-seats * court.stake_amount // TOKEN)
    return {name_of(number): needed for number in range(1, jurors + 1)}


def court_of(market: Market) -> Court:
    """Raises DevnetError: the devnet was made without jurors."""
    try:
        return find_court(market)
    except NotReady as error:
        raise DevnetError(
            f"this devnet was made without jurors ({error}): name another --folder"
        ) from None


def is_running(folder: Path) -> bool:
    """Whether the juror with its file in this folder has its seats and is at work."""
    with suppress(SuanliError):  # while it is being made it is damaged
        if (journal := JurorJournal.beside(folder / "juror-data")) is not None:
            with closing(journal):
                found = status_of(journal)
                return bool(found["running"]) and "seats" in found
    return False


def wait_of(court: Court) -> int:
    """Seconds until all seats can be drawn."""
    positions = range(1, court.seat_totals().positions + 1)
    last = max((court.seat_of(position).since for position in positions), default=0)
    return last - court.node.head().time
