"""Where a daemon's log goes, and in which form; never more of it than it may be."""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

FORMS = ("text", "json")


class JsonLines(logging.Formatter):
    """A line of JSON for each: `time` (UTC), `level`, `logger`, `message`, and `error` with its
    traceback, if there was one."""

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        told = {
            "time": f"{at}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            told["error"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def log_to(
    form: str = "text", file: Path | None = None, most: int = 64 << 20
) -> AbstractContextManager[None]:
    """This process logs to `file`, or stderr, until it is left. `most`: bytes of the file and its
    predecessor together.

    Raises:
        OSError: the file can't be written.
    """
    handler: logging.Handler
    if file is None:
        handler = logging.StreamHandler(sys.stderr)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=most // 2, backupCount=1, encoding="utf-8")
    text = logging.Formatter("%(asctime)s %(message)s")
    handler.setFormatter(JsonLines() if form == "json" else text)
    return _handled_by(handler)


@contextmanager
def _handled_by(handler: logging.Handler) -> Iterator[None]:
    logging.getLogger("suanli").setLevel(logging.INFO)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()
