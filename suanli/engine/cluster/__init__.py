"""An executor of many machines: a cluster of dask.distributed in place of this machine's `Pool`.

The scheduler and its workers are the owner's, and trusted as this machine is. Each worker of dask
is a *machine*: it keeps a `Pool`, whose processes alone load a guest. dask is loaded once a
`Cluster` is made, and not before.
"""

from suanli.engine.cluster.address import BadAddress, is_cluster, scheduler_of
from suanli.engine.cluster.cluster import Cluster
from suanli.engine.cluster.machines import Machine

__all__ = ["BadAddress", "Cluster", "Machine", "is_cluster", "scheduler_of"]
