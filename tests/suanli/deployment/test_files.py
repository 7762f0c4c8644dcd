"""Parameter files and records: what is read, what is refused and how it is said."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from eth_utils.address import to_checksum_address

from suanli.deployment import (
    LOCAL_COURT,
    NO_COURT,
    QUICK_COURT,
    QUICK_TERMS,
    AdaptiveParameters,
    Allocation,
    ChannelParameters,
    ClassReward,
    CourtParameters,
    Created,
    DeploymentError,
    DeploymentRecord,
    GovernanceParameters,
    IdentityParameters,
    Parameters,
    RecordFile,
    RewardParameters,
    Sending,
    StorageParameters,
    TermsParameters,
    caveats,
    no_runtime,
    one_owner,
    read_parameters,
    read_rehearsed,
)
from suanli.deployment.court import court_rules
from suanli.engine import Runtime, runtime_id, runtime_ids

EXAMPLE = Path(__file__).resolve().parents[3] / "deployments" / "example.toml"
NOBODY = "0x" + "00" * 20
TOKEN = "0x" + "11" * 20
OTHER = "0x" + "22" * 20
RUNTIMES = 'runtimes = ["this version"]'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The example, filled in."""
    path = tmp_path / "1.toml"
    path.write_text(EXAMPLE.read_text().replace(NOBODY, TOKEN))
    return path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_example(path: Path) -> None:
    parameters, sending = read_parameters(path)
    assert sending == Sending("deployer", 2)
    assert parameters.token == TOKEN
    assert (parameters.treasury, parameters.reward_pool) == (None, None)
    assert parameters.governance == GovernanceParameters((Allocation(TOKEN, 10**24),))
    assert parameters.terms.compensation_cap == 0
    (cpu,) = parameters.classes
    assert cpu.floor == 10**9
    assert cpu.price.alpha == 1
    assert cpu.price.preset == "excess-demand"
    assert cpu.runtimes == runtime_ids()


REGISTRY = """
[identity]
attestors = ["0x2222222222222222222222222222222222222222"]
least_level = 2
"""


def test_a_registry(path: Path) -> None:
    assert read_parameters(path)[0].identity is None
    path.write_text(path.read_text() + REGISTRY)
    parameters, _ = read_parameters(path)
    assert parameters.identity == IdentityParameters((to_checksum_address(OTHER),), 2)
    path.write_text(path.read_text().replace("least_level = 2", "").replace(f'"{OTHER}"', ""))
    assert read_parameters(path)[0].identity == IdentityParameters()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (f'["{OTHER}"]', '["0x12"]', r"identity.attestors: '0x12' is not an address"),
        (f'["{OTHER}"]', f'"{OTHER}"', r"identity.attestors: must be a list of addresses"),
        (f'["{OTHER}"]', f'["{OTHER}", "{OTHER}"]', "an attestor stands twice in the list"),
        ("least_level = 2", "least_level = 0", "least_level is a whole number from 1 to 255"),
        ("least_level", "lowest_level", r"identity.lowest_level: unknown"),
    ],
)
def test_a_registry_that_is_refused(path: Path, old: str, new: str, message: str) -> None:
    path.write_text(path.read_text() + REGISTRY.replace(old, new))
    with pytest.raises(DeploymentError, match=message):
        read_parameters(path)


def test_a_registry_beside_another_verifier(path: Path) -> None:
    path.write_text(f'identity_verifier = "{TOKEN}"\n{path.read_text()}{REGISTRY}')
    with pytest.raises(DeploymentError, match="the terms name one identity verifier"):
        read_parameters(path)


REWARDS = """
[rewards]
fee_share_bps = 1_000
epoch_length = 86_400

[[rewards.classes]]
resource = "cpu-wasm"
units = 500
"""


def test_a_reward_pool(path: Path) -> None:
    assert read_parameters(path)[0].rewards is None
    path.write_text(path.read_text() + REWARDS)
    expected = RewardParameters((ClassReward("cpu-wasm", 500),), 1_000, 86_400)
    assert read_parameters(path)[0].rewards == expected
    change(path, REWARDS, "[rewards]\n")
    assert read_parameters(path)[0].rewards == RewardParameters()


