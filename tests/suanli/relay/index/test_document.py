"""The API's document, and what it promises."""

from __future__ import annotations

from tools import index_document


def test_the_document_is_that_of_the_routes() -> None:
    """If not: python -m tools.index_document"""
    assert index_document.FILE.read_text() == index_document.text()
