"""The groups of commands: what they list, and where each command is.

A group is quick to load and lists its commands without loading one: the libraries of a command
would slow the help of the others. A command is imported when it is called or asked for help.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

_ACCOUNT = """Keep keys on this machine, in encrypted files.

Keys are read from a hidden prompt, standard input, or SUANLI_PRIVATE_KEY; never from the command
line, where other users could see them. Passphrases come from SUANLI_PASSPHRASE, the first line of
the file named by SUANLI_PASSPHRASE_FILE, or a prompt.
"""


class LazyGroup(click.Group):
    """`listed`: by name, where in `suanli.cli` the command is ("module:variable"), and the first
    sentence of its help."""

    def __init__(self, name: str, listed: Mapping[str, tuple[str, str]], **more: Any) -> None:
        super().__init__(name, **more)
        self.listed = listed

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.listed)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.listed:
            return None
        module, name = self.listed[cmd_name][0].split(":")
        command = getattr(importlib.import_module(f"suanli.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.listed[name][1]) for name in self.list_commands(ctx)])


account = LazyGroup(
    "account",
    {
        "balance": (
            "account:balance",
            "Say what ACCOUNT owns: ether, tokens in its wallet and in the market, stake.",
        ),
        "fund": ("account:fund", "Give ACCOUNT ether and settlement tokens, on a local chain."),
        "import": (
            "account:import_",
            "Keep a key made elsewhere, called NAME (or by its address).",
        ),
        "new": ("account:new", "Make a new key, called NAME (or by its address)."),
        "show": (
            "account:show",
            "List the accounts, or show ACCOUNT (a name or an address) alone.",
        ),
    },
    help=_ACCOUNT,
)
case = LazyGroup(
    "case",
    {
        "list": (
            "case:list_cases",
            "List the cases of the court, newest first: what each waits for.",
        ),
        "show": (
            "case:show",
            "Tell CASE in plain words: what is challenged, what follows, by when, and the money.",
        ),
    },
    help="Look at challenged results before the court; suanli job run challenges by itself.",
)
govern = LazyGroup(
    "govern",
    {
        "cancel": (
            "govern:cancel",
            "Withdraw PROPOSAL, by its proposer, before its vote begins.",
        ),
        "delegate": (
            "govern:delegate",
            "Let ADDRESS vote with this account's tokens: by default the account itself.",
        ),
        "execute": (
            "govern:execute",
            "Let PROPOSAL take effect, whose delay is over; by anybody.",
        ),
        "propose": (
            "govern:propose",
            "Put CALLS to a vote, together: all of them happen, or none.",
        ),
        "queue": (
            "govern:queue",
            "Let the timelock's delay begin for PROPOSAL, which has passed; by anybody.",
        ),
        "show": (
            "govern_show:show",
            "List proposals and the rules of voting, or explain PROPOSAL.",
        ),
        "vote": ("govern:vote", "Vote on PROPOSAL: for, against, or abstain."),
    },
    help="Vote on what the market's owner may do; docs/governance.md tells the rules.",
)
identity = LazyGroup(
    "identity",
    {
        "attest": (
            "identity:attest",
            "Sign that a miner, or a requester, is who it should be; nothing is sent.",
        ),
        "revoke": (
            "identity:revoke",
            "Void all that an attestor signed of a miner or a requester up to now.",
        ),
        "show": (
            "identity:show",
            "Say who attests identities and, of a miner or a requester, whether it is verified.",
        ),
        "submit": (
            "identity:submit",
            "Put a signed attestation on the chain: FILE, or - for standard input.",
        ),
    },
    help="Attest who miners and requesters are. No names, no documents: those stay with attestors.",
)
job = LazyGroup(
    "job",
    {
        "cancel": (
            "job_market:cancel",
            "Call back what nobody took yet; deals that miners confirmed are followed to their"
            " end.",
        ),
        "check": ("job:check", "Check a job file and its program, and explain what it would run."),
        "estimate": (
            "job_estimate:estimate_command",
            "Run a few tasks here and propose limits; with a market, say what the job would cost.",
        ),
        "list": (
            "job_folder:list_jobs",
            "List all jobs, of all accounts and markets, oldest first.",
        ),
        "logs": (
            "job_folder:logs",
            "Show what TASK printed, stdout and then stderr; without one, what happened to the"
            " job.",
        ),
        "release": (
            "releasing:release",
            "End a deal of JOB for nothing, as its miner agreed.",
        ),
        "remove": ("job_folder:remove", "Forget a job: its results, inputs and deals."),
        "results": (
            "job_folder:results",
            "Write the result of a job into a folder: gathered, or what each task left.",
        ),
        "resume": (
            "job_market:resume",
            "Go on with a job that was interrupted or refused, until it is done and paid.",
        ),
        "run": (
            "job:run",
            "Run a job, on the market or with --local here, and gather its result.",
        ),
        "status": (
            "job_market:status",
            "Show a job's tasks, deals and money, as the chain has them; no key is needed.",
        ),
        "watch": ("job_folder:watch", "Follow a job that another process runs, until that ends."),
    },
    help="Run jobs: many tasks of one program, described by a job file.",
)
lease = LazyGroup(
    "lease",
    {
        "close": (
            "lease:close",
            "End LEASE now, and get back what the miner did not earn; by default the last that is"
            " open.",
        ),
        "extend": (
            "lease_extend:extend",
            "Add time to LEASE at today's price, or money alone, while it runs; by default the last"
            " that is open.",
        ),
        "list": (
            "lease:list_leases",
            "List the leases that were begun from here, the oldest first.",
        ),
        "offers": ("lease:show_offers", "List who leases a class now, the cheapest first."),
        "run": ("lease:run", "Run COMMAND on a miner's machine, and pay by the second."),
        "shell": (
            "lease:shell",
            "Open a terminal on a miner's machine; COMMAND is run there in place of a shell.",
        ),
        "status": (
            "lease:status",
            "Show where LEASE stands, here and on chain; by default the last that is open.",
        ),
        "withdraw": (
            "lease:withdraw",
            "Take what is available in the payment channels to the account's wallet.",
        ),
    },
    help="Use a machine of a miner's for a time, paid by the second (docs/leases.md).",
)


@click.pass_context
def _look_at_market(context: click.Context) -> None:
    """Without a command the market is shown."""
    if context.invoked_subcommand is None:
        shown = market.get_command(context, "show")
        assert shown is not None
        context.invoke(shown)


market = LazyGroup(
    "market",
    {
        "advance-epoch": (
            "market_upkeep:advance_epoch",
            "Void all requests that this account signed so far and that are not on chain.",
        ),
        "deals": (
            "market:deals",
            "List the deals of all jobs, as their runs saw them last; newest last.",
        ),
        "deposit": (
            "market:deposit",
            "Put AMOUNT tokens into the market; jobs do that themselves for what they need.",
        ),
        "offers": ("market:show_offers", "List the offers of a class, cheapest first."),
        "prices": (
            "market:prices",
            "List the resource classes: the price of a unit now, offer and demand.",
        ),
        "prune": (
            "market_upkeep:prune",
            "Take expired offers and lapsed leases away, which the price counts until then.",
        ),
        "show": (
            "market_show:show",
            "Show a class: its price and supply now, what units cost lately, its cheapest offers.",
        ),
        "update-price": (
            "market_price:update",
            "Update the price of a class that adapts; by any account, which pays the gas.",
        ),
        "withdraw": (
            "market:withdraw",
            "Take AMOUNT tokens out of the market, or all that no running job needs.",
        ),
    },
    help="Look at the market, put money in and take it out; without a command: show.",
    invoke_without_command=True,
    callback=_look_at_market,
)
juror = LazyGroup(
    "juror",
    {
        "check": ("juror:check", "Say what is missing before this juror can work."),
        "expose": (
            "juror:expose",
            "Show what a juror will vote, before votes are revealed, and get half of its seat's"
            " stake.",
        ),
        "init": (
            "juror:init",
            "Find the market's court, say what a seat costs, and write a juror's file.",
        ),
        "leave": (
            "juror:leave",
            "Leave all seats and withdraw what is there, once no case needs it.",
        ),
        "run": ("juror:run", "Judge until Ctrl-C (or SIGTERM), or until all seats are left."),
        "status": (
            "juror:status",
            "Show the seats, the cases, what was voted and what was earned.",
        ),
    },
    help="Judge cases of a court by running their tasks again; docs/judging.md explains it.",
)
miner = LazyGroup(
    "miner",
    {
        "agree": (
            "releasing:agree",
            "Sign that DEAL may end for nothing; nothing is sent.",
        ),
        "check": ("miner:check", "Say what is missing before this miner can work."),
        "drain": ("miner:drain", "Finish all deals, withdraw the offer, collect the earnings."),
        "earnings": (
            "miner:earnings",
            "Show what deals paid, by day (UTC) and class, and what their gas cost.",
        ),
        "init": (
            "miner:init",
            "Measure this machine, propose what to sell for how much, and write it down.",
        ),
        "payout": ("miner_owner:payout", "Name another payout for MINER."),
        "run": ("miner:run", "Work until Ctrl-C (or SIGTERM), or until drained."),
        "status": (
            "miner:status",
            "Show what is sold, running, earned and at stake, and why requests were not taken.",
        ),
        "story": ("miner:story", "Tell what happened to one DEAL, and why."),
        "succeed": ("miner_owner:succeed", "Take the place of MINER, as its named successor."),
        "successor": (
            "miner_owner:successor",
            "Let ADDRESS take the place of MINER, as when its key is lost.",
        ),
    },
    help="Sell this machine's computing power.",
)
python = LazyGroup(
    "python",
    {
        "list": (
            "python:list_",
            "Say which Pythons functions can run in, and whether they are here.",
        ),
        "make": ("python:make", "Make the Python with numpy, scipy, pandas and sklearn."),
    },
    help="Pythons in which functions run on the market.",
)
relay = LazyGroup(
    "relay",
    {"run": ("relay:run", "Serve until Ctrl-C.")},
    help="Run a broker for signed messages and blobs. It holds no funds.",
)
rewards = LazyGroup(
    "rewards",
    {
        "claim": (
            "rewards:claim",
            "Send MINERs' rewards to their payouts: of all drawn epochs, by anybody.",
        ),
        "draw": (
            "rewards:draw",
            "Draw the moments that decide an epoch that is over: in two steps, by anybody.",
        ),
        "grant": (
            "rewards:grant",
            "Give the pool AMOUNT tokens of the account's; nobody gets them back.",
        ),
        "read": ("rewards:read", "Let the pool see what MINERs sell now, by number or address."),
        "return-unclaimed": (
            "rewards:return_unclaimed",
            "Make free for later rewards what nobody claimed in time, by anybody.",
        ),
        "show": (
            "rewards:show",
            "Say what the pool holds and rewards, and what a miner has to expect of it.",
        ),
    },
    help="What a pool pays miners out of fees, for capacity on offer; docs/rewards.md explains it.",
)
runtime = LazyGroup(
    "runtime",
    {
        "add": ("runtime:add", "Add the package in FILE, if it has this DIGEST."),
        "keep": (
            "runtime:keep",
            "Keep this version's runtimes, so that the next version has them, too.",
        ),
        "list": (
            "runtime:list_command",
            "List the packages that are here, and what still needs them.",
        ),
        "pack": (
            "runtime:pack",
            "Write PACKAGE into FILE, for another machine, and say the digest that it is added by.",
        ),
        "prune": (
            "runtime:prune",
            "Take away the packages that were to go, as far as nothing needs them any more.",
        ),
        "remove": (
            "runtime:remove",
            "Take PACKAGE away: at once, or as soon as no deal, job or case may need it.",
        ),
    },
    help="Keep runtimes of the engine, of this version and others (docs/upgrades.md).",
)
storage = LazyGroup(
    "storage",
    {
        "drop": (
            "storage:drop",
            "Let the miners forget file NAME, and forget its keys; periods that have begun are"
            " paid.",
        ),
        "extend": (
            "storage:extend",
            "Keep file NAME for so long from now on; what a running deal has left comes back.",
        ),
        "get": (
            "storage:get",
            "Get file NAME back, each chunk checked; where a copy fails the next goes on.",
        ),
        "list": (
            "storage:list_files",
            "List the files that were put from here, the oldest first; what is lost `verify`"
            " tells.",
        ),
        "offers": ("storage:show_offers", "List who sells space now, the cheapest first."),
        "put": (
            "storage:put",
            "Keep FILE on miners' disks: sealed, each copy with a key of its own on another miner.",
        ),
        "verify": (
            "storage:verify",
            "Ask each copy of file NAME for leaves that nobody can foresee; exit 1 if one is lost.",
        ),
        "withdraw": (
            "storage:withdraw",
            "Take what is available in the storage deals to the account's wallet.",
        ),
    },
    help="Keep files on miners' disks, paid against proofs (docs/leases.md).",
)
task = LazyGroup(
    "task",
    {
        "run": (
            "task:run",
            "Run MODULE, a WebAssembly WASI preview 1 command, once, and say what it did.",
        ),
    },
    help="Run single tasks on this machine.",
)