def test_payment_channels(path: Path) -> None:
    assert read_parameters(path)[0].channels is None
    path.write_text(path.read_text() + "\n[channels]\n")
    assert read_parameters(path)[0].channels == ChannelParameters(100, 86_400)
    path.write_text(path.read_text() + "fee_bps = 250\nnotice = 3600\n")
    assert read_parameters(path)[0].channels == ChannelParameters(250, 3_600)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("fee_bps = 1_001", "channels.fee_bps is 1001: it must lie between 0 and 1000"),
        ("notice = 2_592_001", "channels.notice is 2592001: it must lie between 1 and 2592000"),
        ("notice = 3_599", "off local chains it is 3600 at least"),
        ("owner = 1", r"channels.owner: unknown; here may stand fee_bps, notice"),
    ],
)
def test_payment_channels_that_are_refused(path: Path, line: str, message: str) -> None:
    path.write_text(f"{path.read_text()}\n[channels]\n{line}\n")
    with pytest.raises(DeploymentError, match=message):
        read_parameters(path)


def test_storage_deals(path: Path) -> None:
    assert read_parameters(path)[0].storage is None
    path.write_text(path.read_text() + "\n[storage]\n")
    assert read_parameters(path)[0].storage == StorageParameters(100, 21_600)
    path.write_text(path.read_text() + "fee_bps = 250\nwindow = 3600\n")
    assert read_parameters(path)[0].storage == StorageParameters(250, 3_600)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("fee_bps = 1_001", "storage.fee_bps is 1001: it must lie between 0 and 1000"),
        ("window = 604_801", "storage.window is 604801: it must lie between 1 and 604800"),
        ("window = 3_599", "off local chains it is 3600 at least"),
        ("owner = 1", r"storage.owner: unknown; here may stand fee_bps, window"),
    ],
)
def test_storage_deals_that_are_refused(path: Path, line: str, message: str) -> None:
    path.write_text(f"{path.read_text()}\n[storage]\n{line}\n")
    with pytest.raises(DeploymentError, match=message):
        read_parameters(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1_000", "5_001", "fee_share_bps is 5001: it must lie between 0 and 5000"),
        ("86_400", "86_399", "epoch_length is 86399: it must lie between 86400 and 604800"),
        ("86_400", "604_801", "epoch_length is 604801: it must lie between 86400 and 604800"),
        ('"cpu-wasm"', '"gpu"', "names 'gpu', and there is no such class: use one of cpu-wasm"),
        ("units = 500", "units = 0", "units is a whole number from 1"),
        ("units", "weight", r"rewards.classes.*weight: unknown"),
        (REWARDS[55:], REWARDS[55:] * 2, "a class stands twice under rewards.classes"),
    ],
)
def test_a_reward_pool_that_is_refused(path: Path, old: str, new: str, message: str) -> None:
    path.write_text(path.read_text() + REWARDS.replace(old, new))
    with pytest.raises(DeploymentError, match=message):
        read_parameters(path)


def test_a_pool_rewards_eight_classes_at_most() -> None:
    lines = tuple(ClassReward(str(number), 1) for number in range(9))
    with pytest.raises(DeploymentError, match="8 classes at most, not 9"):
        RewardParameters(lines)


def test_runtimes(path: Path) -> None:
    """This version's unless the file says otherwise; a leased class has none."""
    line = next(line for line in path.read_text().splitlines() if line.startswith(RUNTIMES))
    change(path, line, "")
    assert read_parameters(path)[0].classes[0].runtimes == (
        runtime_id(Runtime.FAST),
        runtime_id(Runtime.PORTABLE),
    )
    change(path, 'name = "cpu-wasm"', 'name = "cpu-wasm"\nruntimes = ["portable", "this version"]')
    assert read_parameters(path)[0].classes[0].runtimes == runtime_ids()[::-1]
    change(path, 'runtimes = ["portable", "this version"]', "")
    change(path, 'name = "cpu-wasm"', 'name = "cpu-wasm"\nruntimes = ["0x' + "ab" * 32 + '"]')
    assert read_parameters(path)[0].classes[0].runtimes == (b"\xab" * 32,)
    change(path, 'runtimes = ["0x' + "ab" * 32 + '"]', "unit_seconds = 3600")
    assert read_parameters(path)[0].classes[0].runtimes == ()


def adapt(path: Path, old: str = "", new: str = "") -> None:
    """The example's class with the price that adapts, which stands there as a remark."""
    lines = path.read_text().splitlines()
    (linear,) = (line for line in lines if line.startswith("price = "))
    (adaptive,) = (line for line in lines if line.startswith("# adaptive = "))
    lines.remove(linear)
    lines[lines.index(adaptive)] = adaptive.removeprefix("# ").replace(old, new)
    path.write_text("\n".join(lines))


