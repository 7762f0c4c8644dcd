"""What of a deal is sealed: its data to the miner, its result to us.

All keys are made of the job's secret, which its ledger holds: a run that goes on after a crash
finds the same, and what it seals again has the same bytes.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable

from suanli.client.errors import ClientError
from suanli.client.records import DealRecord
from suanli.client.run.ways import Ways
from suanli.protocol import Envelope, SealError, sealing, sign
from suanli.relay import Relays
from suanli.store import (
    BlobCorrupt,
    BlobMissing,
    BlobTooLarge,
    DirectoryStore,
    SealingStore,
    Store,
    UnsealingStore,
    open_envelope,
)
from suanli.verify import Fetching

MOST_CONTENTS = 64 << 20
"""Bytes of the list of what a miner sealed: a million blobs."""
_NO_ENVELOPE = (SealError, BlobMissing, BlobCorrupt, BlobTooLarge)


class Sealing:
    """Deals that are not sealed go as they are."""

    def __init__(self, ways: Ways, clock: Callable[[], float] = time.time) -> None:
        self._ways, self._session, self._clock = ways, ways.session, clock
        self._secret = hmac.digest(ways.secret, b"seal", "sha256")
        self._reply = sealing.key_from(self._secret, b"reply")
        self._written: dict[int, bytes] = {}
        """By deal: the envelope's digest."""
        self._read: dict[int, tuple[bytes, Fetching]] = {}
        """By deal: the envelope's digest, and what fetches by it."""
        self._open = self._fetching(self._session.store)

    def upload(self, record: DealRecord) -> None:
        """Give the store all that the deal's miner needs."""
        job = self._ways.job
        part = job.part(record.tasks)
        if not record.seal_to:
            job.upload(part, self._session.store)
            return
        id_, reply = self._ways.id_of(record), sealing.public_key(self._reply)
        # A key of the deal's own, told to its miner alone: by the miner's, others could have it
        # open for them what was not sealed by them.
        key = sealing.key_from(self._secret, b"deal" + id_)
        target = SealingStore(
            self._session.store, sealing.public_key(key), self._secret, plain={part.module.digest}
        )
        job.upload(part, target)
        contents = target.close_envelope(id_, record.seal_to, key, reply)
        self._written[record.number] = contents

    def tell(self, record: DealRecord) -> None:
        """Tell the miner what it finds where, once its request is known to the relay. Raises
        RelayError."""
        contents = self._written.get(record.number)
        if contents is None:
            return
        session, relay, requester = self._session, self._relay, record.request.requester
        issued = int(self._clock() + (relay.ahead or 0.0))
        envelope = Envelope(requester, issued, self._ways.id_of(record), contents)
        relay.post(sign(session.market.domain, envelope, session.account, requester))

    def fetching(self, record: DealRecord) -> Fetching:
        """What fetches the deal's result. Raises RelayError, StoreUnavailable."""
        if not record.seal_to:
            return self._open
        known, fetching = self._read.get(record.number, (b"", self._open))
        id_ = self._ways.id_of(record)
        for envelope in self._relay.envelopes(id_):
            if envelope.contents == known or not self._ways.speaks_for(envelope.sender, record):
                continue
            try:
                found = open_envelope(
                    self._session.store, envelope.contents, self._reply, MOST_CONTENTS
                )
            except _NO_ENVELOPE:
                continue  # what it should list is missing, then
            if found.request != id_:
                continue
            opened = UnsealingStore(self._session.store, self._reply, found.sealed)
            known, fetching = envelope.contents, self._fetching(opened)
        self._read[record.number] = known, fetching
        return fetching

    def publish(self, record: DealRecord, task: int) -> None:
        """Show everybody what running a task of the deal again takes: jurors, above all."""
        if record.seal_to:
            job = self._ways.job
            job.publish(job.part(record.tasks), task, self._session.store)

    def _fetching(self, store: Store) -> Fetching:
        keep: DirectoryStore = self._ways.job.blobs
        return Fetching(store, keep, lambda seconds: self._session.sleep(seconds))

    @property
    def _relay(self) -> Relays:
        if self._session.relay is None:
            raise ClientError("a sealed job goes on with a relay only: name one (--relay)")
        return self._session.relay
