"""WASI preview 1 as `wasi_snapshot_preview1.witx` describes it, call by call, in guest memory."""

import struct
import tracemalloc
from contextlib import contextmanager
from dataclasses import replace

import pytest

from suanli.engine import Limits, Module, Task
from suanli.engine.guest.wasi.abi import Errno, OpenFlags, Rights, WasiError
from suanli.engine.guest.wasi.calls import CALLS, Calls
from suanli.engine.guest.wasi.clock import EPOCH_NS
from suanli.engine.guest.wasi.fuel import FuelPrice, Meter, OutOfFuel
from suanli.engine.guest.wasi.memory import GuestMemory
from suanli.engine.guest.wasi.tree import QuotaExceeded
from suanli.engine.guest.wasi.world import Exited, World

ROOT = 3
FOLLOW = 1
CREAT, DIRECTORY, EXCL, TRUNC = OpenFlags
RW = Rights.FD_READ | Rights.FD_WRITE | Rights.FD_SEEK | Rights.FD_TELL
ALL = (1 << 28) - 1
READING = ALL & ~Rights.FD_WRITE
APPEND = 1
OUT, TEXT, OTHER, BUFFER = 64, 1024, 8192, 16384
FILE, FOLDER, LINK = 4, 3, 7


class Guest:
    """Calls functions as a guest does: numbers, and pointers into a memory of 1 MiB."""

    def __init__(self, **task) -> None:
        self.meter = Meter(10**12)
        self.world = World(Task(Module(b""), **task), self.meter)
        self.memory = GuestMemory()
        self.memory.view = memoryview(bytearray(1 << 20))
        self._calls = Calls(self.memory, self.world, self.meter)

    def __call__(self, name: str, *values: int) -> Errno:
        try:
            CALLS[name][1](self._calls, *values)
        except WasiError as error:
            return error.errno
        return Errno.SUCCESS

    def ok(self, name: str, *values: int) -> None:
        assert self(name, *values) is Errno.SUCCESS, name

    def text(self, content: str | bytes, at: int = TEXT) -> tuple[int, int]:
        raw = content.encode() if isinstance(content, str) else content
        self.memory.write(at, raw)
        return at, len(raw)

    def number(self, form: str = "I", at: int = OUT) -> int:
        return struct.unpack_from("<" + form, self.memory.view, at)[0]

    def path(self, name: str, fd: int, path: str, *rest: int) -> Errno:
        return self(name, fd, *self.text(path), *rest)

    def open(self, path: str, how=0, rights=RW, flags=0, fd=ROOT, follow=FOLLOW) -> Errno | int:
        """The new descriptor, or what went wrong as an `Errno`."""
        rest = (how, rights, ALL, flags, OUT)
        errno = self("path_open", fd, follow, *self.text(path), *rest)
        return self.number() if errno is Errno.SUCCESS else errno

    def write(self, fd: int, *parts: bytes) -> Errno:
        return self("fd_write", fd, *self.buffers(parts), OUT)

    def buffers(self, parts) -> tuple[int, int]:
        at = BUFFER + 8 * len(parts)
        for number, part in enumerate(parts):
            self.memory.write(BUFFER + 8 * number, struct.pack("<II", at, len(part)))
            self.memory.write(at, part)
            at += len(part)
        return BUFFER, len(parts)

    def read(self, fd: int, size: int) -> bytes:
        self.memory.write(BUFFER, struct.pack("<II", BUFFER + 8, size))
        self.ok("fd_read", fd, BUFFER, 1, OUT)
        return self.memory.read(BUFFER + 8, self.number())

    def stat(self, path: str, follow: int = FOLLOW) -> tuple[int, ...] | Errno:
        """(device, inode, type, links, size, three times) or what went wrong."""
        errno = self("path_filestat_get", ROOT, follow, *self.text(path), BUFFER)
        if errno is not Errno.SUCCESS:
            return errno
        return struct.unpack("<QQB7xQQQQQ", self.memory.read(BUFFER, 64))

    def kind(self, path: str, follow: int = FOLLOW) -> int | Errno:
        stat = self.stat(path, follow)
        return stat[2] if isinstance(stat, tuple) else stat

    def list(self, fd: int, size: int = 4096, cookie: int = 0) -> list[tuple[str, int]]:
        """(name, type) of all entries, read in pages of `size` bytes."""
        found = []
        while True:
            self.ok("fd_readdir", fd, BUFFER, size, cookie, OUT)
            page = self.memory.read(BUFFER, self.number())
            at, before = 0, len(found)
            while at + 24 <= len(page):
                following, _, length, kind = struct.unpack_from("<QQIB", page, at)
                if at + 24 + length > len(page):
                    break
                found.append((page[at + 24 : at + 24 + length].decode(), kind))
                cookie = following
                at += 24 + length
            if len(page) < size:
                return found
            assert len(found) > before, "a page must hold an entry to get on"

    def make(self, path: str, content: bytes = b"") -> None:
        fd = self.open(path, CREAT | TRUNC)
        self.write(fd, content)
        self.ok("fd_close", fd)


@pytest.fixture
def guest() -> Guest:
    return Guest(
        args=("one", "zwei ü"),
        env={"B": "2", "A": "1"},
        stdin=b"standard input",
        inputs={"inputs/data.csv": b"0123456789", "inputs/deep/er": b"x", "top": b"t"},
    )


def test_all_46_functions_are_there():
    assert len(CALLS) == 46
    assert all(set(types) <= set("iIs") for types, _ in CALLS.values())


