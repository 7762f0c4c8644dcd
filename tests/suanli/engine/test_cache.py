"""The cache of compiled modules: shared, bounded, authenticated, and never in the way."""

import os
import threading

import pytest

from suanli.engine import Compilations, Runtime, Task, program_id, runtime_id
from suanli.engine.host import Pool, cache, library
from suanli.engine.host.cache import LibraryEntry, ModuleCache
from suanli.engine.host.library import Library
from tests.suanli.engine.conftest import command

DIGEST = bytes(range(32))
OTHER = bytes(range(1, 33))
RUNTIME = bytes(32)
CODE = b"machine code" * 100


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "below" / "modules"


@pytest.fixture
def store(folder):
    store = ModuleCache(folder, RUNTIME)
    store.put(DIGEST, LibraryEntry(CODE, 65536))
    return store


def entries(folder):
    return sorted(folder.glob("*.bin"))


def test_what_is_put_is_found_by_every_process(store, folder):
    assert store.get(DIGEST) == LibraryEntry(CODE, 65536)
    assert ModuleCache(folder, RUNTIME).get(DIGEST) == LibraryEntry(CODE, 65536)
    assert store.get(OTHER) is None


def test_refusals_are_kept(store, folder):
    store.put(OTHER, LibraryEntry(rejected="no such import: ü"))
    found = ModuleCache(folder, RUNTIME).get(OTHER)
    assert found == LibraryEntry(rejected="no such import: ü")


def test_another_runtime_has_its_own(store, folder):
    assert ModuleCache(folder, b"\1" * 32).get(DIGEST) is None


@pytest.mark.parametrize("damage", ["first", "middle", "last", "cut", "longer", "empty"])
def test_damage_is_noticed(store, folder, damage, caplog):
    (path,) = entries(folder)
    content = bytearray(path.read_bytes())
    places = {"first": 0, "middle": len(content) // 2, "last": -1}
    if damage in places:
        content[places[damage]] ^= 1
    content = {"cut": content[:-1], "longer": content + b"x", "empty": b""}.get(damage, content)
    path.write_bytes(content)
    assert store.get(DIGEST) is None
    store.put(DIGEST, LibraryEntry(CODE, 65536))
    assert store.get(DIGEST) == LibraryEntry(CODE, 65536)


def test_an_entry_is_good_for_its_own_module_only(store, folder):
    (path,) = entries(folder)
    path.rename(path.with_name(path.name.replace(DIGEST.hex(), OTHER.hex())))
    assert store.get(OTHER) is None


def test_entries_made_with_another_key_are_refused(store, folder):
    (folder / "key").write_bytes(bytes(32))
    assert ModuleCache(folder, RUNTIME).get(DIGEST) is None


@pytest.mark.parametrize("mode", [0o770, 0o707])
def test_a_folder_that_others_may_write_to_is_not_used(store, folder, mode, caplog):
    folder.chmod(mode)
    other = ModuleCache(folder, RUNTIME)
    assert other.get(DIGEST) is None
    assert "writable by nobody else" in caplog.text
    other.put(OTHER, LibraryEntry(CODE))
    assert len(entries(folder)) == 1


def test_a_key_that_others_may_read_is_not_used(store, folder, caplog):
    (folder / "key").chmod(0o644)
    assert ModuleCache(folder, RUNTIME).get(DIGEST) is None
    assert "not a private key" in caplog.text


def test_nothing_is_readable_by_others(store, folder):
    for path in (folder, folder / "key", *entries(folder)):
        assert path.stat().st_mode & 0o077 == 0


def test_the_least_recently_used_goes_first(folder):
    store = ModuleCache(folder, RUNTIME, max_bytes=3 * (len(CODE) + 41))
    digests = [bytes([number]) * 32 for number in range(4)]
    for age, digest in enumerate(digests[:3]):
        store.put(digest, LibraryEntry(CODE))
        os.utime(next(p for p in entries(folder) if digest.hex() in p.name), (age, age))
    assert store.get(digests[0])
    store.put(digests[3], LibraryEntry(CODE))
    assert [store.get(digest) is not None for digest in digests] == [True, False, True, True]


def test_large_entries_have_room_of_their_own(folder, monkeypatch):
    monkeypatch.setattr(cache, "_LARGE", 1000)
    room = len(CODE) + 50
    store = ModuleCache(folder, RUNTIME, max_bytes=room, large_bytes=room)
    store.put(bytes(32), LibraryEntry(b"small"))
    for number in (1, 2):
        store.put(bytes([number]) * 32, LibraryEntry(CODE))
        path = next(path for path in entries(folder) if bytes([number]).hex() * 32 in path.name)
        os.utime(path, (number, number))
    found = [store.get(bytes([number]) * 32) for number in range(3)]
    assert found == [LibraryEntry(b"small"), None, LibraryEntry(CODE)]


def test_what_took_long_to_compile_is_listed_with_the_latest_first(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "_SLOW", 1)
    monkeypatch.setattr(library, "_MEASURED", 1)
    modules = [command(f"(call $proc_exit (i32.const {n}))") for n in range(3)]
    ids = [program_id(runtime_id(), module.digest) for module in modules]
    with Pool(1, cache=tmp_path) as pool:
        assert pool.compiled() == Compilations()
        for module in modules[:2]:
            pool.prepare(module)
        pool.of(runtime_id(Runtime.PORTABLE)).prepare(modules[2])
        for age, module in enumerate(modules):
            (path,) = tmp_path.glob(f"{module.digest.hex()}-*.bin")
            os.utime(path, (age, age))
        found = pool.compiled()
        assert found.programs == (
            program_id(runtime_id(Runtime.PORTABLE), modules[2].digest),
            ids[1],
            ids[0],
        )
        assert 0 < found.rate < len(modules[0].code) * 1_000
    with Pool(1, cache=tmp_path) as pool:
        assert pool.compiled() == found, "as after a restart"
        monkeypatch.setattr(library, "_MOST_TOLD", 1)
        assert len(pool.compiled().programs) == 1
        monkeypatch.setattr(cache, "_SLOW", 1 << 20)
        assert pool.compiled().programs == (), "what is small says nothing"


def test_a_full_disk_costs_nothing_but_compilations(folder, monkeypatch, caplog):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache, "_write_atomically", full)
    module = command("(call $proc_exit (i32.const 6))")
    with Pool(1, cache=folder) as pool:
        assert pool.submit(Task(module)).result().exit_code == 6
    assert "No space left" in caplog.text
    assert entries(folder) == []


