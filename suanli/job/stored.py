"""A job as kept in its folder: all its blobs, so that nothing else is needed to go on with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from suanli.base.parallel import side_by_side
from suanli.engine import Module
from suanli.job.file import Job
from suanli.job.manifest import Gather, Manifest
from suanli.protocol import SALT_BYTES, Ref, plaintext_of
from suanli.store import SMALL, DirectoryStore, Pieces, Store, together

CONNECTIONS = 4
"""By which large blobs go side by side."""


@dataclass(frozen=True)
class StoredJob:
    """`manifest` is the whole job's; miners get parts of it."""

    name: str
    manifest: Manifest
    salt: bytes = field(repr=False)
    blobs: DirectoryStore = field(repr=False)

    @classmethod
    def keep(cls, job: Job, blobs: DirectoryStore) -> StoredJob:
        """Copy all that the job needs. Raises StoreError; BlobCorrupt if an input changed."""
        sizes = {digest: ref.size for digest, ref in job.manifest.references().items()}
        small = {digest for digest, size in sizes.items() if size + SALT_BYTES <= SMALL}
        given = dict(job.blobs())
        for some in together((d, b"".join(given.pop(d))) for d in small & given.keys()):
            blobs.put_many(some)
        for digest, chunks in given.items():
            blobs.put(chunks, digest)
        return cls(job.name, job.manifest, job.salt, blobs)

    @classmethod
    def open(cls, name: str, digest: bytes, blobs: DirectoryStore) -> StoredJob:
        """Raises StoreError, ManifestError."""
        blob = blobs.get(digest)
        manifest = Manifest.decode(blob[SALT_BYTES:])
        return cls(name, manifest, blob[:SALT_BYTES], blobs)

    @property
    def digest(self) -> bytes:
        return self.manifest.digest(self.salt)

    def read(self, ref: Ref) -> bytes:
        """Plaintext of an input."""
        return plaintext_of(self.blobs.get(ref.digest), self.salt, ref)

    def module(self, ref: Ref) -> Module:
        return Module(self.blobs.get(ref.digest))

    def part(self, tasks: Sequence[int]) -> Manifest:
        """The manifest of a deal over some tasks; gathering is nobody's business but ours."""
        chosen = tuple(self.manifest.tasks[task] for task in tasks)
        return replace(self.manifest, tasks=chosen, gather=Gather())

    def upload(self, part: Manifest, store: Store) -> None:
        """Give a store all that the miner of a part needs; the manifest last."""
        missing = store.missing([part.module.digest, *part.references()])
        large = {digest for digest in missing if self.blobs.size(digest) > SMALL}
        for error in side_by_side(
            lambda digest: store.put(Pieces(self.blobs, digest), digest), large, CONNECTIONS
        ).values():
            raise error
        for some in together((digest, self.blobs.get(digest)) for digest in missing - large):
            store.put_many(some)
        store.put(self.salt + part.encode(), part.digest(self.salt))

    def publish(self, part: Manifest, task: int, store: Store) -> None:
        """Give a store what running one task of a part again takes, for everybody to read."""
        for digest in store.missing([part.module.digest, *part.task_references([task])]):
            store.put(Pieces(self.blobs, digest), digest)
        store.put(self.salt + part.encode(), part.digest(self.salt))