class TestTimes:
    """Accessed, modified, changed: by the virtual clock, which these guests move themselves."""

    START = EPOCH_NS

    @pytest.fixture
    def later(self, guest):
        """Let nanoseconds pass; the time it is then, as files see it."""

        def later(nanoseconds: int = 1_000) -> int:
            guest.meter.charge(nanoseconds)
            return EPOCH_NS + guest.meter.used

        return later

    def times(self, guest, path: str, follow: int = FOLLOW) -> tuple[int, ...]:
        return guest.stat(path, follow)[5:]

    def now(self, guest) -> int:
        return EPOCH_NS + guest.meter.used

    @pytest.mark.parametrize("path", [".", "top", "inputs", "inputs/data.csv"])
    def test_what_was_there_is_from_the_start(self, guest, later, path):
        later()
        assert self.times(guest, path) == (self.START, self.START, self.START)

    @pytest.mark.parametrize("fd", [0, 1, 2])
    def test_streams_are_from_the_start_and_take_other_times(self, guest, fd):
        guest.ok("fd_filestat_get", fd, BUFFER)
        assert struct.unpack("<QQQ", guest.memory.read(BUFFER + 40, 24)) == (self.START,) * 3
        guest.ok("fd_filestat_set_times", fd, 5, 6, 1 | 4)
        guest.ok("fd_filestat_get", fd, BUFFER)
        assert struct.unpack("<QQ", guest.memory.read(BUFFER + 40, 16)) == (5, 6)

    def test_making_a_file_is_seen_in_its_folder(self, guest, later):
        later()
        guest.make("inputs/new")
        made = self.times(guest, "inputs/new")
        assert self.START < made[0] == made[1] == made[2] <= self.now(guest)
        assert self.times(guest, "inputs") == (self.START, made[1], made[1])
        assert self.times(guest, ".") == (self.START,) * 3

    @pytest.mark.parametrize(
        ("call", "rest"),
        [
            ("fd_filestat_set_size", (1,)),
            ("fd_filestat_set_size", (20,)),
            ("fd_allocate", (0, 20)),
        ],
    )
    def test_another_size_is_a_modification(self, guest, later, call, rest):
        fd = guest.open("inputs/data.csv", rights=ALL)
        later()
        guest.ok(call, fd, *rest)
        assert self.START < (end := self.times(guest, "inputs/data.csv"))[1] <= self.now(guest)
        assert end == (self.START, end[1], end[1])

    def test_writing_is_a_modification_and_reading_an_access(self, guest, later):
        fd = guest.open("top", rights=ALL)
        later()
        assert guest.write(fd, b"xy") is Errno.SUCCESS
        written = self.times(guest, "top")
        assert written == (self.START, written[1], written[1])
        assert written[1] > self.START
        later()
        guest.ok("fd_seek", fd, 0, 0, OUT)
        guest.read(fd, 2)
        read = self.times(guest, "top")
        assert written[1] < read[0] <= self.now(guest)
        assert read[1:] == written[1:]

    def test_listing_and_reading_links_are_accesses(self, guest, later):
        guest.ok("path_symlink", *guest.text("top"), ROOT, *guest.text("link", OTHER))
        made = self.times(guest, "link", 0)
        at = later()
        guest.list(guest.open("inputs", DIRECTORY, Rights.FD_READDIR))
        assert at <= self.times(guest, "inputs")[0]
        assert guest.path("path_readlink", ROOT, "link", BUFFER, 64, OUT) is Errno.SUCCESS
        read = self.times(guest, "link", 0)
        assert made[0] < at <= read[0]
        assert read[1:] == made[1:]

    def test_other_names_change_the_file_and_modify_the_folders(self, guest, later):
        guest.ok("path_create_directory", ROOT, *guest.text("to"))
        at = later()
        old, new = guest.text("top"), guest.text("to/top", OTHER)
        guest.ok("path_rename", ROOT, *old, ROOT, *new)
        moved = self.times(guest, "to/top")
        assert moved[:2] == (self.START, self.START)
        assert moved[2] == self.times(guest, ".")[1] == self.times(guest, "to")[1] >= at
        at = later()
        guest.ok("path_link", ROOT, 0, *guest.text("to/top"), ROOT, *guest.text("two", OTHER))
        assert self.times(guest, "two")[2] == self.times(guest, ".")[1] >= at
        at = later()
        guest.ok("path_unlink_file", ROOT, *guest.text("two"))
        assert self.times(guest, "to/top")[2] == self.times(guest, ".")[1] >= at

    def test_they_are_set_and_read_back(self, guest, later):
        fd = guest.open("top", rights=ALL)
        at = later()
        guest.ok("fd_filestat_set_times", fd, 7, 8, 1)
        accessed, modified, changed = self.times(guest, "top")
        assert (accessed, modified) == (7, self.START)
        assert changed >= at
        guest.ok("fd_filestat_set_times", fd, 9, 8, 4)
        assert self.times(guest, "top")[:2] == (7, 8)
        guest.ok("path_filestat_set_times", ROOT, FOLLOW, *guest.text("top"), 2**64 - 1, 0, 1 | 4)
        assert self.times(guest, "top")[:2] == (2**64 - 1, 0)
        at = later()
        guest.ok("path_filestat_set_times", ROOT, FOLLOW, *guest.text("top"), 5, 5, 2)
        accessed, modified, _ = self.times(guest, "top")
        assert (accessed >= at, modified) == (True, 0)
        guest.ok("fd_filestat_set_times", fd, 5, 5, 2 | 8)
        now = self.times(guest, "top")
        assert now[0] == now[1] == now[2] >= at

    def test_directories_have_them_too(self, guest):
        fd = guest.open("inputs", DIRECTORY, READING)
        guest.ok("fd_filestat_set_times", fd, 5, 6, 1 | 4)
        assert self.times(guest, "inputs")[:2] == (5, 6)

    def test_of_a_link_or_of_what_it_leads_to(self, guest):
        guest.ok("path_symlink", *guest.text("top"), ROOT, *guest.text("link", OTHER))
        guest.ok("path_filestat_set_times", ROOT, 0, *guest.text("link"), 0, 5, 4)
        assert self.times(guest, "link", 0)[1] == 5
        assert self.times(guest, "top")[1] == self.START
        guest.ok("path_filestat_set_times", ROOT, FOLLOW, *guest.text("link"), 0, 6, 4)
        assert self.times(guest, "link", 0)[1] == 5
        assert self.times(guest, "top")[1] == 6

    @pytest.mark.parametrize("flags", [3, 12, 3 | 4, 1 | 12, 15, 16])
    def test_contradictions_change_nothing(self, guest, flags):
        fd = guest.open("top", rights=ALL)
        assert guest("fd_filestat_set_times", fd, 5, 5, flags) is Errno.INVAL
        errno = guest("path_filestat_set_times", ROOT, 0, *guest.text("top"), 5, 5, flags)
        assert errno is Errno.INVAL
        assert self.times(guest, "top") == (self.START,) * 3

    def test_they_need_their_rights(self, guest):
        fd = guest.open("top", rights=ALL & ~Rights.FD_FILESTAT_SET_TIMES)
        assert guest("fd_filestat_set_times", fd, 5, 5, 1) is Errno.NOTCAPABLE
        missing = guest("path_filestat_set_times", ROOT, 0, *guest.text("none"), 5, 5, 1)
        assert missing is Errno.NOENT


class TestDirectoriesAreNotWritten:
    @pytest.mark.parametrize("how", [0, DIRECTORY])
    @pytest.mark.parametrize("path", [".", "inputs"])
    def test_opening_one_for_writing_fails(self, guest, how, path):
        assert guest.open(path, how, Rights.FD_READ | Rights.FD_WRITE) is Errno.ISDIR
        assert isinstance(guest.open(path, how, Rights.FD_READ | Rights.FD_READDIR), int)

    def test_also_through_a_link(self, guest):
        guest.ok("path_symlink", *guest.text("inputs"), ROOT, *guest.text("link", OTHER))
        assert guest.open("link", DIRECTORY, Rights.FD_WRITE) is Errno.ISDIR

    def test_a_file_opened_as_one_is_told_first(self, guest):
        assert guest.open("top", DIRECTORY, Rights.FD_WRITE) is Errno.NOTDIR


