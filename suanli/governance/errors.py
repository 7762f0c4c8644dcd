"""What is wrong with a proposal or a vote, before anything is sent."""

from suanli.base.errors import SuanliError


class GovernanceError(SuanliError):
    """The message says what is wrong and what to do next."""
