"""What is deployed, in which order, with which arguments and checks, as plain data.

    plan = plan_of(parameters, deployer)      # touches no chain
    execute(plan, chain, record, save)        # does what the record does not have yet

`Chain` is all that is needed of a chain: Brownie, a devnet and the benchmarks execute one plan.
"""

from suanli.deployment.caveats import NO_COURT, caveats, no_runtime, one_owner
from suanli.deployment.errors import DeploymentError
from suanli.deployment.execute import Chain, Created, DeploymentRecord, execute
from suanli.deployment.files import THIS_VERSION, RecordFile, Sending, read_parameters, runtimes_of
from suanli.deployment.parameters import (
    LOCAL_FUNDS,
    TOKEN,
    ClassParameters,
    Parameters,
    PriceParameters,
    TermsParameters,
    local_classes,
    local_parameters,
)
from suanli.deployment.plan import (
    ContractRef,
    Deploy,
    DeploymentPlan,
    PlannedCall,
    PlannedCheck,
    plan_of,
)

__all__ = [
    "LOCAL_FUNDS",
    "NO_COURT",
    "THIS_VERSION",
    "TOKEN",
    "Chain",
    "ClassParameters",
    "ContractRef",
    "Created",
    "Deploy",
    "DeploymentError",
    "DeploymentPlan",
    "DeploymentRecord",
    "Parameters",
    "PlannedCall",
    "PlannedCheck",
    "PriceParameters",
    "RecordFile",
    "Sending",
    "TermsParameters",
    "by_sender",
    "caveats",
    "execute",
    "local_classes",
    "local_parameters",
    "no_runtime",
    "one_owner",
    "plan_of",
    "read_parameters",
    "runtimes_of",
]