class TestFolders:
    """Those that are there when a task begins."""

    def test_they_are_empty_and_take_files(self):
        guest = Guest(dirs=("out", "deep/er"), inputs={"deep/file": b""})
        assert [guest.kind("out"), guest.kind("deep/er")] == [FOLDER, FOLDER]
        assert guest.list(guest.open("out", DIRECTORY, Rights.FD_READDIR)) == [
            (".", FOLDER),
            ("..", FOLDER),
        ]
        guest.make("out/x.csv", b"1")
        assert guest.world.outputs() == {"out/x.csv": b"1"}

    def test_they_leave_nothing_and_count_for_nothing(self):
        guest = Guest(dirs=("a", "b/c"), limits=Limits(files=0))
        assert guest.world.outputs() == {}
        guest.ok("path_remove_directory", ROOT, *guest.text("a"))
        assert guest.kind("a") is Errno.NOENT


class TestNoSockets:
    CALLS = tuple(name for name in CALLS if name.startswith("sock_"))

    @pytest.mark.parametrize("name", CALLS)
    def test_there_are_none(self, guest, name):
        for fd in (0, 1, ROOT, guest.open("top")):
            values = [fd] + [0] * (len(CALLS[name][0]) - 1)
            assert guest(name, *values) is Errno.NOTSOCK

    @pytest.mark.parametrize("name", CALLS)
    def test_nor_other_descriptors(self, guest, name):
        assert guest(name, *[420] * len(CALLS[name][0])) is Errno.BADF


class TestArgumentsAndEnvironment:
    @pytest.mark.parametrize(
        ("call", "strings"),
        [
            ("args", [b"task", b"one", "zwei ü".encode()]),
            ("environ", [b"A=1", b"B=2"]),
        ],
    )
    def test_strings_end_with_nul_in_order(self, guest, call, strings):
        guest.ok(f"{call}_sizes_get", OUT, OUT + 4)
        size = sum(len(string) + 1 for string in strings)
        assert (guest.number(), guest.number(at=OUT + 4)) == (len(strings), size)
        guest.ok(f"{call}_get", OUT, BUFFER)
        assert guest.memory.read(BUFFER, size) == b"".join(s + b"\0" for s in strings)
        at = BUFFER
        for number, string in enumerate(strings):
            assert guest.number(at=OUT + 4 * number) == at
            at += len(string) + 1


class TestClocks:
    def test_time_is_fuel_and_never_goes_back(self, guest):
        guest.ok("clock_time_get", 1, 0, OUT)
        before = guest.number("Q")
        guest.meter.charge(12345)
        guest.ok("clock_time_get", 1, 0, OUT)
        assert guest.number("Q") - before == 12345

    def test_realtime_starts_in_2000(self, guest):
        guest.ok("clock_time_get", 0, 0, OUT)
        assert guest.number("Q") == EPOCH_NS + guest.meter.used
        assert EPOCH_NS == 946684800 * 10**9

    @pytest.mark.parametrize("clock", range(4))
    def test_resolution_is_a_nanosecond(self, guest, clock):
        guest.ok("clock_res_get", clock, OUT)
        assert guest.number("Q") == 1

    def test_unknown_clocks(self, guest):
        assert guest("clock_res_get", 4, OUT) is Errno.INVAL
        assert guest("clock_time_get", 4, 0, OUT) is Errno.INVAL


class TestRandom:
    def draw(self, guest, size=32):
        guest.ok("random_get", BUFFER, size)
        return guest.memory.read(BUFFER, size)

    def test_repeats_with_the_task_and_changes_within_it(self):
        one, two = Guest(), Guest()
        first = self.draw(one)
        assert first == self.draw(two)
        assert first != self.draw(one)

    @pytest.mark.parametrize(
        "change",
        [
            {"args": ("a",)},
            {"env": {"A": "b"}},
            {"stdin": b"a"},
            {"inputs": {"a": b"b"}},
            {"seed": b"a"},
        ],
    )
    def test_depends_on_everything_given(self, change):
        assert self.draw(Guest()) != self.draw(Guest(**change))

    def test_does_not_depend_on_limits(self):
        assert self.draw(Guest()) == self.draw(Guest(limits=Limits(files=1)))

    def test_parts_can_not_be_confused(self):
        tasks = [{"args": ("a", "b")}, {"args": ("ab",)}, {"env": {"a": "b"}}, {"seed": b"ab"}]
        assert len({self.draw(Guest(**task)) for task in tasks}) == len(tasks)


class TestPoll:
    def clock(self, userdata, timeout, clock=1, flags=0):
        return struct.pack("<QB7xI4xQQH6x", userdata, 0, clock, timeout, 0, flags)

    def file(self, userdata, kind, fd):
        return struct.pack("<QB7xI28x", userdata, kind, fd)

    def poll(self, guest, *subscriptions):
        guest.memory.write(BUFFER, b"".join(subscriptions))
        guest.ok("poll_oneoff", BUFFER, OTHER, len(subscriptions), OUT)
        raw = guest.memory.read(OTHER, 32 * guest.number())
        return [event[:4] for event in struct.iter_unpack("<QHB5xQH6x", raw)]

    def test_the_earliest_clock_fires_and_time_moves_on(self, guest):
        start = guest.world.clock.now(1)
        events = self.poll(guest, self.clock(7, 10**9), self.clock(8, 5 * 10**9))
        assert events == [(7, 0, 0, 0)]
        assert 10**9 <= guest.world.clock.now(1) - start < 10**9 + 10**6

    def test_absolute_times(self, guest):
        due = EPOCH_NS + 10**12
        assert self.poll(guest, self.clock(1, due, clock=0, flags=1)) == [(1, 0, 0, 0)]
        assert guest.world.clock.now(0) >= due
        now = guest.world.clock.now(1)
        assert self.poll(guest, self.clock(2, 5, flags=1)) == [(2, 0, 0, 0)]
        assert guest.world.clock.now(1) - now < 10**6

    def test_time_stops_at_its_end(self, guest):
        for _ in range(2):
            self.poll(guest, self.clock(1, (1 << 64) - 1))
        guest.ok("clock_time_get", 0, 0, OUT)
        assert guest.number("Q") == (1 << 64) - 1

    def test_files_are_ready_before_any_clock(self, guest):
        start = guest.world.clock.now(1)
        events = self.poll(guest, self.clock(1, 10**9), self.file(2, 1, 0), self.file(3, 2, 1))
        assert events == [(2, 0, 1, len(b"standard input")), (3, 0, 2, 0)]
        assert guest.world.clock.now(1) - start < 10**6

    def test_errors_belong_to_their_subscription(self, guest):
        events = self.poll(guest, self.file(1, 1, 99), self.clock(2, 0, clock=9))
        assert events == [(1, Errno.BADF, 1, 0), (2, Errno.INVAL, 0, 0)]

    def test_nothing_to_wait_for(self, guest):
        assert guest("poll_oneoff", BUFFER, OTHER, 0, OUT) is Errno.INVAL


class TestProcess:
    def test_exit(self, guest):
        with pytest.raises(Exited) as caught:
            guest("proc_exit", 0xFFFFFFFF)
        assert caught.value.code == 0xFFFFFFFF

    def test_signals_are_not_there_and_yielding_does_nothing(self, guest):
        assert guest("proc_raise", 9) is Errno.NOSYS
        guest.ok("sched_yield")


