"""Text for people; what strangers wrote is made fit for a terminal."""


def plain(text: str) -> str:
    """On one line, with escapes in the place of what is not printed."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


_SPANS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def span(seconds: int) -> str:
    """A time such as "7 days" or "90 minutes", in the greatest unit that leaves no rest."""
    for length, name in _SPANS:
        if seconds and seconds % length == 0:
            count = seconds // length
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{seconds} s"
