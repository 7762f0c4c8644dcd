"""What a miner must not forget of its channels: the best vouchers, and how long it served."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from suanli.daemon import DaemonJournal
from suanli.lease.channel import channel_from_json, channel_to_json
from suanli.lease.host.core import HostedChannel, HostStage
from suanli.lease.rate import Rate
from suanli.protocol import Channel

MARK = "mark"


class HostJournal(DaemonJournal):
    VERSION = 1
    SCHEMA = "CREATE TABLE IF NOT EXISTS channels (id BLOB PRIMARY KEY, record TEXT, body TEXT);"
    WORK = "sessions"

    def save(self, channel: HostedChannel, record: Channel) -> None:
        row = (channel.id, json.dumps(channel_to_json(record)), json.dumps(_to_json(channel)))
        with self._database.transaction() as database:
            database.execute("REPLACE INTO channels VALUES (?, ?, ?)", row)

    def channels(self) -> Iterable[tuple[HostedChannel, Channel]]:
        """All that are kept."""
        for id_, record, body in self._database.rows("SELECT id, record, body FROM channels"):
            yield _from_json(id_, json.loads(body)), channel_from_json(json.loads(record))

    def forget(self, id_: bytes) -> None:
        with self._database.transaction() as database:
            database.execute("DELETE FROM channels WHERE id = ?", (id_,))


def _to_json(channel: HostedChannel) -> dict[str, Any]:
    return {
        "signer": channel.signer,
        "rate": channel.rate.to_json(),
        "deposit": channel.deposit,
        "ends": channel.ends,
        "stage": channel.stage,
        "amount": channel.amount,
        "signature": channel.signature.hex(),
        "served": channel.served,
        "rooms": channel.rooms,
        "deposits": channel.deposits,
        "others": [[amount, signature.hex()] for amount, signature in channel.others],
    }


def _from_json(id_: bytes, body: dict[str, Any]) -> HostedChannel:
    return HostedChannel(
        id_,
        body["signer"],
        Rate.from_json(body["rate"]),
        body["deposit"],
        body["ends"],
        HostStage(body["stage"]),
        body["amount"],
        bytes.fromhex(body["signature"]),
        body["served"],
        body["rooms"],
        tuple(body["deposits"]),
        tuple((amount, bytes.fromhex(signature)) for amount, signature in body["others"]),
    )