class TestDescriptors:
    def test_the_root_is_the_only_preopen(self, guest):
        guest.ok("fd_prestat_get", ROOT, OUT)
        assert (guest.memory.view[OUT], guest.number(at=OUT + 4)) == (0, 1)
        guest.ok("fd_prestat_dir_name", ROOT, BUFFER, 1)
        assert guest.memory.read(BUFFER, 1) == b"/"
        assert guest("fd_prestat_dir_name", ROOT, BUFFER, 0) is Errno.NAMETOOLONG
        for fd in (0, 1, 2, 4):
            assert guest("fd_prestat_get", fd, OUT) is Errno.BADF

    def test_standard_streams_are_pipes(self, guest):
        for fd, rights in ((0, Rights.FD_READ), (1, Rights.FD_WRITE), (2, Rights.FD_WRITE)):
            guest.ok("fd_fdstat_get", fd, OUT)
            assert guest.memory.view[OUT] == 0
            both = Rights.FD_READ | Rights.FD_WRITE
            assert guest.number("Q", OUT + 8) & both == rights
            assert guest("fd_seek", fd, 0, 0, OUT) is Errno.SPIPE
            assert guest("fd_tell", fd, OUT) is Errno.SPIPE
        assert guest.read(0, 8) == b"standard"
        assert guest.read(0, 100) == b" input"
        assert guest.read(0, 100) == b""
        assert guest.write(0, b"x") is Errno.NOTCAPABLE
        guest.ok("fd_write", 1, *guest.buffers([b"out", b"", b"put"]), OUT)
        assert guest.number() == 6
        assert guest.world.stdout.data == b"output"

    def test_the_lowest_number_is_given_out(self, guest):
        assert [guest.open("top"), guest.open("top"), guest.open("top")] == [4, 5, 6]
        guest.ok("fd_close", 5)
        guest.ok("fd_close", 0)
        assert [guest.open("top"), guest.open("top")] == [0, 5]
        assert guest("fd_close", 77) is Errno.BADF

    def test_there_are_only_so_many(self, guest):
        while isinstance(fd := guest.open("top"), int) and not isinstance(fd, Errno):
            last = fd
        assert (last, fd) == (1023, Errno.MFILE)
        assert guest.open("new", CREAT) is Errno.MFILE
        assert guest.kind("new") is Errno.NOENT
        for number in (900, 7, 500):
            guest.ok("fd_close", number)
        assert [guest.open("top") for _ in range(4)] == [7, 500, 900, Errno.MFILE]

    def test_renumbering_replaces(self, guest):
        one, other = guest.open("top"), guest.open("inputs/data.csv")
        guest.ok("fd_renumber", one, other)
        assert guest.read(other, 9) == b"t"
        assert guest("fd_close", one) is Errno.BADF
        assert guest("fd_renumber", other, 50) is Errno.BADF
        guest.ok("fd_renumber", other, other)

    def test_rights_only_shrink(self, guest):
        fd = guest.open("top")
        guest.ok("fd_fdstat_set_rights", fd, Rights.FD_READ, 0)
        assert guest.write(fd, b"x") is Errno.NOTCAPABLE
        assert guest("fd_fdstat_set_rights", fd, RW, 0) is Errno.NOTCAPABLE
        assert guest.open("top", rights=1 << 40) is Errno.NOTCAPABLE

    @pytest.mark.parametrize("name", [n for n, (t, _) in CALLS.items() if n.startswith("fd_")])
    def test_unknown_descriptors(self, guest, name):
        zeros = [0] * (len(CALLS[name][0]) - 1)
        assert guest(name, 99, *zeros) is Errno.BADF

    @pytest.mark.parametrize("name", [n for n in CALLS if n.startswith("path_")])
    def test_paths_below_unknown_descriptors(self, guest, name):
        guest.text("top", at=0)
        values = [3 if t == "i" else 0 for t in CALLS[name][0]]
        values[2 if name == "path_symlink" else 0] = 99
        assert guest(name, *values) is Errno.BADF

    @pytest.mark.parametrize("name", [n for n in CALLS if n.startswith("path_")])
    def test_paths_below_a_file(self, guest, name):
        fd = guest.open("top", rights=0)
        # Whoever gives a file the rights of a directory still has a file.
        guest.world.descriptor(fd).rights = ALL
        guest.text("top", at=0)
        values = [3 if t == "i" else 0 for t in CALLS[name][0]]
        values[2 if name == "path_symlink" else 0] = fd
        assert guest(name, *values) is Errno.NOTDIR


