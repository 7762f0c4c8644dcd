"""A juror with a node on IPFS looks there, too."""

from __future__ import annotations

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from suanli.juror.config import read
from suanli.juror.opening import services_of
from suanli.protocol import Domain
from suanli.store import DirectoryStore
from suanli.store.ipfs import Cid, IpfsStore
from tests.harness.kubo import Blocks, Kubo, serving

DOMAIN = Domain(31337, "0x" + "11" * 20)


def test_stores_are_relays_folders_and_nodes(tmp_path: Path) -> None:
    blob, digest = b"leaf", hashlib.sha256(b"leaf").digest()
    with serving(Kubo(Blocks())) as kubo:
        path = tmp_path / "juror.toml"
        path.write_text(
            f'rpc = "http://127.0.0.1:8545"\nmarket = "{DOMAIN.market}"\nchain_id = 31337\n'
            f'court = "0x{"22" * 20}"\nrelays = ["http://127.0.0.1:9"]\n'
            f'stores = ["{kubo.place}", "folder"]\n'
        )
        config = read(path)
        assert config.folders == (str(tmp_path / "folder"),)
        ready: Any = SimpleNamespace(
            market=SimpleNamespace(domain=DOMAIN, node=None), court=None, sender=None
        )
        with services_of(config, ready, engine=None) as services:  # type: ignore[arg-type]
            folder, _, node = services.stores
            assert isinstance(folder, DirectoryStore)
            assert isinstance(node, IpfsStore)
            kubo.blocks.held[Cid(0x55, digest)] = blob
            assert node.get(digest, 100) == blob
            node.put(b"given on")
        assert kubo.pins == {Cid(0x55, hashlib.sha256(b"given on").digest())}
