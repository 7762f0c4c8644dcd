"""Bringing a request's data here, checked before anything is promised."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from suanli.base.database import DatabaseFailed
from suanli.base.parallel import side_by_side
from suanli.engine import (
    CompileFailed,
    Executors,
    HostError,
    Limits,
    Module,
    Task,
    program_id,
    show_runtime,
)
from suanli.job import MAX_BYTES, Manifest, ManifestError, excesses
from suanli.miner.core import (
    Check,
    CheckFailed,
    CheckPassed,
    Policy,
    Reason,
    Work,
    module_objection,
    most_of_task,
)
from suanli.miner.programs import LARGE, Programs
from suanli.miner.sealing import NotOpened, Seals
from suanli.protocol import SALT_BYTES, DataError, Ref, Request, ResourceClass, plaintext_of
from suanli.store import (
    SMALL,
    TOGETHER,
    BlobCorrupt,
    BlobMissing,
    BlobTooLarge,
    DirectoryStore,
    Store,
    StoreError,
    StoreFull,
    StoreUnavailable,
    fetch,
)

log = logging.getLogger("suanli.miner")
CONNECTIONS = 4
"""By which large blobs come side by side."""
MANIFESTS = 8
"""Kept decoded, with their modules."""
MOST_VERIFIED = 100_000
"""Blobs remembered as read and found right."""
SHARE_OF_INPUTS = 0.9
"""Of the room for all data: outputs must find some, whatever requests are waiting."""
QUOTING = ("data", "module")
"""Codes of reasons whose text may quote what the requester wrote."""
SEALED_REASON = "what is sealed to this miner can't be used: suanli job check may tell why"
Own = Callable[[Iterable[bytes]], None]
T = TypeVar("T")


class Unfit(Exception):
    """Not taken, and why."""

    def __init__(self, code: str, text: str, *, final: bool = True) -> None:
        super().__init__(text)
        self.reason = Reason(code, _printable(text[:200])[:200], final)


@dataclass(frozen=True)
class Uncompiled:
    """A request whose data is here and right, but for its program, which is to be compiled."""

    request: Request
    module: Ref
    limits: Limits
    runtime: bytes
    work: Work


def _printable(text: str) -> str:
    """Names in strangers' data may hold what moves a terminal's cursor, or hides text."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


