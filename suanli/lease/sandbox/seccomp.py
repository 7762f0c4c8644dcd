"""Which of the kernel's calls a room's programs have not: those that no usual program needs and
through which kernels were broken into. Podman brings a longer list of its own.

What takes a capability is not listed, since programs have none.
"""

from __future__ import annotations

import os
import platform
import struct
from collections.abc import Iterator

_X86_64 = 0xC000003E
_OTHER_FORM = 0x40000000
"""Numbers of x86-64's 32-bit form begin here."""
_REFUSED = {
    "syslog": 103,
    "modify_ldt": 154,
    "add_key": 248,
    "request_key": 249,
    "keyctl": 250,
    "perf_event_open": 298,
    "name_to_handle_at": 303,
    "open_by_handle_at": 304,
    "bpf": 321,
    "userfaultfd": 323,
}
_MISSING = {"io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427}
"""As on an older kernel: programs do without."""
_IOCTL = 16
_KEYS = {"TIOCSTI": 0x5412, "TIOCLINUX": 0x541C}
"""Requests of a terminal that type for its user."""
_EPERM, _ENOSYS = 1, 38
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _EQUAL, _LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _SECOND = 0, 4, 24
"""Offsets of what a filter is told of a call; the second argument's lower half."""


def rules() -> bytes:
    """A filter as the kernel takes it; empty on machines that it is not written for."""
    if platform.machine() != "x86_64":
        return b""
    return b"".join(struct.pack("HBBI", *step) for step in _steps())


def opened() -> int:
    """A file descriptor that reads them, or -1: there are none."""
    if not (text := rules()):
        return -1
    file = os.memfd_create("rules", os.MFD_CLOEXEC)
    os.write(file, text)
    os.lseek(file, 0, os.SEEK_SET)
    return file


def _steps() -> Iterator[tuple[int, int, int, int]]:
    yield (_LOAD, 0, 0, _ARCHITECTURE)
    yield (_EQUAL, 1, 0, _X86_64)
    yield (_RETURN, 0, 0, _ERRNO | _ENOSYS)
    yield (_LOAD, 0, 0, _NUMBER)
    yield (_LEAST, 0, 1, _OTHER_FORM)
    yield (_RETURN, 0, 0, _ERRNO | _ENOSYS)
    for number in _REFUSED.values():
        yield from _refuse(number, _EPERM)
    for number in _MISSING.values():
        yield from _refuse(number, _ENOSYS)
    yield (_EQUAL, 1, 0, _IOCTL)
    yield (_RETURN, 0, 0, _ALLOW)
    yield (_LOAD, 0, 0, _SECOND)
    for request in _KEYS.values():
        yield from _refuse(request, _EPERM)
    yield (_RETURN, 0, 0, _ALLOW)


def _refuse(value: int, error: int) -> Iterator[tuple[int, int, int, int]]:
    yield (_EQUAL, 0, 1, value)
    yield (_RETURN, 0, 0, _ERRNO | error)