def test_a_price_that_adapts(path: Path) -> None:
    """As in docs/pricing.md: it doubles in a week."""
    adapt(path)
    (cpu,) = read_parameters(path)[0].classes
    assert cpu.price == AdaptiveParameters(10**10, 8_000, 604_800, 3_600, 10**9, 10**11)
    assert cpu.price.target == 800_000_000
    assert cpu.price.speed == 5_730_383_437_168
    adapt_usual = 'adaptive = { start = "1" }'
    line = next(line for line in path.read_text().splitlines() if line.startswith("adaptive = "))
    change(path, line, adapt_usual)
    (cpu,) = read_parameters(path)[0].classes
    assert cpu.price == AdaptiveParameters(10**18)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('start = "0.00000001", ', "", r"adaptive.start: is missing: see deployments/example.toml"),
        ('"0.00000001"', "1", r"adaptive.start: 1 is not a number of tokens in quotes"),
        ('"0.00000001"', '"1"', "start is 1: it must lie between 0.000000001 and 0.0000001"),
        ("8_000", "10_000", "target_bps is 10000: it must lie between 100 and 9900"),
        ("8_000", '"80 %"', "adaptive.target_bps: must be a whole number"),
        ("3_600", "59", "window is 59: it must lie between 60 and 86400"),
        ("604_800", "12_476", "doubling is 12476: it must lie between 12477 and 315360000"),
        (
            '"0.000000001"',
            '"0"',
            "floor is 0: it must lie between 0.000000001 and 79,228,162,514.2",
        ),
        ('cap = "0.0000001"', 'cap = "0"', "cap is 0: it must lie between 0.000000001 and 7"),
        ("window", "windows", "adaptive.windows: unknown; here may stand start, target_bps"),
    ],
)
def test_an_adaptive_price_that_is_refused(path: Path, old: str, new: str, message: str) -> None:
    """On the line where it stands."""
    adapt(path, old, new)
    with pytest.raises(DeploymentError, match=message) as raised:
        read_parameters(path)
    (line,) = str(raised.value).splitlines()
    text = path.read_text().splitlines()
    place = 1 + next(i for i, line in enumerate(text) if line.startswith("adaptive = "))
    assert line.startswith(f"{path}:{place}:1: classes.0.adaptive")


def test_a_class_has_one_price(path: Path) -> None:
    change(path, "# adaptive = ", "adaptive = ")
    message = "classes.0: must have either price or adaptive, to say how it is priced"
    with pytest.raises(DeploymentError, match=f"1.toml:28:1: {message}"):
        read_parameters(path)
    adapt_line, price = (
        next(line for line in path.read_text().splitlines() if line.startswith(start))
        for start in ("adaptive", "price")
    )
    change(path, adapt_line, "")
    change(path, price, "")
    with pytest.raises(DeploymentError, match=message):
        read_parameters(path)


def test_what_to_know_of_the_example(path: Path) -> None:
    """It trades: what is left to say is that its court needs jurors."""
    parameters, _ = read_parameters(path)
    (note,) = caveats(parameters, TOKEN)
    assert note.startswith("the court judges nothing until jurors hold 27 seats and some more")
    assert list(caveats(replace(parameters, court=None), TOKEN)) == [NO_COURT]


def test_what_is_too_large_for_its_court_is_told(path: Path) -> None:
    """A unit puts 3 × 10^-8 token at stake; the seats of the large jury cover 600 fees."""
    parameters, _ = read_parameters(path)
    small = replace(parameters, court=CourtParameters(seat_fee=10**13))
    _, *notes = caveats(small, TOKEN)
    assert notes == [
        "to run a task of 100,000 units of class 1 costs a juror about 0.0003 tokens, and it gets"
        " 0.00001: raise court.seat_fee, or lower max_task_units"
    ]
    _, first, _ = caveats(replace(small, court=CourtParameters(seat_fee=4 * 10**12)), TOKEN)
    assert first == (
        "the court can judge deals of 80,000 units of class 1 at most, and a task may use 100,000:"
        " raise court.seat_stake, or lower max_task_units"
    )


