"""What a guest made of its world so far, as bytes that no other state has."""

from __future__ import annotations

from collections.abc import Iterator

from suanli.engine.guest.wasi.descriptors import Stream
from suanli.engine.guest.wasi.nodes import Directory, Entry, File, Symlink
from suanli.engine.guest.wasi.world import World


def state(world: World) -> Iterator[bytes | bytearray]:
    """Time that waiting took, draws of random bytes, what was written, open descriptors, and the
    tree of files. Contents that the task brought and nobody changed are left out."""
    yield _numbers(world.clock.moved, world.draws)
    yield world.stdout.data
    yield world.stderr.data
    for fd, found in world.descriptors.all():
        target = found.target
        yield _numbers(fd, found.rights, found.inheriting, found.flags, found.offset)
        if isinstance(target, Stream):
            times = target.times
            yield _numbers(times.accessed, times.modified, times.changed)
        else:
            yield from _node(target)
    yield from _tree(world.tree.root)


def _tree(root: Directory) -> Iterator[bytes | bytearray]:
    """Without recursion: what a task begins with may be deeper than Python goes."""
    todo: list[tuple[bytes, Entry]] = [(b"", root)]
    while todo:
        name, node = todo.pop()
        yield name
        yield from _node(node)
        if isinstance(node, Directory):
            todo += sorted(node.entries.items(), reverse=True)


def _node(node: Entry) -> Iterator[bytes | bytearray]:
    times = node.times
    entries = len(node.entries) if isinstance(node, Directory) else 0
    yield _numbers(node.inode, node.links, entries)
    yield _numbers(times.accessed, times.modified, times.changed)
    if isinstance(node, File) and node.changed:
        yield node.data
    elif isinstance(node, Symlink):
        yield node.target


def _numbers(*values: int) -> bytes:
    return " ".join(map(str, map(int, values))).encode()
