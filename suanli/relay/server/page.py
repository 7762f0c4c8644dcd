"""The page that a relay shows to browsers, built from `web/` by `make page`.

Whatever is not the API's is the page's: its views have addresses of their own, such as
`/deal/0x…`, and are told apart in the browser.
"""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, Response
from fastapi.responses import FileResponse, PlainTextResponse

from suanli.relay.errors import RelayRefusal
from suanli.relay.server.problems import problem

BUILT = Path(__file__).parent / "built_page"
_NOT_BUILT = (
    "The page of this relay is not built: `make page` builds it (it takes npm), then start the"
    " relay again. The API is at /openapi.json and /api/openapi.json.\n"
)
_API = ("v1", "api", "openapi.json")
"""First parts of paths that are never a view's."""
# Scripts, styles and answers come from here alone; WebAssembly tries a task before it is sold.
_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ]
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_FOR_EVER = "public, max-age=31536000, immutable"
"""Files below `assets` have the digest of what is in them in their names."""


def add_page(app: FastAPI, built: Path = BUILT) -> None:
    """To be added last: it takes what no other route does."""

    @app.get("/{path:path}", include_in_schema=False)
    def page(path: str) -> Response:
        if path.split("/", 1)[0] in _API:
            return problem(RelayRefusal(404, "Not Found"))
        index = built / "index.html"
        if not index.is_file():
            return PlainTextResponse(_NOT_BUILT, 503, HEADERS)
        found = _file(built, path)
        if found is None and path.startswith("assets/"):
            return problem(
                RelayRefusal(404, "no such file: the page was built anew, load it again")
            )
        kept = _FOR_EVER if path.startswith("assets/") else "no-cache"
        return FileResponse(found or index, headers=HEADERS | {"Cache-Control": kept})


def _file(built: Path, path: str) -> Path | None:
    """What was built under this path; nothing beside it, whatever the path says."""
    try:
        found = (built / path).resolve()
        return found if found.is_relative_to(built.resolve()) and found.is_file() else None
    except (OSError, ValueError):  # too long, or with a zero byte in it
        return None
