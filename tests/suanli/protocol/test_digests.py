import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suanli.protocol import DataError, FilePart, Ref, new_salt, plaintext_of, refer, salted_digest
from suanli.store import DirectoryStore

salts = st.binary(min_size=32, max_size=32)


@given(salts, st.lists(st.binary(max_size=50)))
def test_the_digest_is_that_of_the_salted_blob(salt, chunks):
    data = b"".join(chunks)
    ref = refer(salt, chunks)
    assert ref == Ref(hashlib.sha256(salt + data).digest(), len(data))
    assert salted_digest(salt, data) == ref.digest
    assert plaintext_of(salt + data, salt, ref) == data


def test_a_store_addresses_blobs_by_their_salted_digest(tmp_path):
    store, salt = DirectoryStore(tmp_path), new_salt()
    ref = refer(salt, [b"secret"])
    assert store.put([salt, b"secret"], ref.digest) == ref.digest
    assert plaintext_of(store.get(ref.digest), salt, ref) == b"secret"


def test_salts_differ():
    assert len({new_salt() for _ in range(100)}) == 100
    assert len(new_salt()) == 32


def test_wrong_blobs_are_refused():
    salt, data = b"a" * 32, b"data"
    ref = refer(salt, [data])
    with pytest.raises(DataError, match="have another digest"):
        plaintext_of(salt + b"date", salt, ref)
    with pytest.raises(DataError, match="salt of another job"):
        plaintext_of(salt + data, b"b" * 32, ref)
    with pytest.raises(DataError, match="does not hold 3 bytes"):
        plaintext_of(salt + data, salt, Ref(ref.digest, 3))


@given(st.integers(0, 100), st.integers(0, 120))
def test_parts_of_files(tmp_path_factory, start, stop):
    path = tmp_path_factory.mktemp("part") / "file"
    path.write_bytes(bytes(range(100)))
    assert (
        b"".join(FilePart(path, start, stop).chunks())
        == bytes(range(100))[start : max(start, stop)]
    )
    assert FilePart.whole(path) == FilePart(path, 0, 100)