class TestContents:
    def test_reading_moves_on_and_scatters(self, guest):
        fd = guest.open("inputs/data.csv")
        guest.memory.write(BUFFER, struct.pack("<IIIIII", 9000, 3, 9100, 0, 9200, 4))
        guest.ok("fd_read", fd, BUFFER, 3, OUT)
        assert guest.number() == 7
        assert guest.memory.read(9000, 3) + guest.memory.read(9200, 4) == b"0123456"
        assert guest.read(fd, 100) == b"789"
        assert guest.read(fd, 100) == b""

    def test_reading_and_writing_at_a_place_does_not_move(self, guest):
        fd = guest.open("inputs/data.csv")
        guest.memory.write(BUFFER, struct.pack("<II", 9000, 4))
        guest.ok("fd_pread", fd, BUFFER, 1, 8, OUT)
        assert (guest.number(), guest.memory.read(9000, 2)) == (2, b"89")
        guest.ok("fd_pread", fd, BUFFER, 1, 1 << 60, OUT)
        assert guest.number() == 0
        guest.ok("fd_pwrite", fd, *guest.buffers([b"AB"]), 3, OUT)
        assert guest.read(fd, 10) == b"012AB56789"
        assert guest("fd_pread", 0, BUFFER, 1, 0, OUT) is Errno.NOTCAPABLE

    def test_seeking(self, guest):
        fd = guest.open("inputs/data.csv")
        for delta, whence, expected in [(4, 0, 4), (3, 1, 7), (-2, 1, 5), (-1, 2, 9), (5, 2, 15)]:
            guest.ok("fd_seek", fd, delta, whence, OUT)
            assert guest.number("Q") == expected
        guest.ok("fd_tell", fd, OUT)
        assert guest.number("Q") == 15
        assert guest.read(fd, 5) == b""
        assert guest("fd_seek", fd, -1, 0, OUT) is Errno.INVAL
        assert guest("fd_seek", fd, 0, 3, OUT) is Errno.INVAL
        assert guest("fd_seek", fd, 1 << 50, 0, OUT) is Errno.FBIG
        assert guest("fd_seek", ROOT, 1, 0, OUT) is Errno.NOTCAPABLE

    def test_writing_after_the_end_fills_with_zeros(self, guest):
        fd = guest.open("new", CREAT)
        guest.ok("fd_seek", fd, 3, 0, OUT)
        guest.write(fd, b"x")
        assert guest.world.outputs() == {"new": b"\0\0\0x"}

    def test_appending_ignores_the_place(self, guest):
        fd = guest.open("inputs/data.csv", rights=ALL, flags=APPEND)
        guest.ok("fd_seek", fd, 2, 0, OUT)
        guest.write(fd, b"AB")
        guest.ok("fd_tell", fd, OUT)
        assert guest.number("Q") == 12
        guest.ok("fd_fdstat_get", fd, OUT)
        assert guest.number("H", OUT + 2) == APPEND
        guest.ok("fd_fdstat_set_flags", fd, 0)
        guest.ok("fd_seek", fd, 0, 0, OUT)
        guest.write(fd, b"cd")
        assert guest.world.outputs() == {"inputs/data.csv": b"cd23456789AB"}
        assert guest("fd_fdstat_set_flags", fd, 64) is Errno.INVAL

    def test_sizes(self, guest):
        fd = guest.open("inputs/data.csv", rights=ALL)
        guest.ok("fd_filestat_set_size", fd, 4)
        guest.ok("fd_allocate", fd, 2, 4)
        assert guest.world.outputs() == {"inputs/data.csv": b"0123\0\0"}
        guest.ok("fd_allocate", fd, 0, 1)
        guest.ok("fd_filestat_get", fd, BUFFER)
        assert struct.unpack("<QQB7xQQQQQ", guest.memory.read(BUFFER, 64))[2:5] == (FILE, 1, 6)
        assert guest("fd_allocate", fd, 0, 0) is Errno.INVAL
        assert guest("fd_filestat_set_size", fd, 1 << 60) is Errno.FBIG

    def test_syncing_and_advice_do_nothing(self, guest):
        fd = guest.open("top", rights=ALL)
        guest.ok("fd_sync", fd)
        guest.ok("fd_datasync", fd)
        guest.ok("fd_advise", fd, 0, 0, 5)
        assert guest("fd_advise", fd, 0, 0, 6) is Errno.INVAL

    def test_a_file_without_a_name_lives_until_it_is_closed(self, guest):
        fd = guest.open("new", CREAT)
        guest.write(fd, b"abc")
        guest.ok("path_unlink_file", ROOT, *guest.text("new"))
        guest.ok("fd_seek", fd, 0, 0, OUT)
        assert guest.read(fd, 5) == b"abc"
        assert guest.world.outputs() == {}

    def test_too_many_buffers(self, guest):
        assert guest("fd_write", 1, BUFFER, 1025, OUT) is Errno.INVAL


class TestOpening:
    def test_creating(self, guest):
        assert guest.open("new") is Errno.NOENT
        assert guest.open("new", CREAT) == 4
        assert guest.open("new", CREAT | EXCL) is Errno.EXIST
        assert guest.open("no/new", CREAT) is Errno.NOENT
        assert guest.open("top/new", CREAT) is Errno.NOTDIR
        assert guest.open("new2/", CREAT) is Errno.ISDIR
        assert guest.open("new2", CREAT | DIRECTORY) is Errno.INVAL

    def test_truncating(self, guest):
        guest.open("top", TRUNC)
        assert guest.world.outputs() == {"top": b""}

    def test_directories(self, guest):
        assert guest.open("top", DIRECTORY) is Errno.NOTDIR
        assert guest.open("top/") is Errno.NOTDIR
        assert guest.open("inputs") is Errno.ISDIR
        assert guest.open("inputs", rights=Rights.FD_READ) == 4
        assert guest.open("inputs/", DIRECTORY, rights=READING) == 5
        assert guest.open("inputs", CREAT) is Errno.ISDIR

    def test_reading_a_directory_as_a_file(self, guest):
        fd = guest.open("inputs", DIRECTORY, rights=READING)
        assert guest("fd_read", fd, BUFFER, 0, OUT) is Errno.NOTCAPABLE

    def test_paths_are_relative_to_their_descriptor(self, guest):
        fd = guest.open("inputs", DIRECTORY, rights=READING)
        assert guest.read(guest.open("data.csv", fd=fd), 2) == b"01"
        assert guest.open("../top", fd=fd) is Errno.PERM
        assert guest.open("deep/../../top", fd=fd) is Errno.PERM

    def test_reading_needs_the_right_to_read(self, guest):
        fd = guest.open("top", rights=Rights.FD_WRITE)
        assert guest("fd_read", fd, BUFFER, 0, OUT) is Errno.NOTCAPABLE

    def test_unknown_flags(self, guest):
        assert guest.open("top", 16) is Errno.INVAL
        assert guest.open("top", flags=32) is Errno.INVAL


