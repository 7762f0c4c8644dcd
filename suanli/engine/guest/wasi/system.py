"""What programs expect of any system beside their own files: `/tmp` and a few devices in `/dev`.

None of it is listed in the root, and nothing in it is an output.
"""

from __future__ import annotations

from collections.abc import Callable

from suanli.engine.guest.wasi.nodes import Device
from suanli.engine.guest.wasi.tree import FileTree

Read = Callable[[int], bytes]
"""At most so many bytes."""


def furnish(tree: FileTree, random: Read, zeros: Read) -> None:
    """A folder that the task brings by one of these names is its own, as any other."""
    tree.add_hidden(b"tmp", {})
    devices = {b"null": _nothing, b"random": random, b"urandom": random, b"zero": zeros}
    tree.add_hidden(b"dev", {name: Device(*tree.new(), 1, read=r) for name, r in devices.items()})


def _nothing(_size: int) -> bytes:
    return b""
