"""How what runs for long is watched: its log, and its figures for Prometheus."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from suanli.base.errors import SuanliError
from suanli.base.logs import log_to
from suanli.cli.options import with_options

if TYPE_CHECKING:
    from suanli.base.metrics import Figures, Look


class NotWatched(SuanliError):
    """Its log can't be written, or its figures not be asked."""


def running_options(command: Any) -> Any:
    """`metrics`, `log` and `log_format`: see `logging_to` and `measured`."""
    form = click.option(
        "--log-format",
        type=click.Choice(("text", "json")),
        default="text",
        show_default=True,
        help="A line of text, or of JSON, for each message.",
    )
    file = click.option(
        "--log",
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        help="Log there, not to stderr: 64 MiB at most, with the file before it.",
    )
    metrics = click.option(
        "--metrics",
        metavar="HOST:PORT",
        callback=_host_and_port,
        help="Answer /metrics (Prometheus) and /health there.",
    )
    return with_options((metrics, file, form), command)


def _host_and_port(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> tuple[str, int] | None:
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    if not (host and port.isascii() and port.isdecimal() and int(port) < 1 << 16):
        raise click.BadParameter(f"{value!r} is not HOST:PORT, such as 127.0.0.1:9464")
    return host, int(port)


def interrupt_by_sigterm() -> None:
    """SIGTERM ends it as Ctrl-C does. To be said before anything takes long: what is told to end
    while it starts must end, too."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def logging_to(form: str, file: Path | None) -> AbstractContextManager[None]:
    """Raises NotWatched."""
    try:
        return log_to(form, file)
    except OSError as error:
        raise NotWatched(f"--log {file} can't be written: {error.strerror}") from error


@contextmanager
def measured(role: str, where: tuple[str, int], look: Look, figures: Figures) -> Iterator[None]:
    """Raises NotWatched."""
    from suanli.base import metrics

    host, port = where
    with ExitStack() as stack:
        try:
            url = stack.enter_context(metrics.serving(role, host, port, look, figures))
        except OSError as error:
            raise NotWatched(
                f"--metrics can't listen on {host}:{port}: {error.strerror}; choose another port"
            ) from error
        told = logging.getLogger(f"suanli.{role}")
        told.info("metrics: %s/metrics, %s/health", url, url)
        yield