@pytest.mark.parametrize("lenient", [{"least_slash_bps": 4_999}, {"slash_factor": 4}])
def test_a_court_that_slashes_little_is_told(path: Path, lenient: dict[str, int]) -> None:
    """Clients audit for one that takes half for one wrong result, and all for a fifth of them."""
    parameters, _ = read_parameters(path)
    assert parameters.court is not None
    other = replace(parameters, court=replace(parameters.court, **lenient))
    _, note = caveats(other, TOKEN)
    assert note.startswith("the court slashes less for one wrong result than clients reckon with")


def test_what_to_know_of_others(path: Path) -> None:
    parameters = replace(read_parameters(path)[0], court=None)
    (cpu,) = parameters.classes
    bare = replace(cpu, runtimes=())
    odd = replace(
        parameters, classes=(cpu, bare, replace(bare, unit_seconds=60)), court_address=TOKEN
    )
    assert list(caveats(odd, TOKEN)) == [no_runtime(2)]
    owned = replace(odd, classes=(cpu,), governance=None, treasury=TOKEN, reward_pool=TOKEN)
    assert list(caveats(owned, OTHER)) == [one_owner(OTHER)]
    terms = replace(odd.terms, compensation_cap=5 * 10**16)
    paying = replace(odd, classes=(cpu,), terms=terms)
    (note,) = caveats(paying, TOKEN)
    assert note.startswith("a default brings its requester up to 0.05 tokens: while 31,000 gas")


def test_the_examples_court(path: Path) -> None:
    """What is not named follows from a juror's fee."""
    court = read_parameters(path)[0].court
    assert court == CourtParameters(seat_fee=10**15)
    assert court_rules(court, TOKEN)[-5:] == (2 * 10**17, 10**15, 5 * 10**16, 3 * 10**15, TOKEN)
    coarse = replace(court, seat_fee=10**16, decimals=6)
    assert court_rules(coarse, TOKEN)[-5:] == (2 * 10**6, 10**4, 5 * 10**5, 3 * 10**4, TOKEN)


@pytest.mark.parametrize(
    ("line", "other", "message"),
    [
        ('seat_fee = "0.001"', 'seat_fee = "0"', "court.seat_fee is an amount of tokens"),
        ('seat_fee = "0.001"', "", "court.seat_fee: is missing"),
        ("step = 10_800", "step = 3_599", "court.step is at least inclusion, 1 hour"),
        ("join_delay = 86_400", "join_delay = 86_399", "court.join_delay is at least queue and"),
        ("leave_delay = 604_800", "leave_delay = 32_399", "court.leave_delay is at least three"),
        ("jury = 3", "jury = 4", "court.jury is odd"),
        ("large_jury = 9", "large_jury = 3", "court.jury is smaller than large_jury"),
        ("appeal_jury = 27", "appeal_jury = 33", "that than appeal_jury, and that is 31 at most"),
        ('# bond = "0.05"', 'bond = "0.0449"', "court.bond must pay two large juries"),
        ("jury = 3", "jury = 3\npenalty_bps = 5_001", "court.penalty_bps times cases_per_seat"),
        ("jury = 3", "jury = 3\nleast_slash_bps = 10_001", "court.least_slash_bps lies between"),
        ("inclusion = 3_600", "inclusion = 3_599", "court.inclusion is at least 1 hour off local"),
        ("queue = 64_800", "queue = 61_199", "court.queue is at least five steps and the votes"),
        ("verdict_by = 1_209_600", "verdict_by = 831_599", "terms.verdict_by is 831599, and"),
        ("challenge_window = 86_400", "challenge_window = 86_399", "terms.challenge_window is"),
        ("# court_address = ", "court_address = ", "the terms name one court: either"),
    ],
)
def test_a_court_that_can_t_be(path: Path, line: str, other: str, message: str) -> None:
    if line.startswith("# court_address"):
        line, other = '# court_address = "0x…"', f'court_address = "{OTHER}"'
    change(path, line, other)
    with pytest.raises(DeploymentError) as refused:
        read_parameters(path)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_courts_of_local_chains_have_time_for_their_verdicts() -> None:
    for court, terms in ((LOCAL_COURT, TermsParameters()), (QUICK_COURT, QUICK_TERMS)):
        assert court.least_window <= terms.challenge_window
        assert court.least_verdict <= terms.verdict_by


def test_the_examples_terms_are_the_defaults(path: Path) -> None:
    parameters, _ = read_parameters(path)
    defaults = Parameters(1, (), treasury=TOKEN, reward_pool=TOKEN)
    assert parameters.terms == defaults.terms
    assert parameters.unbonding_delay == defaults.unbonding_delay