class Data:
    """The data of deals: `remote` is where requesters put it, `local` keeps what is needed here.

    What comes is checked against the digests; `most_bytes` bounds the inputs of one deal;
    `promised`: bytes of room that deals need for their outputs; `programs`: those of former deals;
    `seals`: opens what is sealed to this miner.
    """

    def __init__(
        self,
        remote: Store,
        local: DirectoryStore,
        executors: Executors,
        most_bytes: int,
        policy: Policy,
        promised: Callable[[], int] = lambda: 0,
        programs: Programs | None = None,
        seals: Seals | None = None,
    ) -> None:
        self._remote, self._local, self._executors = remote, local, executors
        self._most_bytes, self._policy = most_bytes, policy
        self._promised, self._programs, self._seals = promised, programs, seals
        self._loaded: OrderedDict[bytes, tuple[bytes, Manifest, Module]] = OrderedDict()
        # Data that comes late is asked for again and again: what is here is read only once.
        self._verified: OrderedDict[tuple[Ref, bytes], None] = OrderedDict()

    def fetch(
        self,
        request: Request,
        resource: ResourceClass,
        runtime: bytes,
        own: Own,
        id_: bytes = b"",
    ) -> Uncompiled:
        """Fetch and check everything; `runtime`: id of the one that the request names, and `id_`
        its own. `own` hears of each digest before it comes.

        Raises:
            Unfit: with the reason.
            StoreUnavailable: the store is away.
        """
        with _unfit():
            return self._fetched(request, resource, runtime, own, id_)

    def takes_long(self, fetched: Uncompiled) -> bool:
        """Whether compiling it holds others up."""
        return fetched.module.size >= LARGE and not self._is_compiled(fetched)

    def compile(self, fetched: Uncompiled, now: int) -> Work:
        """Once more, if it is not compiled here. What can't be compiled before it must be confirmed
        is not begun. Raises as `fetch`."""
        with _unfit():
            self._require_time(fetched, now)
            module = Module(self._local.get(fetched.module.digest))
            self._compile(module, fetched.limits, fetched.runtime)
            if self._programs is not None:
                self._programs.keep(module.digest, self._local)
            return fetched.work

    def answer(
        self,
        check: Check,
        own: Callable[[bytes, Iterable[bytes]], None],
        now: Callable[[], int],
    ) -> Uncompiled | CheckFailed:
        """`fetch`; `own` hears of each digest of the deal before it comes. Nothing that strangers
        may send ends the daemon.

        Raises:
            StoreError, DatabaseFailed: the store or this disk is away.
        """

        def fetched() -> Uncompiled:
            if check.resource is None:  # of a class that the file named before a restart
                class_ = check.request.resource
                raise Unfit("class", f"class {class_} is not sold here any more")
            owns = partial(own, check.id)
            return self.fetch(check.request, check.resource, check.runtime, owns, check.id)

        return self._discreet(_answered(check.id, fetched, now))

    def compiled(
        self, id_: bytes, fetched: Uncompiled, now: Callable[[], int]
    ) -> CheckPassed | CheckFailed:
        """`compile`, and otherwise as `answer`."""
        work = self._discreet(_answered(id_, lambda: self.compile(fetched, now()), now))
        return work if isinstance(work, CheckFailed) else CheckPassed(now(), id_, work)

    def task(self, job: bytes, index: int) -> tuple[bytes, bytes, Task]:
        """The job's salt and runtime id, and one of its tasks, from what was fetched."""
        salt, manifest, module = self._load(job)

        def read(ref: Ref) -> bytes:
            return plaintext_of(self._local.get(ref.digest), salt, ref)

        return salt, manifest.runtime, manifest.engine_task(index, module, read)

    def needs(self, job: bytes, tasks: Collection[int] | None = None) -> list[bytes]:
        """Digests of manifest, module and inputs of a job, or of some of its tasks, as far as they
        are known here."""
        try:
            _, manifest = decode_manifest(self._local.get(job, MAX_BYTES + SALT_BYTES))
        except (BlobMissing, BlobCorrupt, BlobTooLarge, ManifestError):
            return [job]
        inputs = manifest.references() if tasks is None else manifest.task_references(tasks)
        return [job, manifest.module.digest, *inputs]

    def _discreet(self, found: T | CheckFailed) -> T | CheckFailed:
        """What is told of a sealed job quotes nothing of it: the relay keeps it."""
        if not isinstance(found, CheckFailed) or self._seals is None:
            return found
        if found.reason.code not in QUOTING or not self._seals.holds(found.id):
            return found
        return replace(found, reason=replace(found.reason, text=SEALED_REASON))

    def _fetched(
        self, request: Request, resource: ResourceClass, runtime: bytes, own: Own, id_: bytes
    ) -> Uncompiled:
        own([request.job])
        source, blob = self._manifest(request, id_)
        salt, manifest = decode_manifest(blob)
        require_fit(manifest, request, resource, runtime)
        module = manifest.module
        if (refused := module_objection(self._policy, module.digest, module.size)) is not None:
            raise Unfit(refused.code, refused.text)
        inputs = manifest.references()
        self._require_room(manifest, inputs.values())
        own([manifest.module.digest, *inputs])
        if self._programs is not None and not self._local.has(module.digest):
            self._programs.bring(module.digest, self._local)
        self._bring(module)
        self._bring_many(list(inputs.values()), salt, source, id_)
        limits = manifest.limits
        work = Work(len(manifest.tasks), limits.units, most_of_task(limits))
        return Uncompiled(request, module, limits, runtime, work)

    def _require_time(self, fetched: Uncompiled, now: int) -> None:
        rate, left = self._executors.compiled().rate, fetched.request.confirm_by - now
        takes = fetched.module.size / rate if rate else 0.0
        if takes > left and not self._is_compiled(fetched):
            why = f"compiling its program takes about {takes:.0f} s, {left} s are left to confirm"
            raise Unfit("expired", f"{why}: allow longer (--confirm-within)")

    def _is_compiled(self, fetched: Uncompiled) -> bool:
        has = self._executors.compiled().programs
        return program_id(fetched.runtime, fetched.module.digest) in has

    def _require_room(self, manifest: Manifest, inputs: Collection[Ref]) -> None:
        total = sum(ref.size for ref in inputs)
        if total > self._most_bytes:
            raise Unfit("limits", f"{total} bytes of inputs, this miner takes {self._most_bytes}")
        if self._local.max_bytes is None:
            return
        room = int(self._local.max_bytes * SHARE_OF_INPUTS)
        if total > room:
            raise Unfit("limits", f"{total} bytes of inputs, this miner has room for {room}")
        absent = [ref for ref in (manifest.module, *inputs) if not self._local.has(ref.digest)]
        wanted = sum(ref.size for ref in absent)
        if self._local.used + wanted > room:
            raise Unfit("disk", "the data of other requests leaves no room for now", final=False)
        if wanted > (free := max(self._local.room - self._promised(), 0)):
            why = f"its data has {wanted} bytes, {free} are free on this miner's disk"
            raise Unfit("disk", why, final=False)

    def _compile(self, module: Module, limits: Limits, runtime: bytes) -> None:
        try:
            rejected = self._executors.of(runtime).prepare(module, limits)
        except CompileFailed as error:
            raise Unfit("module", f"can't be compiled here: {error}") from error
        except HostError as error:
            raise Unfit("machine", str(error), final=False) from error
        if rejected:
            raise Unfit("module", f"the engine refuses it: {rejected}")

    def _bring(self, module: Ref) -> None:
        if not self._is_here(module, b""):
            self._fetch(module, b"", self._remote)
            self._verify((module, b""))

    def _bring_many(self, refs: Sequence[Ref], salt: bytes, source: Store, id_: bytes) -> None:
        hidden = self._hidden(id_, [ref.digest for ref in refs])
        absent = [ref for ref in refs if ref.digest in hidden or not self._is_here(ref, salt)]
        with self._bringing(id_, source, [ref.digest for ref in absent]):
            self._fetch_all(absent, salt, source)

    def _fetch_all(self, absent: Sequence[Ref], salt: bytes, source: Store) -> None:
        """Small ones together, large ones side by side."""
        small = [ref for ref in absent if ref.size + len(salt) <= SMALL]
        came: set[Ref] = set()
        for begin in range(0, len(small), TOGETHER):
            came |= self._fetch_small(small[begin : begin + TOGETHER], salt, source)
        # What is wrong with a small one that did not come, is told when it is asked for alone.
        rest = [ref for ref in absent if ref not in came]
        failed = side_by_side(lambda ref: self._fetch(ref, salt, source), rest, CONNECTIONS)
        for ref in rest:
            if ref in failed:
                raise failed[ref]
            self._verify((ref, salt))

    def _is_here(self, ref: Ref, salt: bytes) -> bool:
        known = (ref, salt)
        if not self._local.has(ref.digest):
            return False
        if self._local.size(ref.digest) != ref.size + len(salt):
            return False
        if known in self._verified:
            self._verified.move_to_end(known)
            return True
        with suppress(BlobCorrupt):  # then it is fetched again
            for _ in _salted(self._local.stream(ref.digest), ref, salt):
                pass
            self._verify(known)
            return True
        return False

    def _fetch(self, ref: Ref, salt: bytes, source: Store) -> None:
        fetch(source, self._local, ref.digest, lambda pieces: _salted(pieces, ref, salt))

    def _fetch_small(self, refs: Sequence[Ref], salt: bytes, source: Store) -> set[Ref]:
        """Those that came and are right."""
        blobs = source.get_many([ref.digest for ref in refs])
        right = {
            ref
            for ref in refs
            if (blob := blobs.get(ref.digest)) is not None
            and blob.startswith(salt)
            and len(blob) == len(salt) + ref.size
        }
        self._local.put_many({ref.digest: blobs[ref.digest] for ref in right})
        for ref in right:
            self._verify((ref, salt))
        return right

    def _verify(self, known: tuple[Ref, bytes]) -> None:
        self._verified[known] = None
        if len(self._verified) > MOST_VERIFIED:
            self._verified.popitem(last=False)

    def _manifest(self, request: Request, id_: bytes) -> tuple[Store, bytes]:
        """And where the inputs are to be read from."""
        job, limit = request.job, MAX_BYTES + SALT_BYTES
        known = None if self._seals is None else self._seals.source(id_)
        if not self._hidden(id_, [job]):
            with suppress(BlobMissing, BlobCorrupt):
                return known or self._remote, self._local.get(job, limit)
        away: StoreUnavailable | None = None
        if known is None and self._seals is not None:
            # First: while a relay is away, what lies nowhere by its own name can't be told missing.
            try:
                known = self._seals.find(id_, request)
            except StoreUnavailable as error:
                away = error
        source = known or self._remote
        with self._bringing(id_, source, [job]):
            try:
                blob = source.get(job, limit)
            except BlobMissing as error:
                raise away or error from None
            self._local.put(blob, job)
        return source, blob

    def _hidden(self, id_: bytes, digests: Collection[bytes]) -> set[bytes]:
        """What is here and came sealed for others."""
        return set() if self._seals is None else self._seals.hidden(id_, digests)

    @contextmanager
    def _bringing(self, id_: bytes, source: Store, digests: Collection[bytes]) -> Iterator[None]:
        sealed = source is not self._remote
        noted = digests if sealed else self._hidden(id_, digests)
        if self._seals is None or not noted:
            yield
            return
        with self._seals.bringing(id_, noted):
            yield

    def _load(self, job: bytes) -> tuple[bytes, Manifest, Module]:
        found = self._loaded.get(job)
        if found is None:
            salt, manifest = decode_manifest(self._local.get(job))
            found = (salt, manifest, Module(self._local.get(manifest.module.digest)))
            self._loaded[job] = found
            if len(self._loaded) > MANIFESTS:
                self._loaded.popitem(last=False)
        self._loaded.move_to_end(job)
        return found


