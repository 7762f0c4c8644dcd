"""What a program left lands below its owner's folder, whatever stands there already."""

import pytest

from suanli.base.saving import SaveError, save


@pytest.fixture
def out(tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture
def elsewhere(tmp_path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "kept").write_bytes(b"old")
    return folder


def test_makes_folders_and_replaces_files(out):
    (out / "a").write_bytes(b"old")
    paths = save(out / ".", {"a": [b"ne", b"w"], "b/c/d": [b"1"], "b/c/e": []})
    assert paths == [out / "a", out / "b/c/d", out / "b/c/e"]
    assert [path.read_bytes() for path in paths] == [b"new", b"1", b""]
    assert sorted(path.name for path in out.rglob("*")) == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("link", "to"),
    [
        ("sub", "elsewhere"),
        ("sub/deep", "elsewhere"),
        ("sub/deep/kept", "elsewhere/kept"),
        ("sub/deep/kept", "elsewhere/missing"),
        ("sub", "out"),
    ],
)
def test_follows_no_link(out, elsewhere, link, to):
    (out / link).parent.mkdir(parents=True, exist_ok=True)
    (out / link).symlink_to(out.parent / to)
    with pytest.raises(SaveError, match=f"{link}' is a link, which may lead anywhere: nothing was"):
        save(out, {"first": [b"x"], "sub/deep/kept": [b"evil"]})
    assert not (out / "first").exists()
    assert [path.name for path in elsewhere.iterdir()] == ["kept"]
    assert (elsewhere / "kept").read_bytes() == b"old"


def test_follows_no_link_put_there_meanwhile(out, elsewhere):
    def pieces():
        (out / "sub").symlink_to(elsewhere)
        yield b"x"

    with pytest.raises(NotADirectoryError):
        save(out, {"first": pieces(), "sub/kept": [b"evil"]})
    assert (elsewhere / "kept").read_bytes() == b"old"


def test_the_named_folder_may_be_a_link(out):
    (out.parent / "link").symlink_to(out)
    save(out.parent / "link", {"a": [b"1"]})
    assert (out / "a").read_bytes() == b"1"


@pytest.mark.parametrize(
    ("there", "name", "why"),
    [
        ("a/b", "a", "is a folder, and the result has a file there"),
        ("a", "a/b", "is no folder, and the result has one there"),
    ],
)
def test_what_stands_in_the_way_is_said(out, there, name, why):
    (out / there).parent.mkdir(exist_ok=True)
    (out / there).write_bytes(b"old")
    with pytest.raises(SaveError, match=why):
        save(out, {"first": [b"x"], name: [b"new"]})
    assert (out / there).read_bytes() == b"old"
    assert not (out / "first").exists()


def test_pieces_that_fail_to_come_leave_what_was_there(out):
    def pieces():
        yield b"half"
        raise OSError("no more")

    (out / "a").write_bytes(b"old")
    with pytest.raises(OSError, match="no more"):
        save(out, {"a": pieces()})
    assert [path.name for path in out.iterdir()] == ["a"]
    assert (out / "a").read_bytes() == b"old"


@pytest.mark.parametrize("name", ["", "/a", "a//b", "../a", "a/..", ".", "a\x1b[2J"])
def test_odd_names(out, name):
    with pytest.raises(SaveError):
        save(out, {name: [b"x"]})
    assert list(out.iterdir()) == []
