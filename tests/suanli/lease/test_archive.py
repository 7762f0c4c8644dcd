"""What a miner sends back is unpacked into the folder, and nowhere else."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from suanli.lease.errors import LeaseError
from suanli.lease.user.archive import unpack

Member = tuple[str, bytes, str, bytes]
DIR, LINK, SAME, FILE = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.REGTYPE


def archive(path: Path, *members: Member) -> Path:
    with tarfile.open(path, "w") as made:
        for name, kind, link, data in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname, member.size = kind, link, len(data)
            made.addfile(member, io.BytesIO(data))
    return path


def test_folders_files_and_links_come_back_again_and_again(tmp_path: Path) -> None:
    sent = archive(
        tmp_path / "sent.tar",
        (".", DIR, "", b""),
        ("./deep", DIR, "", b""),
        ("./deep/up", LINK, "../file", b""),
        ("./file", FILE, "", b"one"),
    )
    for _ in range(2):
        unpack(sent, tmp_path / "out")
        assert (tmp_path / "out" / "deep" / "up").read_bytes() == b"one"
    more = archive(tmp_path / "more.tar", ("./deep/same", SAME, "./file", b""))
    unpack(more, tmp_path / "out")
    assert (tmp_path / "out" / "deep" / "same").read_bytes() == b"one"


def _far(link: str) -> list[Member]:
    """A link named `out` to `link`, above the folder, by links that together are longer than a path
    may be, so that whoever follows them by name does not see where they end."""
    long, steps, path, found = "d" * 247, "abcdefghijklmnop", "", list[Member]()
    for step in steps:
        found += [(f"{path}{long}", DIR, "", b""), (f"{path}{step}", LINK, long, b"")]
        path += f"{long}/"
    far = "/".join(steps) + "/" + "l" * 254
    return [*found, (far, LINK, "../" * len(steps), b""), ("out", LINK, f"{far}/../{link}", b"")]


@pytest.mark.parametrize(
    "members",
    [
        [("../other/key", FILE, "", b"stolen")],
        [("out", LINK, "../other", b""), ("out/key", FILE, "", b"stolen")],
        [*_far("other"), ("out/key", FILE, "", b"stolen")],
        [*_far("other"), ("same", SAME, "out/key", b""), ("same", FILE, "", b"stolen")],
        [*_far("other/key"), ("out", FILE, "", b"stolen")],
    ],
    ids=["up", "link", "far link", "the same file", "link to a file"],
)
def test_nothing_is_written_outside_the_folder(tmp_path: Path, members: list[Member]) -> None:
    (tmp_path / "other").mkdir()
    key = tmp_path / "other" / "key"
    key.write_bytes(b"mine")
    with pytest.raises(LeaseError, match=r"^what the miner sent "):
        unpack(archive(tmp_path / "sent.tar", *members), tmp_path / "folder")
    assert key.read_bytes() == b"mine"