def test_a_half_written_entry_is_never_seen(folder, monkeypatch):
    store = ModuleCache(folder, RUNTIME)

    def interrupted(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.os, "replace", interrupted)
    store.put(DIGEST, LibraryEntry(CODE))
    assert [path.name for path in folder.iterdir()] == ["key"]


def test_an_unusable_folder_costs_nothing_but_compilations(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    module = command("(call $proc_exit (i32.const 6))")
    with Pool(1, cache=tmp_path / "file" / "modules") as pool:
        assert pool.submit(Task(module)).result().exit_code == 6
    assert "no cache" in caplog.text


def test_an_entry_that_can_not_be_read_is_compiled_anew(folder):
    module = command("(call $proc_exit (i32.const 6))")
    with Pool(1, cache=folder) as pool:
        pool.prepare(module)
    (path,) = entries(folder)
    path.unlink()
    path.mkdir()
    with Pool(1, cache=folder) as pool:
        assert pool.submit(Task(module)).result().exit_code == 6


def test_many_at_once_make_one_key_and_read_whole_entries(folder):
    wrong = []

    def use(number):
        store = ModuleCache(folder, RUNTIME, max_bytes=10 * len(CODE))
        for turn in range(50):
            digest = bytes([(number + turn) % 20]) * 32
            store.put(digest, LibraryEntry(CODE))
            if store.get(digest) not in (None, LibraryEntry(CODE)):
                wrong.append(digest)

    threads = [threading.Thread(target=use, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert all(path.suffix == ".bin" or path.name == "key" for path in folder.iterdir())
    survivors = [ModuleCache(folder, RUNTIME).get(bytes([n]) * 32) for n in range(20)]
    assert LibraryEntry(CODE) in survivors


def test_a_pool_finds_what_another_compiled(folder, monkeypatch):
    module = command("")
    with Pool(1, cache=folder) as pool:
        pool.prepare(module)
    monkeypatch.setattr(Library, "_compile", None)
    with Pool(1, cache=folder) as other:
        assert other.submit(Task(module)).result().ok