def test_the_unfilled_example_is_refused() -> None:
    with pytest.raises(
        DeploymentError, match=r"example\.toml:6:1: token: '0x0+' is not an address"
    ):
        read_parameters(EXAMPLE)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("chain_id = 11155111", "", "1.toml: chain_id: is missing: see deployments/example.toml"),
        ("chain_id = 11155111", "chain_id = true", "1.toml:5:1: chain_id: must be a whole number"),
        (
            "unbonding_delay",
            "unbinding_delay",
            r"unbinding_delay: is no setting: did you mean unbonding_delay\?",
        ),
        ('# treasury = "0x…"', 'treasury = "0x12" #', "treasury: '0x12' is not an address"),
        ("[governance]", "[government]", "government: is no setting: did you mean governance"),
        ('tokens = "1000000"', "tokens = 5", "governance.allocation.0.tokens: 5 is not a number"),
        ('tokens = "1000000"', "", "governance.allocation.0.tokens: is missing"),
        (f'token = "{TOKEN}"', "", "the token with a faucet is for local chains only"),
        ('account = "deployer"', "", r"1.toml:14:1: sending.account: is missing"),
        ("fee_bps = 100", 'fee_bps = "1 %"', r"terms.fee_bps: must be a whole number"),
        (
            'floor = "0.000000001"',
            "floor = 0.1",
            r"1.toml:31:1: classes.0.floor: 0.1 is not a number",
        ),
        ('floor = "0.000000001"', 'floor = "1e-19"', "floor: '1e-19' is not a number of tokens"),
        ('floor = "0.000000001"', 'floor = "much"', "floor: 'much' is not a number of tokens"),
        ('"excess-demand"', '"dear"', "there is no price preset 'dear'"),
        (RUNTIMES, 'runtimes = ["0x12"]', 'runtimes: must be a list of "this version", "fast"'),
        (RUNTIMES, 'runtimes = ["that version"]', "runtimes: must be a list"),
        (RUNTIMES, "runtimes = 5", "runtimes: must be a list"),
        ("[terms]", "[terms", "1.toml:18:7: Expected"),
        ("[[classes]]", "[[glasses]]", "glasses: is no setting: did you mean classes"),
        ("[[classes]]", "[classes]", "classes: must be a list"),
    ],
)
def test_mistakes_are_named(path: Path, old: str, new: str, message: str) -> None:
    change(path, old, new)
    with pytest.raises(DeploymentError, match=f"(?i){message}") as raised:
        read_parameters(path)
    assert all(line.startswith(f"{path}:") for line in str(raised.value).splitlines())


def test_a_missing_file_says_where_to_begin(tmp_path: Path) -> None:
    with pytest.raises(DeploymentError, match=r"copy deployments/example\.toml"):
        read_parameters(tmp_path / "5.toml")


RECORD = DeploymentRecord({"Model": Created("0xab", 7, "0xcd")}, {"ComputeMarket": "0xef"})


def test_a_record_comes_back_as_it_was(path: Path, tmp_path: Path) -> None:
    parameters, _ = read_parameters(path)
    file = RecordFile(tmp_path / "1.json", parameters, TOKEN)
    assert file.load() == DeploymentRecord()
    file.save(RECORD)
    assert RecordFile(tmp_path / "1.json", parameters, TOKEN).load() == RECORD
    assert [item.name for item in tmp_path.iterdir() if item.suffix == ".new"] == []


def test_a_record_of_other_parameters_is_refused(path: Path, tmp_path: Path) -> None:
    parameters, _ = read_parameters(path)
    RecordFile(tmp_path / "1.json", parameters, TOKEN).save(RECORD)
    others = replace(parameters, terms=replace(parameters.terms, fee_bps=7))
    with pytest.raises(DeploymentError, match=r"with parameters\.terms\.fee_bps = 100, not 7"):
        RecordFile(tmp_path / "1.json", others, TOKEN).load()
    with pytest.raises(DeploymentError, match=f"with deployer = {TOKEN}, not {NOBODY}"):
        RecordFile(tmp_path / "1.json", parameters, NOBODY).load()


def test_a_broken_record_is_one_line(path: Path, tmp_path: Path) -> None:
    parameters, _ = read_parameters(path)
    (tmp_path / "1.json").write_text("{")
    with pytest.raises(DeploymentError, match=r"1\.json can't be read"):
        RecordFile(tmp_path / "1.json", parameters, TOKEN).load()