class TestPaths:
    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            ("inputs/data.csv", FILE),
            ("./inputs//data.csv", FILE),
            ("inputs/./deep/../data.csv", FILE),
            ("inputs/..", FOLDER),
            ("inputs/../inputs/", FOLDER),
            (".", FOLDER),
            ("..", Errno.PERM),
            ("inputs/../../top", Errno.PERM),
            ("/top", Errno.PERM),
            ("", Errno.NOENT),
            ("missing/../top", Errno.NOENT),
            ("top/..", Errno.NOTDIR),
            ("top/", Errno.NOTDIR),
            ("missing", Errno.NOENT),
            ("top\0", Errno.ILSEQ),
            ("a" * 256, Errno.NAMETOOLONG),
            ("a/" * 2049, Errno.NAMETOOLONG),
        ],
    )
    def test_resolution(self, guest, path, expected):
        assert guest.kind(path) == expected

    def test_names_must_be_unicode(self, guest):
        errno = guest("path_filestat_get", ROOT, 0, *guest.text(b"\xff"), BUFFER)
        assert errno is Errno.ILSEQ

    def test_making_and_removing_directories(self, guest):
        assert guest.path("path_create_directory", ROOT, "new/") is Errno.SUCCESS
        assert guest.path("path_create_directory", ROOT, "new/er") is Errno.SUCCESS
        assert guest.path("path_create_directory", ROOT, "new") is Errno.EXIST
        assert guest.path("path_create_directory", ROOT, "no/no") is Errno.NOENT
        assert guest.path("path_remove_directory", ROOT, "new") is Errno.NOTEMPTY
        assert guest.path("path_remove_directory", ROOT, "top") is Errno.NOTDIR
        assert guest.path("path_remove_directory", ROOT, "new/er") is Errno.SUCCESS
        assert guest.path("path_remove_directory", ROOT, "new") is Errno.SUCCESS
        assert guest.path("path_remove_directory", ROOT, "new") is Errno.NOENT
        assert guest.path("path_remove_directory", ROOT, ".") is Errno.INVAL

    def test_nothing_is_made_in_a_removed_directory(self, guest):
        guest.path("path_create_directory", ROOT, "new")
        fd = guest.open("new", DIRECTORY, rights=READING)
        guest.path("path_remove_directory", ROOT, "new")
        assert guest.open("x", CREAT, fd=fd) is Errno.NOENT
        assert [name for name, _ in guest.list(fd)] == [".", ".."]

    def test_unlinking(self, guest):
        assert guest.path("path_unlink_file", ROOT, "inputs") is Errno.ISDIR
        assert guest.path("path_unlink_file", ROOT, "top/") is Errno.NOTDIR
        assert guest.path("path_unlink_file", ROOT, "top") is Errno.SUCCESS
        assert guest.path("path_unlink_file", ROOT, "top") is Errno.NOENT

    def rename(self, guest, old, new):
        return guest("path_rename", ROOT, *guest.text(old), ROOT, *guest.text(new, OTHER))

    def test_renaming(self, guest):
        guest.path("path_create_directory", ROOT, "empty")
        assert self.rename(guest, "top", "inputs/data.csv") is Errno.SUCCESS
        assert guest.world.outputs() == {"inputs/data.csv": b"t"}
        assert self.rename(guest, "top", "x") is Errno.NOENT
        assert self.rename(guest, "inputs", "inputs/deep/in") is Errno.INVAL
        assert self.rename(guest, "empty", "inputs") is Errno.NOTEMPTY
        assert self.rename(guest, "inputs/data.csv", "empty") is Errno.ISDIR
        assert self.rename(guest, "empty", "inputs/data.csv") is Errno.NOTDIR
        assert self.rename(guest, "inputs", "empty") is Errno.SUCCESS
        assert self.rename(guest, "empty", "empty") is Errno.SUCCESS
        assert guest.kind("empty/deep/er") == FILE
        assert self.rename(guest, "empty/data.csv", "y/") is Errno.NOTDIR
        assert self.rename(guest, "empty", "moved/") is Errno.SUCCESS

    def link(self, guest, old, new, follow=0):
        texts = guest.text(old), guest.text(new, OTHER)
        return guest("path_link", ROOT, follow, *texts[0], ROOT, *texts[1])

    def test_hard_links_share_their_content(self, guest):
        assert self.link(guest, "top", "second") is Errno.SUCCESS
        assert guest.stat("top")[3] == 2
        guest.write(guest.open("second"), b"NEW")
        assert guest.world.outputs() == {"second": b"NEW", "top": b"NEW"}
        assert self.link(guest, "top", "second") is Errno.EXIST
        assert self.link(guest, "inputs", "third") is Errno.PERM
        assert self.link(guest, "missing", "third") is Errno.NOENT

    def symlink(self, guest, target, path):
        return guest("path_symlink", *guest.text(target), ROOT, *guest.text(path, OTHER))

    def test_symbolic_links(self, guest):
        assert self.symlink(guest, "inputs", "dir") is Errno.SUCCESS
        assert self.symlink(guest, "../top", "inputs/up") is Errno.SUCCESS
        assert guest.kind("dir", follow=0) == LINK
        assert guest.kind("dir") == FOLDER
        assert guest.kind("dir/", follow=0) == FOLDER
        assert guest.read(guest.open("dir/up"), 9) == b"t"
        assert guest.open("dir/up", follow=0) is Errno.LOOP
        assert self.symlink(guest, "x", "dir") is Errno.EXIST
        assert self.symlink(guest, "/top", "abs") is Errno.PERM
        assert self.symlink(guest, "", "empty") is Errno.NOENT

    def test_symbolic_links_do_not_leave_the_root(self, guest):
        self.symlink(guest, "../../etc/passwd", "out")
        assert guest.open("out") is Errno.PERM
        fd = guest.open("inputs", DIRECTORY, rights=READING)
        self.symlink(guest, "../top", "inputs/up")
        assert guest.open("up", fd=fd) is Errno.PERM

    def test_a_link_to_nothing(self, guest):
        self.symlink(guest, "later", "dangling")
        assert guest.open("dangling") is Errno.NOENT
        assert guest.open("dangling", CREAT | EXCL) is Errno.EXIST
        guest.write(guest.open("dangling", CREAT), b"now")
        assert guest.world.outputs() == {"later": b"now"}

    def test_links_in_a_circle(self, guest):
        self.symlink(guest, "b", "a")
        self.symlink(guest, "a", "b")
        assert guest.open("a") is Errno.LOOP
        assert guest.kind("a/x") is Errno.LOOP

    def test_reading_a_link(self, guest):
        self.symlink(guest, "some/where", "a")
        guest.ok("path_readlink", ROOT, *guest.text("a"), BUFFER, 100, OUT)
        assert guest.memory.read(BUFFER, guest.number()) == b"some/where"
        guest.ok("path_readlink", ROOT, *guest.text("a"), BUFFER, 4, OUT)
        assert guest.memory.read(BUFFER, guest.number()) == b"some"
        errno = guest("path_readlink", ROOT, *guest.text("top"), BUFFER, 4, OUT)
        assert errno is Errno.INVAL


class TestListing:
    def test_sorted_after_dot_and_dot_dot(self, guest):
        for name in ("b", "B", "a", "é", "_"):
            guest.make(name)
        names = [".", "..", "B", "_", "a", "b", "inputs", "top", "é"]
        assert [name for name, _ in guest.list(ROOT)] == names
        assert dict(guest.list(ROOT))["inputs"] == FOLDER

    @pytest.mark.parametrize("size", [40, 64, 100, 1000])
    def test_pages_of_any_size_give_the_same(self, guest, size):
        for number in range(30):
            guest.make(f"file-{number}")
        assert guest.list(ROOT, size) == guest.list(ROOT)

    def test_reading_on_sees_the_directory_as_it_was(self, guest):
        first = guest.list(ROOT)
        guest.make("aaa")
        assert guest.list(ROOT, cookie=2) == first[2:]
        assert len(guest.list(ROOT)) == len(first) + 1

    def test_a_cookie_from_nowhere(self, guest):
        assert guest.list(ROOT, cookie=1 << 63) == []


class TestOutputs:
    def test_only_what_was_made_or_changed(self, guest):
        guest.open("top")
        guest.make("new", b"1")
        guest.write(guest.open("inputs/data.csv"), b"X")
        guest.path("path_create_directory", ROOT, "folder")
        assert guest.world.outputs() == {"inputs/data.csv": b"X123456789", "new": b"1"}

    def test_what_is_moved_comes_out_under_its_new_name(self, guest):
        guest("path_rename", ROOT, *guest.text("inputs"), ROOT, *guest.text("out", OTHER))
        assert guest.world.outputs() == {"out/data.csv": b"0123456789", "out/deep/er": b"x"}


