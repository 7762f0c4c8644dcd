"""A miner's keys for what is sealed to it, and what it tells and shows of sealed deals."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from suanli.engine import Outcome, Result
from suanli.job import Outputs, leaf_of
from suanli.miner.core import Check, CheckFailed, CheckPassed, Policy
from suanli.miner.ports.data import SEALED_REASON, Data
from suanli.miner.ports.store import StorePort
from suanli.miner.sealing import ANNOUNCED, NAMED, NotOpened, Seals
from suanli.protocol import Envelope, Kind, Request, ResourceClass, encode_leaves, refer, sealing
from suanli.relay import RelayUnreachable
from suanli.store import (
    BlobMissing,
    DirectoryStore,
    SealingStore,
    StoreUnavailable,
    UnsealingStore,
    open_envelope,
)
from tests.harness.bench import PythonExecutor
from tests.harness.local_chain import ALICE, BOB
from tests.harness.world import ECHO, SALT, manifest_of

DEAL, OTHER = b"\x0d" * 32, b"\x0e" * 32
REPLY, ONCE = b"\x2a" * 32, b"\x2b" * 32
"""Private keys: of the requester, and of one deal."""
INPUTS = (b"what the first task gets", b"what the second task gets")
KIND = ResourceClass("0x" + "00" * 20, Kind.JUDGED, False, 0, 0, 1_000, 1 << 30, 1, 256 << 20)
REQUEST = Request(ALICE.address, 1, 1, 0, 100, 1, 100, 1, 2, b"\1" * 32, 1)


class Asked:
    """A requester with a store, who seals to a miner's key."""

    def __init__(self, tmp_path: Path) -> None:
        self.now = 1_000
        self.remote = DirectoryStore(tmp_path / "remote")
        self.local = DirectoryStore(tmp_path / "local")
        self.told: list[Envelope] = []
        self.path = tmp_path / "sealing.sqlite"
        self.seals = self.open()

    def open(self) -> Seals:
        return Seals(self.path, self.remote, lambda id_: self.told, lambda: self.now)

    def seal(self, *blobs: bytes, deal: bytes = DEAL) -> None:
        """And tell of it."""
        store = SealingStore(self.remote, sealing.public_key(ONCE), bytes(32))
        store.put_many({refer(b"", [blob]).digest: blob for blob in blobs})
        to, reply = self.seals.public_key(), sealing.public_key(REPLY)
        self.tell(store.close_envelope(deal, to, ONCE, reply))

    def tell(self, contents: bytes, sender: str = ALICE.address) -> None:
        self.told.append(Envelope(sender, 1, DEAL, contents))

    def check(self, request: Request, id_: bytes = DEAL) -> CheckPassed | CheckFailed:
        """As the daemon does."""
        check = Check(id_, request, KIND, manifest_of(1).runtime)
        data = self.data()
        found = data.answer(check, lambda deal, digests: None, lambda: 5)
        return found if isinstance(found, CheckFailed) else data.compiled(id_, found, lambda: 5)

    def data(self) -> Data:
        executor: Any = PythonExecutor()
        return Data(self.remote, self.local, executor, 1 << 20, Policy(), seals=self.seals)


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[Asked]:
    made = Asked(tmp_path)
    with closing(made.seals):
        yield made


def keys(asked: Asked) -> set[bytes]:
    return {bytes(key) for (key,) in asked.seals._db.rows("SELECT public FROM keys")}


