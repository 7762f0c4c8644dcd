"""What demos have in common: a chain that may stay, where each coin went, and the report."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol
from unittest import mock

from suanli.base.amounts import show
from suanli.base.errors import SuanliError
from suanli.chain import CursorState, Event, EventCursor, Market, Node, Token, caught_up
from suanli.cli.output import print_table
from suanli.devnet import Child, Devnet, processes

ROOT = Path(__file__).parents[1]


class Counted(Protocol):
    """Every token, by who owns it: `tests.harness.coins.Coins` and those like it."""

    market: Market
    token: Token
    names: Mapping[str, str]
    before: dict[str, int]

    def worth(self) -> dict[str, int]: ...


class KeptChain(Devnet):
    """Its chain goes on when all else has ended, if it is to be kept."""

    keep = False

    def start(self, name: str, command: Sequence[str], **more: Any) -> Child:
        if name != "chain" or not self.keep:
            return super().start(name, command, **more)
        with mock.patch.object(processes, "_die_with_parent", return_value=None):
            return Child(name, command, self.folder / f"{name}.log", **more)

    def tell_kept(self) -> None:
        if self.keep:
            pid = self.children["chain"].pid
            say(f"the chain goes on at {self.rpc}; `kill {pid}` ends it")


def events_of(node: Node, addresses: Iterable[str]) -> list[Event]:
    """All of these contracts, in their order."""
    found: list[Event] = []
    for address in addresses:
        for batch in caught_up(EventCursor(node, address), CursorState.from_block(0)):
            found += batch.events
    return sorted(found, key=lambda event: event.at)


def print_coins(coins: Counted, places: int | None = None) -> None:
    """Where each coin went. `places`: at most so many decimals of changes, the token's if None."""
    decimals, now = coins.token.decimals(), coins.worth()

    def change(amount: int) -> str:
        size = abs(amount)
        text = show(size, decimals) if places is None else show(size, decimals, places)
        return f"{'+' if amount > 0 else '-' if amount else ''}{text}"

    rows = [
        (
            name,
            show(coins.before[who], decimals),
            show(now[who], decimals),
            change(now[who] - coins.before[who]),
        )
        for who, name in coins.names.items()
    ]
    rows.append(("all", *(show(sum(of.values()), decimals) for of in (coins.before, now)), "0"))
    print_table(("tokens of", "before", "after", "change"), rows, (1, 2, 3))


def write_report(
    path: Path,
    net: Devnet,
    coins: Counted,
    happened: Sequence[Event],
    seconds: float,
    contracts: Mapping[str, str],
    told: Mapping[str, Any],
) -> None:
    """Addresses, balances before and after, transactions; `contracts` beside the market, `told`:
    what the demo itself has to say."""
    now = coins.worth()
    report = {
        "seconds": round(seconds, 1),
        "rpc": net.rpc,
        "chain_id": net.node.chain_id(),
        "market": coins.market.address,
        **contracts,
        "token": coins.token.address,
        **told,
        "balances": {
            name: {
                "address": who,
                "before": str(coins.before[who]),
                "after": str(now[who]),
                "change": str(now[who] - coins.before[who]),
            }
            for who, name in coins.names.items()
        },
        "supply": str(coins.token.total_supply()),
        "transactions": [
            {
                "event": type(event).__name__,
                "transaction": event.at.transaction,
                "block": event.at.block,
                **{name: _plain(value) for name, value in vars(event).items() if name != "at"},
            }
            for event in happened
        ],
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
    say(f"\n{shown}: {len(happened)} events with their transactions")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) >= 2**53 else int(value)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(one) for name, one in value._asdict().items()}
    return str(value) if not isinstance(value, str | bool | None) else value


def play_in_folder(prefix: str, keep: bool, play: Callable[[Path], None]) -> None:
    """In a folder of its own; exits with 1 where something does not hold."""
    with ExitStack() as ends:
        # A chain that goes on needs its folder.
        if keep:
            folder = tempfile.mkdtemp(prefix=prefix)
        else:
            folder = ends.enter_context(tempfile.TemporaryDirectory(prefix=prefix))
        try:
            play(Path(folder))
        except SuanliError as error:
            raise SystemExit(f"the demo failed: {error}") from error


def say(line: str) -> None:
    print(line, flush=True)
