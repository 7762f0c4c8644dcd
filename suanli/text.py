"""Text from strangers, made fit for a terminal."""


def plain(text: str) -> str:
    """On one line, with escapes in the place of what is not printed."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )
