"""What a miner's status says of its sessions, beside its daemon."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from suanli.base.amounts import show
from suanli.lease.host.core import HostStage
from suanli.lease.host.journal import HostJournal
from suanli.lease.host.opening import FOLDER


def sessions_of(data: Path) -> list[dict[str, Any]]:
    """Of channels that are not closed; amounts in base units, as text."""
    journal = HostJournal.beside(data / FOLDER)
    if journal is None:
        return []
    with closing(journal):
        return [
            {
                "channel": f"0x{channel.id.hex()}",
                "stage": channel.stage.value,
                "resource": record.quote.resource,
                "units": record.quote.units,
                "served_ms": channel.served,
                "vouchers": str(channel.amount),
                "deposit": str(channel.deposit),
                "ends": channel.ends,
            }
            for channel, record in journal.channels()
            if channel.stage is not HostStage.CLOSED
        ]


def rows_of_sessions(found: list[dict[str, Any]], decimals: int) -> Iterator[tuple[str, str]]:
    for one in found:
        vouchers, deposit = (show(int(one[name]), decimals) for name in ("vouchers", "deposit"))
        told = (
            f"{one['units']} of class {one['resource']}, {one['served_ms'] / 1_000:,.1f} s served"
        )
        yield "session", f"{one['channel'][:10]} {one['stage']}: {told}, {vouchers} of {deposit}"
