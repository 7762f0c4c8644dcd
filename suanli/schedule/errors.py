"""What can be wrong with work that is to be split or gathered."""

from suanli.base.errors import SuanliError


class ScheduleError(SuanliError):
    """Work that can't be split or gathered as asked."""
