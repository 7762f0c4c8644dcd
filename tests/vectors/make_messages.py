"""Writes messages.json from docs/protocol.md alone, with none of the code that is to meet it.

python tests/vectors/make_messages.py
"""

import json
from pathlib import Path

from eth_keys import keys
from eth_utils.crypto import keccak

TARGET = Path(__file__).with_name("messages.json")
DOMAINS = ((1337, 0xAB), (1, 0xCD))
TEXT = 54
"""Bits from which whole numbers are decimal text in JSON."""
TYPES = {
    "Request": "address requester,uint32 miner,uint32 resource,uint16 runtime,uint64 units,"
    "uint96 maxPrice,uint40 confirmBy,uint32 duration,uint32 tasks,bytes32 job,uint32 terms,"
    "uint16 flags,uint32 epoch,uint64 salt",
    "Acceptance": "bytes32 request,bytes32 root,uint64 unitsUsed",
    "Release": "bytes32 request",
    "Announcement": "address miner,uint40 issued,uint32 resource,bytes32[] runtimes,"
    "uint32 unitsPerSecond,uint16 workers,uint16 margin,uint32 reserve,bytes publicKey,"
    "uint40 validUntil,string peers,bytes32[] programs,uint32 compileRate",
    "Claim": "address miner,uint40 issued,bytes32 request,bytes32 root,uint64 unitsUsed,"
    "bytes32 leaves",
    "Rejection": "address miner,uint40 issued,bytes32 request,string reason,bool isFinal",
    "Progress": "address miner,uint40 issued,bytes32 request,uint32 done,uint32 tasks",
    "Envelope": "address sender,uint40 issued,bytes32 request,bytes32 contents",
    "Attestation": "address registry,address attestor,uint32 miner,uint32 tenure,"
    "address requester,uint8 level,uint40 issued,uint40 validUntil",
    "Quote": "address channels,address requester,address signer,uint32 miner,uint32 resource,"
    "uint64 units,uint32 duration,uint32 nonce,uint40 validUntil",
    "Voucher": "bytes32 channel,uint112 amount",
    "StorageQuote": "address storageDeals,address requester,uint32 miner,uint32 resource,"
    "uint64 units,bytes32 root,uint64 size,uint32 period,uint32 periods,uint8 samples,"
    "uint112 collateral,uint96 maxPrice,uint32 nonce,uint40 validUntil",
    "Hosting": "address miner,uint40 issued,uint32 resource,bytes32 certificate,string addresses,"
    "uint32 step,string room,uint40 validUntil",
    "SessionProof": "address signer,uint32 miner,bytes32 channel,uint40 issued,bytes32 nonce",
}
PEERS = ("", "/ip4/203.0.113.7/tcp/4001/p2p/12D3KooW", "/ip6/::1/tcp/1/p2p/Q /dns/x/tcp/2/p2p/Q")
REASONS = ("money: 0 tokens", 'ask above bid \N{EM DASH} "算力"\n', "\N{GRINNING FACE} x")
ADDRESSES = ("", "ws://203.0.113.7:8700", "wss://a.example/x ws://[2001:db8::7]:8700")
ROOMS = ("{}", '{"cores":2}', '{"devices":[{"model":"算"}]}')
SIGNERS = {"Request": "requester", "Attestation": "attestor", "SessionProof": "signer"}
SIGNERS["Envelope"] = "sender"
SIGNERS |= dict.fromkeys(("Announcement", "Claim", "Rejection", "Progress", "Hosting"), "miner")


def word(number):
    return number.to_bytes(32, "big")


def separator(chain_id, market):
    kind = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    names = keccak(text="Suanli") + keccak(text="1")
    return keccak(keccak(text=kind) + names + word(chain_id) + word(market))


def fields(name):
    return [tuple(field.split(" ")) for field in TYPES[name].split(",")]


def encoded(kind, value):
    if kind == "bytes":
        return keccak(value)
    if kind == "string":
        return keccak(text=value)
    if kind == "bytes32[]":
        return keccak(b"".join(value))
    return value if kind == "bytes32" else word(int(value))


def struct_hash(name, message):
    words = [encoded(kind, message[field]) for kind, field in fields(name)]
    return keccak(keccak(text=f"{name}({TYPES[name]})") + b"".join(words))


def shown(kind, value):
    if kind == "address":
        return f"0x{value:040x}"
    if kind == "bytes32[]":
        return ["0x" + one.hex() for one in value]
    if kind.startswith("bytes"):
        return "0x" + value.hex()
    return str(value) if kind.startswith("uint") and int(kind[4:]) >= TEXT else value


def most(kind):
    return 2 ** int(kind.removeprefix("uint")) - 1


def sample(kind, field, seed, signer):
    """A value; the greatest that there is where the seed is 0."""
    if kind == "address":
        return signer if field in ("requester", "miner") and seed % 2 else 0xA11CE + seed
    if kind == "bytes32":
        return keccak(text=f"{field} {seed}")
    if kind == "bytes32[]":
        many, few = (32, seed - 1) if field == "programs" else (16, seed)
        return [
            keccak(text=f"{field} {seed} {place}") for place in range(many if seed == 0 else few)
        ]
    if field == "publicKey":
        return bytes([2 + seed % 2]) + keccak(text=f"key {seed}")
    if field == "peers":
        return PEERS[seed % 3]
    if field == "addresses":
        return ADDRESSES[seed % 3]
    if field == "room":
        return ROOMS[seed % 3]
    if field == "reason":
        return REASONS[seed % 3]
    if kind == "bool":
        return bool(seed % 2)
    top = {"workers": 4096, "samples": 16, "margin": 10_000, "reserve": 86_400}.get(
        field, most(kind)
    )
    return top if seed == 0 else max(100 if field == "margin" else 1, (7919 * seed) % top)


def vector(name, seed, key, chain_id, market):
    signer = int(key.public_key.to_address(), 16)
    message = {field: sample(kind, field, seed, signer) for kind, field in fields(name)}
    if name in SIGNERS:
        message[SIGNERS[name]] = signer
    struct = struct_hash(name, message)
    digest = keccak(b"\x19\x01" + separator(chain_id, market) + struct)
    r, s, v = key.sign_msg_hash(digest).vrs[1:] + key.sign_msg_hash(digest).vrs[:1]
    signature = word(r) + word(s) + bytes([27 + v])
    return {
        "type": f"{name}({TYPES[name]})",
        "typeHash": "0x" + keccak(text=f"{name}({TYPES[name]})").hex(),
        "chainId": chain_id,
        "market": f"0x{market:040x}",
        "structHash": "0x" + struct.hex(),
        "digest": "0x" + digest.hex(),
        "signed": {
            "message": {field: shown(kind, message[field]) for kind, field in fields(name)},
            "signer": f"0x{signer:040x}",
            "signature": "0x" + signature.hex(),
        },
    }


def main():
    vectors = []
    for chain_id, byte in DOMAINS:
        market = int.from_bytes(bytes([byte]) * 20, "big")
        for name in TYPES:
            for seed in range(3):
                key = keys.PrivateKey(keccak(text=f"{name} {seed}"))
                vectors.append(vector(name, seed, key, chain_id, market))
    TARGET.write_text(json.dumps(vectors, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