def test_a_key_is_announced_for_a_week_and_kept_for_the_last_deal_that_names_it(
    asked: Asked,
) -> None:
    first = asked.seals.public_key()
    asked.seal(b"data")
    asked.now += ANNOUNCED - 1
    assert asked.seals.public_key() == first
    asked.now += 1
    second = asked.seals.public_key()
    assert keys(asked) == {first, second}
    assert asked.seals.find(DEAL, REQUEST) is not None  # it may still come
    asked.now += NAMED + 1
    third = asked.seals.public_key()
    assert keys(asked) == {first, second, third}
    source = asked.seals.source(DEAL)
    assert source is not None
    assert source.get(refer(b"", [b"data"]).digest) == b"data"
    asked.seals.forget(DEAL)
    assert asked.seals.public_key() == third
    assert keys(asked) == {second, third}
    with pytest.raises(NotOpened, match="a key that this miner does not have"):
        asked.seals.find(DEAL, REQUEST)
    assert not asked.seals.holds(DEAL)


def test_a_key_that_is_deleted_is_gone_from_the_disk(asked: Asked) -> None:
    asked.seals.public_key()
    ((private,),) = asked.seals._db.rows("SELECT private FROM keys")

    def written() -> bytes:
        return b"".join(path.read_bytes() for path in asked.path.parent.glob("sealing.sqlite*"))

    assert private in written()
    for seconds in (ANNOUNCED, NAMED + 1):
        asked.now += seconds
        asked.seals.public_key()
    assert private not in written()