class TestQuotas:
    LIMITS = replace(Limits(), files=3, file_bytes=10, stdout_bytes=5)

    def test_entries_count_while_they_exist(self):
        guest = Guest(limits=self.LIMITS)
        for _ in range(10):
            guest.make("a")
            guest.ok("path_unlink_file", ROOT, *guest.text("a"))
        for name in "abc":
            guest.make(name)
        with pytest.raises(QuotaExceeded, match="files"):
            guest.make("d")

    def test_every_kind_of_entry_counts(self):
        guest = Guest(limits=self.LIMITS)
        guest.path("path_create_directory", ROOT, "a")
        guest("path_symlink", *guest.text("a"), ROOT, *guest.text("b", OTHER))
        guest.make("c")
        with pytest.raises(QuotaExceeded, match="files"):
            guest("path_link", ROOT, 0, *guest.text("c"), ROOT, *guest.text("d", OTHER))

    def test_bytes_count_while_they_exist(self):
        guest = Guest(limits=self.LIMITS)
        for _ in range(5):
            guest.make("a", b"12345678")
            guest.ok("path_unlink_file", ROOT, *guest.text("a"))
        guest.make("a", b"0123456789")
        with pytest.raises(QuotaExceeded, match="file_bytes"):
            guest.make("b", b"1")

    def test_an_input_counts_from_its_first_change(self):
        guest = Guest(limits=self.LIMITS, inputs={"big": bytes(11), "small": bytes(10)})
        guest.write(guest.open("small"), b"1")
        with pytest.raises(QuotaExceeded, match="file_bytes"):
            guest.write(guest.open("big"), b"1")

    def test_hard_links_do_not_multiply_outputs(self):
        guest = Guest(limits=self.LIMITS)
        guest.make("a", b"123456")
        guest("path_link", ROOT, 0, *guest.text("a"), ROOT, *guest.text("b", OTHER))
        with pytest.raises(QuotaExceeded, match="file_bytes"):
            guest.world.outputs()

    def test_directories_nest_only_so_deep(self):
        guest = Guest()
        fd, depth = ROOT, 0
        while (errno := guest.path("path_create_directory", fd, "d")) is Errno.SUCCESS:
            fd = guest.open("d", DIRECTORY, rights=READING, fd=fd)
            depth += 1
        assert (errno, depth) == (Errno.NAMETOOLONG, 255)

    def test_a_stream_takes_all_or_nothing(self):
        guest = Guest(limits=self.LIMITS)
        guest.write(1, b"123")
        with pytest.raises(QuotaExceeded, match="stdout_bytes"):
            guest.write(1, b"456")
        assert guest.world.stdout.data == b"123"


class TestFuel:
    def cost(self, guest, *call):
        before = guest.meter.left
        guest(*call)
        return before - guest.meter.left

    def test_bytes_moved(self, guest):
        fd = guest.open("new", CREAT)
        guest.buffers([bytes(1000)])
        write = self.cost(guest, "fd_write", fd, BUFFER, 1, OUT)
        assert write == FuelPrice.BUFFER + 2 * 1000 * FuelPrice.BYTE
        assert self.cost(guest, "fd_pread", fd, BUFFER, 1, 0, OUT) == FuelPrice.BUFFER + 1000

    def test_random_bytes_paths_and_entries(self, guest):
        assert self.cost(guest, "random_get", BUFFER, 100) == 100 * FuelPrice.RANDOM_BYTE
        path = guest.text("inputs/data.csv")
        stat = self.cost(guest, "path_filestat_get", ROOT, 0, *path, OUT)
        assert stat == 15 * FuelPrice.PATH_BYTE
        # Four entries, of which two are hidden, to sort, and four to hand out.
        assert self.cost(guest, "fd_readdir", ROOT, BUFFER, 999, 0, OUT) == 8 * FuelPrice.ENTRY

    def test_work_is_paid_before_it_is_done(self, guest):
        guest.meter.left = 1000
        with pytest.raises(OutOfFuel):
            guest("random_get", BUFFER, 1 << 19)
        assert guest.meter.left == 0


class TestPointers:
    @pytest.mark.parametrize("name", CALLS)
    def test_pointers_outside_memory_are_faults(self, guest, name):
        """With every number at its largest, no call does anything but fail."""
        values = [(1 << 32) - 1 if t == "i" else 0 for t in CALLS[name][0]]
        before = bytes(guest.memory.view)
        if name in ("proc_exit", "sched_yield"):
            return
        try:
            assert guest(name, *values) is not Errno.SUCCESS
        except OutOfFuel:
            assert name in ("poll_oneoff", "random_get")
        assert bytes(guest.memory.view) == before

    @pytest.mark.parametrize(
        "call",
        [
            ("args_get", 0, 1 << 20),
            ("clock_time_get", 0, 0, (1 << 20) - 7),
            ("fd_read", 0, 1 << 20, 1, OUT),
            ("fd_filestat_get", ROOT, (1 << 20) - 63),
            ("fd_readdir", ROOT, (1 << 20) - 10, 11, 0, OUT),
            ("random_get", (1 << 20) - 10, 11),
            ("path_filestat_get", ROOT, 0, (1 << 20) - 1, 2, OUT),
        ],
    )
    def test_at_the_edge(self, guest, call):
        assert guest(*call) is Errno.FAULT


class TestHostMemory:
    """What a call makes the host hold is bounded, whatever the guest's limits."""

    BIG = (1 << 20) - BUFFER - 8 * 1024

    @contextmanager
    def at_most(self, size):
        tracemalloc.start()
        try:
            yield
            assert tracemalloc.get_traced_memory()[1] < size
        finally:
            tracemalloc.stop()

    def overlapping(self, guest, count=1024):
        """Buffers that are all the same, nearly all of the memory: 1 GB together."""
        start = BUFFER + 8 * 1024
        guest.memory.write(BUFFER, struct.pack("<II", start, self.BIG) * count)
        return BUFFER, count

    def test_a_write_above_its_quota_is_never_gathered(self, guest):
        with self.at_most(1 << 20), pytest.raises(QuotaExceeded, match="stdout_bytes"):
            guest("fd_write", 1, *self.overlapping(guest), OUT)
        fd = guest.open("f", CREAT)
        with self.at_most(1 << 20), pytest.raises(QuotaExceeded, match="file_bytes"):
            guest("fd_write", fd, *self.overlapping(guest), OUT)
        with self.at_most(1 << 20), pytest.raises(QuotaExceeded, match="file_bytes"):
            guest("fd_pwrite", fd, *self.overlapping(guest), 0, OUT)
        assert guest.world.stdout.data == b""

    def test_overlapping_buffers_within_the_quota(self, guest):
        guest.ok("fd_write", 1, *self.overlapping(guest, 3), OUT)
        assert guest.number() == len(guest.world.stdout.data) == 3 * self.BIG

    def test_reading_copies_nothing(self):
        guest = Guest(inputs={"data": b"x" * (8 << 20)})
        fd = guest.open("data", rights=READING)
        with self.at_most(1 << 20):
            guest.ok("fd_read", fd, *self.overlapping(guest), OUT)
        assert guest.number() == 8 << 20

    @pytest.mark.parametrize("call", ["fd_write", "fd_read"])
    def test_more_bytes_than_a_count_can_say(self, call):
        guest = Guest()
        guest.memory.view = memoryview(bytearray(8 << 20))
        fd = guest.open("f", CREAT)
        guest.memory.write(BUFFER, struct.pack("<II", 0, 8 << 20) * 512)
        assert guest(call, fd, BUFFER, 512, OUT) is Errno.INVAL

    def test_random_bytes_come_in_parts(self, guest):
        with self.at_most(1 << 18):
            guest.ok("random_get", 0, 1 << 20)
        assert len(set(guest.memory.read(0, 1 << 20))) == 256
        assert len({guest.memory.read(at, 16) for at in range(0, 1 << 20, 1 << 14)}) == 64

    def test_more_subscriptions_than_anybody_has_descriptors(self, guest):
        guest.memory.view = memoryview(bytearray(48 * 4097))
        assert guest("poll_oneoff", 0, 0, 4097, OUT) is Errno.INVAL

    def test_listings_of_many_descriptors(self):
        guest = Guest(inputs={f"{number:05}": b"" for number in range(10_000)})
        fds = [guest.open(".", DIRECTORY, Rights.FD_READDIR) for _ in range(100)]
        with self.at_most(2 << 20):
            for fd in fds:
                guest.ok("fd_readdir", fd, BUFFER, 4096, 0, OUT)
        # Forgotten, read anew, and reading on is as before.
        expected = [name for name, _ in guest.list(fds[-1], cookie=40)]
        assert expected[0] == "00038"
        assert [name for name, _ in guest.list(fds[0], cookie=40)] == expected

    def test_a_closed_descriptor_keeps_no_listing(self, guest):
        fd = guest.open(".", DIRECTORY, Rights.FD_READDIR)
        guest.list(fd)
        guest.ok("fd_close", fd)
        assert guest.world.descriptor(ROOT)
        assert guest.world._listings._kept == {}

    def test_what_is_gone_since_is_not_listed(self, guest):
        for name in "bac":
            guest.make(name)
        fd = guest.open(".", DIRECTORY, Rights.FD_READDIR)
        names = [name for name, _ in guest.list(fd, 56)]
        assert names[:4] == [".", "..", "a", "b"]
        guest.ok("path_unlink_file", ROOT, *guest.text("b"))
        assert [name for name, _ in guest.list(fd, cookie=2)][:2] == ["a", "c"]