@pytest.mark.parametrize(
    ("contracts", "says"),
    [
        (None, "contracts: must be an object"),
        ({"Model": {}}, "contracts.Model.address: is missing"),
        (
            {"Model": {"address": "0xab", "block": "7", "transaction": "0xcd"}},
            "contracts.Model.block",
        ),
    ],
)
def test_a_damaged_record_is_named(
    path: Path, tmp_path: Path, contracts: object, says: str
) -> None:
    parameters, _ = read_parameters(path)
    file = RecordFile(tmp_path / "1.json", parameters, TOKEN)
    file.save(RECORD)
    kept = json.loads(file.path.read_text())
    file.path.write_text(json.dumps(kept | {"contracts": contracts}))
    for read in (file.load, lambda: file.address_of("Model")):
        with pytest.raises(DeploymentError, match=f"is damaged: {says}"):
            read()


def test_large_numbers_are_kept_as_text(path: Path, tmp_path: Path) -> None:
    """JavaScript would round them."""
    parameters, _ = read_parameters(path)
    terms = replace(parameters.terms, compensation_cap=10**18)
    parameters = replace(parameters, terms=terms)
    RecordFile(tmp_path / "1.json", parameters, TOKEN).save(RECORD)
    found = json.loads((tmp_path / "1.json").read_text())
    assert found["parameters"]["terms"]["compensation_cap"] == str(10**18)


NETWORKS = sorted(EXAMPLE.parent.glob("networks/*.toml"))


@pytest.mark.parametrize("network", NETWORKS, ids=lambda path: path.stem)
def test_files_for_kinds_of_networks(network: Path, tmp_path: Path) -> None:
    """Filled in, each is a deployment for a chain with money on it."""
    path = tmp_path / "1.toml"
    path.write_text(network.read_text().replace(NOBODY, TOKEN))
    parameters, sending = read_parameters(path)
    assert not parameters.local
    assert parameters.court is not None
    assert parameters.terms.verdict_by >= parameters.court.least_verdict
    assert parameters.unbonding_delay >= 7 * 86_400
    assert sending.confirmations >= 5
    assert parameters.channels is not None
    assert parameters.storage is not None
    assert parameters.channels.notice >= 2 * parameters.court.inclusion
    assert parameters.storage.window >= 2 * parameters.court.inclusion
    assert f"networks/{network.name}" in (EXAMPLE.parents[1] / "docs" / "networks.md").read_text()
    rehearsed = read_rehearsed(network, TOKEN)
    assert rehearsed[:2] == (parameters, sending)
    assert 0 < rehearsed[2].price <= 200 * 10**9


FILED = EXAMPLE.parent / "networks" / "op-stack.toml"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("block_time = 2 ", "block_time = 0 ", "network.block_time lies between 0.05 and 60 s"),
        ('"0.005"', '"free"', "'free' is not a number of gwei in quotes, like \"0.05\""),
        ('"0.005"', "0.005", '0.005 is not a number of gwei in quotes, like "0.05"'),
        ('"prague"', '"london"', "older ones can't run the contracts"),
        ("240_000_000", "5_000_000", "network.gas_limit is 8,000,000 at least"),
        ("gas_limit =", "gas_limits =", "gas_limits"),
        ("confirmations = 5", "confirmations = 50_000", "sending.confirmations are 100000 s"),
        ("[network]", "[networks]", "networks"),
        ("inclusion = 43_200", "inclusion = 86_400", "court.step is at least inclusion, 1 day"),
    ],
)
def test_a_network_that_can_t_be(old: str, new: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "1.toml"
    path.write_text(FILED.read_text())
    change(path, old, new)
    with pytest.raises(DeploymentError) as caught:
        read_rehearsed(path, TOKEN)
    (line,) = str(caught.value).splitlines()
    assert told in line


def test_a_network_whose_gas_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "1.toml"
    path.write_text((EXAMPLE.parent / "networks" / "bsc.toml").read_text())
    change(path, '"0.05"', '"0"')
    with pytest.raises(DeploymentError, match="tip_gwei is above 0 where base_fee_gwei is 0"):
        read_rehearsed(path, TOKEN)


def test_a_file_that_does_not_say_what_the_chain_is_like() -> None:
    with pytest.raises(DeploymentError, match=r"has no table \[network\].*deployments/networks"):
        read_rehearsed(EXAMPLE, TOKEN)
