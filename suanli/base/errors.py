"""The root of Suanli's error tree."""


class SuanliError(Exception):
    """Something the user can mend; the message says what is wrong and what to do next."""
