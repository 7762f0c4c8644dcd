"""The in-memory file system beside the kernel's own: same steps, same errors, same tree."""

import errno as codes
import os
import stat
import tempfile
from pathlib import Path

import hypothesis.strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from suanli.engine.guest.wasi.abi import Errno, WasiError
from suanli.engine.guest.wasi.nodes import Directory, Symlink
from suanli.engine.guest.wasi.tree import FileTree

NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(NAMES | st.just("."), min_size=1, max_size=3).map("/".join) | st.builds(
    "{}/../{}".format, NAMES, NAMES
)
TARGETS = st.lists(NAMES, min_size=1, max_size=2).map("/".join)

# Where Linux and WASI have different words for the same refusal.
SAME = {"ELOOP": "LOOP", "EBUSY": "INVAL"}


class Trees(RuleBasedStateMachine):
    """Every rule does one thing to both and compares how it ended, then the whole trees."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.disk = Path(self._folder.name)
        self.tree = FileTree({}, (), 10**6, 10**9, lambda fuel: None, lambda: 0)

    def teardown(self) -> None:
        self._folder.cleanup()

    def both(self, ours, theirs) -> None:
        assert self._end(ours) == self._end(theirs)
        assert _ours(self.tree.root) == _theirs(self.disk)

    def _end(self, act) -> str:
        try:
            act()
        except WasiError as error:
            return error.errno.name
        except OSError as error:
            name = codes.errorcode[error.errno]
            return SAME.get(name, name.removeprefix("E"))
        return "SUCCESS"

    def on_disk(self, path: str) -> str:
        # Not pathlib, which tidies paths up before the kernel sees them.
        return f"{self.disk}/{path}"

    def write_on_disk(self, path: str, content: bytes) -> None:
        with open(self.on_disk(path), "wb") as file:
            file.write(content)

    def place(self, path: str, follow: bool = False):
        return self.tree.resolve(self.tree.root, path.encode(), follow)

    @rule(path=PATHS)
    def mkdir(self, path):
        self.both(
            lambda: self.tree.create_directory(self.place(path)),
            lambda: os.mkdir(self.on_disk(path)),
        )

    @rule(path=PATHS)
    def rmdir(self, path):
        if path.endswith((".", "..")):
            return  # Linux has three more words for these
        self.both(
            lambda: self.tree.remove_directory(self.place(path)),
            lambda: os.rmdir(self.on_disk(path)),
        )

    @rule(path=PATHS, content=st.binary(max_size=5))
    def write(self, path, content):
        def ours():
            place = self.place(path, follow=True)
            node = place.node
            if isinstance(node, Directory):
                raise WasiError(Errno.ISDIR)
            file = self.tree.create_file(place) if node is None else node
            self.tree.resize(file, 0)
            self.tree.write(file, 0, [memoryview(content)], len(content))

        self.both(ours, lambda: self.write_on_disk(path, content))

    @rule(path=PATHS)
    def unlink(self, path):
        self.both(lambda: self.tree.unlink(self.place(path)), lambda: os.unlink(self.on_disk(path)))

    @rule(to=TARGETS, path=PATHS)
    def symlink(self, to, path):
        self.both(
            lambda: self.tree.create_symlink(to.encode(), self.place(path)),
            lambda: os.symlink(to, self.on_disk(path)),
        )

    @rule(old=PATHS, new=PATHS)
    def link(self, old, new):
        def ours():
            node = self.place(old).node
            if node is None:
                raise WasiError(Errno.NOENT)
            self.tree.link(node, self.place(new))

        self.both(
            ours,
            lambda: os.link(self.on_disk(old), self.on_disk(new), follow_symlinks=False),
        )

    @rule(old=PATHS, new=PATHS)
    def rename(self, old, new):
        if old.endswith(".") or new.endswith("."):
            return
        self.both(
            lambda: self.tree.rename(self.place(old), self.place(new)),
            lambda: os.rename(self.on_disk(old), self.on_disk(new)),
        )

    @rule(path=PATHS | PATHS.map("{}/".format), follow=st.booleans())
    def look(self, path, follow):
        def ours():
            if self.place(path, follow).node is None:
                raise WasiError(Errno.NOENT)

        self.both(ours, lambda: os.stat(self.on_disk(path), follow_symlinks=follow))


def _ours(directory: Directory) -> dict:
    def value(node):
        if isinstance(node, Directory):
            return _ours(node)
        return node.target if isinstance(node, Symlink) else (node.links, bytes(node.data))

    return {name.decode(): value(node) for name, node in directory.entries.items()}


def _theirs(folder: Path) -> dict:
    def value(path):
        status = path.lstat()
        if stat.S_ISDIR(status.st_mode):
            return _theirs(path)
        if stat.S_ISLNK(status.st_mode):
            return os.readlink(path).encode()
        return (status.st_nlink, path.read_bytes())

    return {path.name: value(path) for path in folder.iterdir()}


TestTrees = Trees.TestCase