@contextmanager
def _unfit() -> Iterator[None]:
    """What is wrong with data, as a reason."""
    try:
        yield
    except (ManifestError, DataError, BlobTooLarge) as error:
        raise Unfit("data", str(error)) from error
    except (BlobMissing, BlobCorrupt) as error:
        raise Unfit("data", str(error), final=False) from error
    except NotOpened as error:
        raise Unfit("sealed", str(error)) from error
    except StoreFull as error:
        raise Unfit("disk", str(error), final=False) from error


def _answered(id_: bytes, act: Callable[[], T], now: Callable[[], int]) -> T | CheckFailed:
    """What comes of it, or why nothing does."""
    try:
        return act()
    except Unfit as error:
        return CheckFailed(now(), id_, error.reason)
    except (StoreError, DatabaseFailed):
        raise
    except Exception as error:
        log.exception("the data of 0x%s can't be checked", id_.hex()[:8])
        return CheckFailed(now(), id_, Reason("data", f"can't be checked: {type(error).__name__}"))


def _salted(pieces: Iterable[bytes], ref: Ref, salt: bytes) -> Iterator[bytes]:
    """The pieces of a blob, as long as they can be those of `ref`. Raises DataError."""
    size, start = 0, b""
    name = ref.digest.hex()
    for piece in pieces:
        size += len(piece)
        if len(start) < len(salt):
            start = (start + piece)[: len(salt)]
            if not salt.startswith(start):
                raise DataError(f"blob {name}: it was made with the salt of another job")
        if size > ref.size + len(salt):
            raise DataError(f"blob {name}: it holds more than {ref.size} bytes as declared")
        yield piece
    if size != ref.size + len(salt):
        raise DataError(f"blob {name}: it holds fewer than {ref.size} bytes as declared")


def decode_manifest(blob: bytes) -> tuple[bytes, Manifest]:
    """Salt and manifest. Raises ManifestError."""
    if len(blob) < SALT_BYTES:
        raise ManifestError((), "shorter than its salt")
    return blob[:SALT_BYTES], Manifest.decode(blob[SALT_BYTES:])


def require_fit(
    manifest: Manifest, request: Request, resource: ResourceClass, runtime: bytes
) -> None:
    """Raise Unfit unless the deal can be done here, and judged."""
    if manifest.runtime != runtime:
        wanted, named = show_runtime(manifest.runtime), show_runtime(runtime)
        raise Unfit("runtime", f"its manifest is for {wanted}, the request names {named}")
    if len(manifest.tasks) != request.tasks:
        raise Unfit("limits", f"{len(manifest.tasks)} tasks, the request says {request.tasks}")
    if manifest.units > request.units:
        raise Unfit(
            "limits", f"tasks of {manifest.units} units in all, the request buys {request.units}"
        )
    for excess in excesses(manifest, resource):
        raise Unfit("limits", f"{excess.asked} {excess.what} for a task, {excess.most} are allowed")
