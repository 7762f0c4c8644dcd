"""Writes formats.json from docs/protocol.md, with none of the code that is to meet it.

python tests/vectors/make_formats.py
"""

import base64
import hashlib
import json
from pathlib import Path

TARGET = Path(__file__).with_name("formats.json")
# The generator of the curve, as a key.
PUBLIC_KEY = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
SALT = hashlib.sha256(b"salt").digest()
ESCAPES = {
    "\\": "\\\\",
    '"': '\\"',
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def text(value):
    out = ""
    for character in value:
        code = ord(character)
        if character in ESCAPES:
            out += ESCAPES[character]
        elif 0x20 <= code < 0x7F:
            out += character
        elif code < 0x10000:
            out += f"\\u{code:04x}"
        else:
            high, low = divmod(code - 0x10000, 0x400)
            out += f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
    return f'"{out}"'


def canonical(value):
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, list):
        return f"[{','.join(map(canonical, value))}]"
    members = sorted(value.items(), key=lambda item: [ord(c) for c in item[0]])
    return "{" + ",".join(f"{text(name)}:{canonical(item)}" for name, item in members) + "}"


def cid(digest):
    named = bytes([0x01, 0x55, 0x12, 0x20]) + digest
    return "b" + base64.b32encode(named).decode().lower().rstrip("=")


def reference(plaintext):
    return {"digest": sha256(SALT, plaintext).hex(), "size": len(plaintext)}


def module():
    code = b"\0asm\1\0\0\0"
    return {"digest": sha256(code).hex(), "size": len(code)}


LIMITS = {
    "file_bytes": 1 << 20,
    "files": 16,
    "fuel": 5_000_001,
    "memory": 1 << 26,
    "stderr_bytes": 1 << 10,
    "stdout_bytes": 1 << 16,
}
PLAIN = {
    "version": 1,
    "runtime": sha256(b"runtime").hex(),
    "module": module(),
    "limits": LIMITS,
    "tasks": [{}],
    "gather": {"kind": "files"},
}
FULL = {
    **PLAIN,
    "dirs": ["outputs", "work/\N{LATIN SMALL LETTER U WITH DIAERESIS}"],
    "env": {"MODE": 'fast "\N{GRINNING FACE}"\n', "a": ""},
    "inputs": {"data/table.bin": reference(b"table")},
    "tasks": [
        {"args": ["--part", "0"], "stdin": reference(b"")},
        {"env": {"LEVEL": "3"}, "inputs": {"inputs/b.csv": reference(b"b")}},
        {},
    ],
    "gather": {"kind": "program", "module": module(), "args": ["\x7f"], "target": "sum"},
}
SUM = {**PLAIN, "gather": {"kind": "sum", "source": "stdout", "target": "counts.tsv"}}


def manifest(value):
    data = canonical(value).encode()
    tasks = len(value["tasks"])
    return {
        "bytes": data.decode(),
        "digest": sha256(SALT, data).hex(),
        "units": tasks * -(-value["limits"]["fuel"] // 1_000_000),
    }


def record(outcome, code, exit_code, stdout, stderr, files, units):
    small = sum(map(len, (stdout, stderr, *files.values()))) <= 4096
    inline = lambda data: {"data": base64.b64encode(data).decode()}  # noqa: E731
    part = inline if small else reference
    value = {
        "version": 2,
        "outcome": outcome,
        "exit_code": exit_code,
        "stdout": part(stdout),
        "stderr": part(stderr),
        "files": {path: part(data) for path, data in files.items()},
    }
    data = canonical(value).encode()
    digest = sha256(SALT, data)
    leaf = (7).to_bytes(4, "big") + bytes([code]) + digest + units.to_bytes(8, "big")
    return {
        "outcome": outcome,
        "exit_code": exit_code,
        "stdout": stdout.hex(),
        "stderr": stderr.hex(),
        "files": {path: data.hex() for path, data in files.items()},
        "units": units,
        "bytes": data.decode(),
        "leaf": leaf.hex(),
    }


def batch():
    blobs = [b"", b"one", bytes(range(256))]
    digests = [sha256(blob) for blob in blobs]
    absent = sha256(b"absent")
    length = lambda blob: len(blob).to_bytes(4, "big")  # noqa: E731
    return {
        "blobs": [blob.hex() for blob in blobs],
        "put": b"".join(d + length(b) + b for d, b in zip(digests, blobs, strict=True)).hex(),
        "asked": b"".join([*digests, absent]).hex(),
        "answer": (b"".join(length(b) + b for b in blobs) + b"\xff" * 4).hex(),
    }


def contents(key, reply, blobs):
    """Of an envelope: each blob stands under its digest, with that of a sealed one."""
    request = sha256(b"request")
    named = {sha256(blob): sha256(b"sealed ", blob) for blob in blobs}
    pairs = b"".join(digest + named[digest] for digest in sorted(named))
    return {
        "request": request.hex(),
        "key": key.hex(),
        "reply": reply.hex(),
        "sealed": {digest.hex(): other.hex() for digest, other in named.items()},
        "bytes": (b"\x01" + request + key + reply + pairs).hex(),
    }


def main():
    values = [
        None,
        [],
        {},
        [True, False, -1, 0, 2**63],
        {"b": 1, "a": {"\N{GRINNING FACE}": "", "\uffff": "", "Z": "", "\x7f": "\0\x1f"}},
        '\\ " / \b\f\n\r\t \N{SNOWMAN}',
    ]
    refused = [
        '{"a":1,"a":1}',
        '{"b":1,"a":1}',
        '{ "a":1}',
        "[1.0]",
        "[1e3]",
        "[01]",
        '["\\u0041"]',
        '["\\u00FC"]',
        '["\N{SNOWMAN}"]',
        '["\\/"]',
        '["\\ud800"]',
        "NaN",
        "[" * 33 + "]" * 33,
    ]
    vectors = {
        "salt": SALT.hex(),
        "canonical": [{"value": value, "bytes": canonical(value)} for value in values],
        "refused": refused,
        "cids": [{"digest": d.hex(), "cid": cid(d)} for d in (bytes(32), sha256(b""), SALT)],
        "manifests": [manifest(value) for value in (PLAIN, FULL, SUM)],
        "records": [
            record("exited", 0, 0, b"out\n", b"", {}, 1),
            record("exited", 0, 3, b"", b"why", {"a/b": b"\0", "\N{SNOWMAN}": b""}, 2**64 - 1),
            record("exited", 0, 0, bytes(4096), b"", {"x": b"1"}, 9),
            record("trapped", 1, None, b"", b"", {}, 10),
            record("invalid", 4, None, b"", b"", {}, 0),
        ],
        "batch": batch(),
        "contents": [
            contents(bytes(32), bytes(33), []),
            contents(SALT, PUBLIC_KEY, [b"one", b"two", b"three"]),
        ],
    }
    TARGET.write_text(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    main()
