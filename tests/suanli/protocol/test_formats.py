"""The forms of docs/protocol.md against vectors that were made from it alone, there and back."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from suanli.engine import Outcome, Result
from suanli.job import Manifest, OutputRecord, Outputs, leaf_of
from suanli.protocol import canonical, decode_leaves, encode_leaves, salted_digest
from suanli.protocol.sealing import Contents
from suanli.relay import batches
from suanli.store import cid_of, digest_of
from tools import protocol_document

ROOT = Path(__file__).resolve().parents[3]
VECTORS: dict[str, Any] = json.loads((ROOT / "tests" / "vectors" / "formats.json").read_text())
SALT = bytes.fromhex(VECTORS["salt"])
LIMIT = 1 << 20


def test_the_page_says_what_the_schema_says() -> None:
    """If not: python -m tools.protocol_document"""
    page = (ROOT / "docs" / "protocol.md").read_text()
    assert protocol_document.document(page) == page
    assert (ROOT / "docs" / "schemas.json").read_text() == protocol_document.schemas()


@pytest.mark.parametrize("vector", VECTORS["canonical"])
def test_canonical_json(vector: dict[str, Any]) -> None:
    data = vector["bytes"].encode("ascii")
    assert canonical.encode(vector["value"]) == data
    assert canonical.decode(data, LIMIT) == vector["value"]


@pytest.mark.parametrize("text", VECTORS["refused"])
def test_what_is_not_canonical(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        canonical.decode(text.encode(), LIMIT)


@pytest.mark.parametrize("vector", VECTORS["cids"])
def test_names_of_blobs(vector: dict[str, str]) -> None:
    assert cid_of(bytes.fromhex(vector["digest"])) == vector["cid"]
    assert digest_of(vector["cid"]).hex() == vector["digest"]


@pytest.mark.parametrize("vector", VECTORS["manifests"])
def test_manifests(vector: dict[str, Any]) -> None:
    data = vector["bytes"].encode("ascii")
    manifest = Manifest.decode(data)
    assert manifest.encode() == data
    assert manifest.digest(SALT).hex() == vector["digest"]
    assert manifest.units == vector["units"]


@pytest.mark.parametrize("vector", VECTORS["records"])
def test_output_records_and_their_leaves(vector: dict[str, Any]) -> None:
    data = vector["bytes"].encode("ascii")
    result = Result(
        Outcome(vector["outcome"]),
        vector["exit_code"],
        bytes.fromhex(vector["stdout"]),
        bytes.fromhex(vector["stderr"]),
        {path: bytes.fromhex(content) for path, content in vector["files"].items()},
        vector["units"] * 1_000_000,
    )
    assert Outputs.of(result, SALT).record == data
    assert OutputRecord.decode(data, LIMIT).encode() == data
    leaf = leaf_of(7, result, SALT)
    assert leaf.encode().hex() == vector["leaf"]
    assert leaf.digest == salted_digest(SALT, data)


@pytest.mark.parametrize("vector", VECTORS["contents"])
def test_contents_of_envelopes(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["bytes"])
    contents = Contents.decode(data)
    assert contents.encode() == data
    assert contents.request.hex() == vector["request"]
    assert (contents.key or bytes(32)).hex() == vector["key"]
    assert (contents.reply or bytes(33)).hex() == vector["reply"]
    assert {a.hex(): b.hex() for a, b in contents.sealed.items()} == vector["sealed"]


def test_lists_of_leaves() -> None:
    leaf = bytes.fromhex(VECTORS["records"][0]["leaf"])
    first = bytes(4) + leaf[4:]
    assert encode_leaves(decode_leaves(first, 1)) == first


def test_batches_of_blobs() -> None:
    vector = VECTORS["batch"]
    blobs = [bytes.fromhex(blob) for blob in vector["blobs"]]
    by_digest = {hashlib.sha256(blob).digest(): blob for blob in blobs}
    asked = batches.asked(bytes.fromhex(vector["asked"]))
    assert b"".join(batches.packed(by_digest)).hex() == vector["put"]
    assert batches.unpacked(bytes.fromhex(vector["put"])) == by_digest
    assert batches.question([*by_digest, asked[-1]]).hex() == vector["asked"]
    assert b"".join(batches.answer([*blobs, None])).hex() == vector["answer"]
    assert batches.answered(bytes.fromhex(vector["answer"]), asked) == (4, by_digest)
