"""How calls go in and answers come out of a task, on both sides of the sandbox."""

from __future__ import annotations

import struct

CALL = struct.Struct("<QQI")
"""Number, seed, bytes of the arguments."""
ANSWER = struct.Struct("<8sQQBII")
"""Mark, number, nanoseconds of the virtual clock, whether it returned, bytes of the value, bytes of
what was printed."""
MARK = b"\xf0suanli\n"
RETURNED, RAISED = 1, 0