def test_nobody_else_may_read_the_keys(asked: Asked) -> None:
    asked.seals.public_key()
    for path in asked.path.parent.glob("sealing.sqlite*"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_it_knows_outlives_a_restart(asked: Asked) -> None:
    key = asked.seals.public_key()
    asked.seal(b"data")
    assert asked.seals.find(DEAL, REQUEST) is not None
    target = asked.seals.target(DEAL)
    assert target is not None
    target.put(b"result")
    asked.seals.finish(DEAL, target)
    with closing(asked.open()) as again:
        assert again.public_key() == key
        source, anew = again.source(DEAL), again.target(DEAL)
        assert source is not None
        assert source.get(refer(b"", [b"data"]).digest) == b"data"
        assert anew is not None
        assert anew.sealed == target.sealed
        assert again.result(DEAL) == asked.seals.result(DEAL) == anew.close_envelope(DEAL)
        again.tidy([OTHER])
        assert (again.source(DEAL), again.target(DEAL), again.result(DEAL)) == (None, None, None)
    contents = open_envelope(asked.remote, anew.close_envelope(DEAL), REPLY, 1_000)
    assert contents == sealing.Contents(DEAL, target.sealed)


def test_envelopes_that_are_no_use(asked: Asked) -> None:
    assert asked.seals.find(DEAL, REQUEST) is None
    asked.tell(b"\7" * 32, BOB.address)  # another's
    assert asked.seals.find(DEAL, REQUEST) is None
    store = SealingStore(asked.remote, asked.seals.public_key(), bytes(32))
    asked.tell(store.close_envelope(DEAL))
    with pytest.raises(NotOpened, match="no key is named that its result could be sealed to"):
        asked.seals.find(DEAL, REQUEST)
    asked.told.clear()
    asked.seal(b"data", deal=OTHER)
    with pytest.raises(NotOpened, match="sealed for another request"):
        asked.seals.find(DEAL, REQUEST)
    asked.told.clear()
    asked.tell(b"\7" * 32)
    with pytest.raises(BlobMissing):
        asked.seals.find(DEAL, REQUEST)

    def away(id_: bytes) -> list[Envelope]:
        raise RelayUnreachable("gone")

    asked.seals._envelopes = away
    with pytest.raises(StoreUnavailable, match="gone"):
        asked.seals.find(DEAL, REQUEST)


def test_what_lies_nowhere_by_its_own_name_is_not_waited_for(asked: Asked) -> None:
    """While one of several relays is away, it can't be told missing."""
    manifest = manifest_of(2)
    blob, request = SALT + manifest.encode(), REQUEST._replace(units=manifest.units)
    asked.remote.put(ECHO.code)
    asked.seal(blob)
    there = asked.remote.get

    def get(digest: bytes, limit: int) -> bytes:
        if not asked.remote.has(digest):
            raise StoreUnavailable("one relay is away")
        return there(digest, limit)

    asked.remote.get = get  # type: ignore[assignment]
    request = request._replace(job=refer(b"", [blob]).digest, tasks=2)
    source, found = asked.data()._manifest(request, DEAL)
    assert found == blob
    assert source is asked.seals.source(DEAL)
    asked.told.clear()
    asked.seals.forget(DEAL)
    asked.local.delete(request.job)
    with pytest.raises(StoreUnavailable):
        asked.data()._manifest(request, DEAL)


@pytest.mark.parametrize("seals", [True, False])
def test_a_rejection_quotes_nothing_of_a_sealed_job(asked: Asked, seals: bool) -> None:
    blob = SALT + manifest_of(2, env={"the lab's secret": ""}).encode().replace(b'""', b"77")
    if seals:
        asked.seal(blob)
    else:
        asked.remote.put(blob)
    request = REQUEST._replace(job=refer(b"", [blob]).digest)
    check = Check(DEAL, request, object(), manifest_of(2).runtime)  # type: ignore[arg-type]
    found = asked.data().answer(check, lambda deal, digests: None, lambda: 5)
    assert isinstance(found, CheckFailed)
    assert found.reason.code == "data"
    assert (found.reason.text == SEALED_REASON) is seals
    assert ("secret" in found.reason.text) is not seals


def result_of(index: int) -> Result:
    return Result(Outcome.EXITED, 0, b"done %d" % index, b"", {"out": b"x" * 5_000}, 3_000_000)


def test_what_of_a_sealed_deal_is_shown(asked: Asked) -> None:
    """Its result to its requester; in a dispute over a wrong leaf what running that task takes to
    all, and in one over what is withheld everything."""
    refs = [refer(SALT, [data]) for data in INPUTS]
    tasks = [
        replace(task, inputs={"in": ref})
        for task, ref in zip(manifest_of(2).tasks, refs, strict=True)
    ]
    manifest = replace(manifest_of(2), tasks=tuple(tasks))
    blob = SALT + manifest.encode()
    asked.remote.put(ECHO.code)
    asked.seal(blob, *(SALT + data for data in INPUTS))
    assert asked.seals.find(DEAL, REQUEST) is not None
    asked.local.put_many({refer(b"", [b]).digest: b for b in (ECHO.code, blob)})
    asked.local.put_many({ref.digest: SALT + data for ref, data in zip(refs, INPUTS, strict=True)})
    leaves = [leaf_of(index, result_of(index), SALT) for index in range(2)]
    outputs = [Outputs.of(result_of(index), SALT).plaintexts for index in range(2)]
    for named in outputs:
        asked.local.put_many({digest: SALT + data for digest, data in named.items()})
    port, data = StorePort(asked.local, asked.remote, None, seals=asked.seals), asked.data()

    job = refer(b"", [blob]).digest
    listed = refer(b"", [encode_leaves(leaves)]).digest
    everything = {job, listed, *(ref.digest for ref in refs), *outputs[0], *outputs[1]}

    def shown() -> set[bytes]:
        return everything - asked.remote.missing(list(everything))

    assert port.put_outputs([(DEAL, leaf) for leaf in leaves]) == [(DEAL, leaf) for leaf in leaves]
    assert port.put_leaves(DEAL, leaves)
    assert port.serve(DEAL, [], leaves, openly=False) == []
    assert shown() == set()
    contents = open_envelope(asked.remote, asked.seals.result(DEAL) or b"", REPLY, 10_000)
    theirs = UnsealingStore(asked.remote, REPLY, contents.sealed)
    assert contents.sealed.keys() == {listed, *outputs[0], *outputs[1]}
    assert theirs.get(listed) == encode_leaves(leaves)
    assert theirs.get(leaves[1].digest)[32:] in outputs[1].values()

    assert port.serve(DEAL, data.needs(job, [1]), leaves, openly=False) == []
    assert shown() == {job, refs[1].digest}
    assert port.serve(DEAL, data.needs(job), leaves) == []
    assert shown() == everything


def sealed_job(asked: Asked) -> tuple[Request, tuple[bytes, ...]]:
    """A request whose data is sealed and came, and its blobs: manifest and inputs."""
    refs = [refer(SALT, [data]) for data in INPUTS]
    tasks = zip(manifest_of(2).tasks, refs, strict=True)
    manifest = replace(
        manifest_of(2), tasks=tuple(replace(task, inputs={"in": ref}) for task, ref in tasks)
    )
    blobs = (SALT + manifest.encode(), *(SALT + data for data in INPUTS))
    asked.remote.put(ECHO.code)
    asked.seal(*blobs)
    request = REQUEST._replace(job=refer(b"", [blobs[0]]).digest, units=manifest.units)
    assert isinstance(asked.check(request), CheckPassed)
    asked.told.clear()
    return request, blobs


def test_what_came_sealed_is_used_for_its_own_request_alone(asked: Asked) -> None:
    """Its digests stand on the chain: a stranger names them, in the open or as sealed to it."""
    request, blobs = sealed_job(asked)
    assert isinstance(asked.check(request), CheckPassed)  # once more, as after a restart
    stranger = request._replace(requester=BOB.address)
    job = request.job

    def refused(why: str) -> None:
        found = asked.check(stranger, OTHER)
        assert isinstance(found, CheckFailed)
        assert why in str(found.reason)

    refused("data")  # nowhere in the open
    store = SealingStore(asked.remote, sealing.public_key(ONCE), b"\1" * 32)
    other = store.sealed[store.put(b"something else")]
    to, reply = asked.seals.public_key(), sealing.public_key(REPLY)
    store.sealed = {job: other}
    asked.told = [Envelope(BOB.address, 1, OTHER, store.close_envelope(OTHER, to, ONCE, reply))]
    refused("can't be used")
    refused("can't be used")
    asked.seals.forget(OTHER)
    asked.told.clear()

    asked.remote.put(blobs[0])  # as a dispute over another task publishes it
    refused("data")
    for blob in blobs[1:]:
        asked.remote.put(blob)
    assert isinstance(asked.check(stranger, OTHER), CheckPassed)


def test_what_came_sealed_goes_with_its_deal(asked: Asked) -> None:
    """What another request waits for stays with that one, as hidden from it as before."""
    request, blobs = sealed_job(asked)
    digests = [refer(b"", [blob]).digest for blob in blobs]
    asked.check(request._replace(requester=BOB.address), OTHER)
    assert set(asked.seals.forget(DEAL)) == set(digests[1:])
    assert asked.seals.hidden(OTHER, digests) == {request.job}
    assert asked.seals.forget(OTHER) == [request.job]
    assert asked.seals.hidden(OTHER, digests) == set()


def test_what_was_here_in_the_open_stays_so(asked: Asked) -> None:
    blob = SALT + manifest_of(2).encode()
    asked.remote.put_many({refer(b"", [b]).digest: b for b in (ECHO.code, blob)})
    request = REQUEST._replace(job=refer(b"", [blob]).digest)
    assert isinstance(asked.check(request, OTHER), CheckPassed)
    asked.seal(blob)
    assert isinstance(asked.check(request), CheckPassed)
    assert asked.seals.forget(DEAL) == []


def test_large_lists_are_not_all_kept_at_hand(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suanli.miner.sealing.LISTED", 3)
    for deal in (DEAL, OTHER):
        asked.told.clear()
        asked.seal(b"data", b"more", deal=deal)
        assert asked.seals.find(deal, REQUEST) is not None
        assert list(asked.seals._opened) == [deal]
    source = asked.seals.source(DEAL)
    assert source is not None
    assert source.get(refer(b"", [b"more"]).digest) == b"more"
    assert list(asked.seals._opened) == [DEAL]