class TestSystem:
    """`/tmp` and `/dev`, which programs expect to find."""

    DEVICE = 2

    def names(self, guest, path="."):
        return [name for name, _ in guest.list(guest.open(path, DIRECTORY, Rights.FD_READDIR))]

    def test_what_is_left_in_tmp_is_no_output(self, guest):
        guest.make("tmp/a", b"1")
        guest.ok("path_create_directory", ROOT, *guest.text("tmp/sub"))
        guest.make("tmp/sub/b", b"2")
        assert self.names(guest, "tmp") == [".", "..", "a", "sub"]
        assert guest.world.outputs() == {}
        guest.ok("path_rename", ROOT, *guest.text("tmp/sub"), ROOT, *guest.text("kept", OTHER))
        assert guest.world.outputs() == {"kept/b": b"2"}

    def test_tmp_counts(self):
        guest = Guest(limits=Limits(file_bytes=3, files=1))
        guest.make("tmp/a", b"123")
        with pytest.raises(QuotaExceeded, match="file_bytes"):
            guest.write(guest.open("tmp/a", flags=APPEND), b"4")
        with pytest.raises(QuotaExceeded, match="files"):
            guest.open("tmp/b", CREAT)

    def test_they_are_not_listed_and_stay(self, guest):
        assert not {"tmp", "dev"} & set(self.names(guest))
        for name in ("tmp", "dev"):
            there = guest.text(name)
            assert guest("path_create_directory", ROOT, *there) is Errno.EXIST
            assert guest("path_remove_directory", ROOT, *there) is Errno.BUSY
            other = guest.text("other", OTHER)
            assert guest("path_rename", ROOT, *there, ROOT, *other) is Errno.BUSY
            guest("path_create_directory", ROOT, *other)
            assert guest("path_rename", ROOT, *other, ROOT, *there) is Errno.BUSY

    def test_a_folder_of_that_name_that_the_task_brings_is_its_own(self):
        guest = Guest(inputs={"dev/data": b"x"}, dirs=("tmp",))
        assert self.names(guest) == [".", "..", "dev", "tmp"]
        guest.make("tmp/a", b"1")
        guest.make("dev/null", b"2")
        assert guest.world.outputs() == {"dev/null": b"2", "tmp/a": b"1"}

    def test_null_takes_all_and_gives_nothing(self):
        guest = Guest(limits=Limits(file_bytes=0, files=0))
        fd = guest.open("dev/null", CREAT | TRUNC, rights=ALL)
        assert guest.write(fd, b"x" * 1000) is Errno.SUCCESS
        assert guest.number() == 1000
        assert guest("fd_pwrite", fd, *guest.buffers([b"x"]), 5, OUT) is Errno.SUCCESS
        guest.ok("fd_seek", fd, 99, 0, OUT)
        assert guest.number("Q") == 0
        assert guest.read(fd, 10) == b""
        assert guest.stat("dev/null")[2:5] == (self.DEVICE, 1, 0)
        assert guest("fd_filestat_set_size", fd, 0) is Errno.INVAL
        guest.ok("fd_close", fd)
        assert guest.world.outputs() == {}

    def test_null_is_no_terminal(self, guest):
        """C libraries take a device for one unless it can seek."""
        fd = guest.open("dev/null")
        guest.ok("fd_fdstat_get", fd, OUT)
        kind, _, rights, _ = struct.unpack("<BxHxxxxQQ", guest.memory.read(OUT, 24))
        assert kind == self.DEVICE
        assert rights & Rights.FD_SEEK

    def test_urandom_derives_from_the_task(self):
        def first(**task):
            guest = Guest(**task)
            return guest.read(guest.open("dev/urandom", rights=READING), 32)

        assert first() == first() != first(seed=b"other")
        guest = Guest()
        fd = guest.open("dev/urandom", rights=READING)
        assert guest.read(fd, 32) != guest.read(fd, 32)
        guest.memory.write(BUFFER, struct.pack("<II", 0, 1 << 20))
        guest.ok("fd_read", fd, BUFFER, 1, OUT)
        assert guest.number() == 1 << 16

    def test_zero(self, guest):
        assert guest.read(guest.open("dev/zero", rights=READING), 5) == bytes(5)

    def test_devices_can_not_be_changed(self, guest):
        assert self.names(guest, "dev") == [".", "..", "null", "random", "urandom", "zero"]
        null, other = guest.text("dev/null"), guest.text("other", OTHER)
        assert guest("path_unlink_file", ROOT, *null) is Errno.PERM
        assert guest("path_rename", ROOT, *null, ROOT, *other) is Errno.PERM
        assert guest("path_link", ROOT, 0, *null, ROOT, *other) is Errno.PERM
        assert guest.open("dev/null", DIRECTORY, READING) is Errno.NOTDIR
        assert guest.open("dev/new", CREAT) is Errno.PERM
        guest.make("file")
        new = guest.text("dev/new", OTHER)
        assert guest("path_link", ROOT, 0, *guest.text("file"), ROOT, *new) is Errno.PERM
        assert guest("path_rename", ROOT, *guest.text("file"), ROOT, *new) is Errno.PERM
