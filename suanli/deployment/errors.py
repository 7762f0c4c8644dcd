"""The deployment's one error."""

from suanli.base.errors import SuanliError


class DeploymentError(SuanliError):
    """The deployment can't go on; the message says why and what to do."""
