"""What is deployed, in which order, with which arguments and checks, as plain data.

    plan = plan_of(parameters, deployer)      # touches no chain
    execute(plan, chain, record, save)        # does what the record does not have yet

`Chain` is all that is needed of a chain: Brownie, a devnet and the benchmarks execute one plan.
"""

from suanli.deployment.caveats import NO_COURT, caveats, no_runtime, one_owner
from suanli.deployment.channels import ChannelParameters
from suanli.deployment.court import (
    LOCAL_COURT,
    QUICK_COURT,
    CourtParameters,
)
from suanli.deployment.errors import DeploymentError
from suanli.deployment.execute import Chain, Created, DeploymentRecord, execute
from suanli.deployment.files import (
    THIS_VERSION,
    Sending,
    read_parameters,
    read_rehearsed,
    runtimes_of,
)
from suanli.deployment.network import NetworkParameters
from suanli.deployment.parameters import (
    LOCAL_FUNDS,
    QUICK_TERMS,
    TOKEN,
    VOTING_BOUNDS,
    AdaptiveParameters,
    Allocation,
    ClassParameters,
    ClassReward,
    GovernanceParameters,
    IdentityParameters,
    Parameters,
    PriceParameters,
    RewardParameters,
    TermsParameters,
    local_classes,
    local_governance,
    local_parameters,
)
from suanli.deployment.plan import DeploymentPlan, plan_of
from suanli.deployment.powers import Who, powers_of
from suanli.deployment.record import RecordFile
from suanli.deployment.report import Holder, Power, Probe, power_map, top_holders
from suanli.deployment.steps import ContractRef, Deploy, PlannedCall, PlannedCheck
from suanli.deployment.storage import StorageParameters

__all__ = [
    "LOCAL_COURT",
    "LOCAL_FUNDS",
    "NO_COURT",
    "QUICK_COURT",
    "QUICK_TERMS",
    "THIS_VERSION",
    "TOKEN",
    "VOTING_BOUNDS",
    "AdaptiveParameters",
    "Allocation",
    "Chain",
    "ChannelParameters",
    "ClassParameters",
    "ClassReward",
    "ContractRef",
    "CourtParameters",
    "Created",
    "Deploy",
    "DeploymentError",
    "DeploymentPlan",
    "DeploymentRecord",
    "GovernanceParameters",
    "Holder",
    "IdentityParameters",
    "NetworkParameters",
    "Parameters",
    "PlannedCall",
    "PlannedCheck",
    "Power",
    "PriceParameters",
    "Probe",
    "RecordFile",
    "RewardParameters",
    "Sending",
    "StorageParameters",
    "TermsParameters",
    "Who",
    "by_sender",
    "caveats",
    "execute",
    "local_classes",
    "local_governance",
    "local_parameters",
    "no_runtime",
    "one_owner",
    "plan_of",
    "power_map",
    "powers_of",
    "read_parameters",
    "read_rehearsed",
    "runtimes_of",
    "top_holders",
]
