/** Deals, miners, cases and so on, as a relay would tell them. */
import { address, hash, NOW, offer, tokens } from "./market";

export const moment = (before: number, digit = "c", place = 0) => ({
    block: 90_000 - Math.floor(before / 2),
    place,
    time: NOW - before,
    transaction: hash(digit),
});
export const entry = (
    name: string,
    contract: string,
    before: number,
    given: object,
    about: object[] = [],
) => ({
    id: `${name}-${before}`,
    name,
    contract,
    address: address("1"),
    at: moment(before),
    arguments: given,
    about,
});

export const deal = (digit: string, more: object = {}) => ({
    id: hash(digit),
    state: "settled",
    requester: address("a"),
    miner_id: 2,
    miner: address("c"),
    resource: 1,
    units: "1000",
    price: tokens(0.024512),
    value: tokens(24.512),
    deadline: NOW + 120,
    confirmed: moment(340),
    submitted: null,
    ended: moment(60),
    units_used: null,
    units_due: null,
    root: null,
    trial: "none",
    paid: tokens(20.1),
    fee: tokens(0.203),
    refunded: tokens(4.209),
    slashed: null,
    ...more,
});

export const request = {
    id: hash("d"),
    source: "chain",
    state: "posted",
    requester: address("a"),
    miner_id: 0,
    resource: 1,
    runtime: 0,
    units: "1000",
    max_price: tokens(0.026),
    confirm_by: NOW + 600,
    duration: 300,
    tasks: 10,
    job: hash("f"),
    terms: 1,
    flags: 0,
    epoch: 0,
    salt: "7",
    posted: moment(400),
    history: [] as object[],
};

export const dealStory = {
    ...deal("d", {
        state: "overturned",
        submitted: moment(200),
        root: hash("e"),
        units_used: "980",
        units_due: "700",
        trial: "decided",
        slashed: { compensation: tokens(5), court: tokens(2), pool: tokens(3) },
    }),
    request,
    cases: [hash("b")],
    history: [
        entry("RequestPosted", "market", 400, {
            id: hash("d"),
            requester: address("a"),
            resource: "1",
            request: { units: "1000" },
        }),
        entry("RequestConfirmed", "market", 340, {
            id: hash("d"),
            miner_id: "2",
            requester: address("a"),
            resource: "1",
            units: "1000",
            price: tokens(0.024512),
            deadline: String(NOW + 120),
        }),
        entry("ResultSubmitted", "market", 200, {
            id: hash("d"),
            miner_id: "2",
            root: hash("e"),
            units_used: "980",
        }),
        entry("ChallengeFiled", "court", 180, {
            case_id: hash("b"),
            request_id: hash("d"),
            filer: address("a"),
            miner_id: "2",
            number: "0",
            withheld: false,
            task: "3",
            seats: "3",
            deposit: tokens(50),
        }),
        entry("StakeSlashed", "market", 60, {
            id: hash("d"),
            miner_id: "2",
            compensation: tokens(5),
            court_share: tokens(2),
            pool_share: tokens(3),
        }),
        entry("RequestOverturned", "market", 60, {
            id: hash("d"),
            miner_id: "2",
            units_due: "700",
            paid: tokens(17),
            fee: tokens(0.2),
            refunded: tokens(7.3),
        }),
    ],
};

export const miner = (miner_id: number, more: object = {}) => ({
    miner_id,
    miner: address("c"),
    payout: address("b"),
    successor: null,
    tenure: 0,
    registered: moment(90_000),
    stake: tokens(50_000),
    pledged: tokens(50_000),
    unbonding: "0",
    unbonding_ends: 0,
    collectable: tokens(312.5),
    earned: tokens(4_211.77),
    earned_by_channels: tokens(12),
    earned_by_storage: "0",
    rewards: tokens(40),
    fees_paid: tokens(42.1),
    slashed: "0",
    live: 2,
    completed: 80 * miner_id,
    released: 1,
    defaulted: 0,
    overturned: 0,
    last_payment_time: NOW - 61,
    merit: 0.9,
    blame: 0.01,
    score: 0.97 - miner_id / 20,
    ...more,
});
export const minerStory = {
    ...miner(2),
    offers: [offer(2), offer(2, { resource: 3, published: "4", free: "3", reserved: "1" })],
    history: [
        entry("MinerRegistered", "market", 90_000, {
            miner_id: "2",
            miner: address("c"),
            payout: address("b"),
        }),
        entry("OfferPublished", "market", 89_000, {
            miner_id: "2",
            resource: "1",
            published: "5000000",
            ask: tokens(0.02),
            valid_until: String(NOW + 80_000),
            verified_only: false,
        }),
    ],
};

export const case_ = {
    id: hash("b"),
    court: address("2"),
    deal: hash("d"),
    filer: address("a"),
    miner_id: 2,
    number: 0,
    withheld: false,
    task: 3,
    seats: 3,
    deposit: tokens(50),
    phase: "upheld",
    round: 0,
    deadline: 0,
    outcome: "wrong",
    filed: moment(180),
    refund: tokens(20),
    reward: tokens(1.5),
    divided: { filer: tokens(50), appellant: "0", jurors: tokens(9), miner: "0", sink: tokens(1) },
};
export const caseStory = {
    ...case_,
    jurors: [0, 1, 2].map((index) => ({
        juror: address(String(index + 1)),
        position: 7 + index,
        round: 0,
        index,
        assessment: index === 2 ? "penalized" : "paid",
    })),
    history: [
        dealStory.history[3],
        entry("CaseAdvanced", "court", 150, {
            case_id: hash("b"),
            phase: "voting",
            round: "0",
            deadline: String(NOW - 100),
        }),
        entry("VotesCounted", "court", 80, { case_id: hash("b"), round: "0", outcome: "wrong" }),
    ],
};

export const channel = {
    id: hash("1"),
    state: "open",
    requester: address("a"),
    signer: address("9"),
    miner_id: 2,
    miner: address("c"),
    resource: 4,
    units: "1",
    price: tokens(1.5),
    deposit: tokens(30),
    reserve: tokens(3),
    paid: tokens(12.25),
    earned: tokens(12.1),
    fee: tokens(0.15),
    refunded: null,
    ends: NOW + 3_000,
    closable_from: null,
    opened: moment(600),
    closed: null,
};
export const channelStory = {
    ...channel,
    history: [
        entry("ChannelOpened", "channels", 600, {
            channel: hash("1"),
            miner_id: "2",
            requester: address("a"),
            record: {},
        }),
        entry("ChannelPaid", "channels", 100, {
            channel: hash("1"),
            miner_id: "2",
            requester: address("a"),
            paid: tokens(12.25),
            earned: tokens(12.1),
            fee: tokens(0.15),
        }),
    ],
};

export const storage = {
    id: hash("2"),
    state: "kept",
    requester: address("a"),
    miner_id: 2,
    miner: address("c"),
    resource: 5,
    units: "1",
    root: hash("3"),
    size: "1048576",
    period: 300,
    periods: 12,
    proved: 5,
    samples: 3,
    pay: tokens(0.2),
    collateral: tokens(0.5),
    earned: tokens(0.99),
    refunded: null,
    lost: null,
    opened: moment(1800),
    ended: null,
};
export const storageStory = {
    ...storage,
    history: [
        entry("StorageOpened", "storage", 1800, {
            deal: hash("2"),
            miner_id: "2",
            requester: address("a"),
            record: {},
        }),
        entry("PeriodProved", "storage", 90, {
            deal: hash("2"),
            miner_id: "2",
            period: "4",
            earned: tokens(0.198),
        }),
    ],
};

export const proposal = {
    id: hash("4"),
    state: "active",
    calls_in_all: 1,
    proposer: address("a"),
    description: `Lower the fee to half a percent\nMiners earn more, and the market grows.\n#proposer=${address("a")}`,
    begins: NOW - 100,
    ends: NOW + 500,
    against: tokens(1_000_000),
    in_favour: tokens(5_200_000),
    abstained: tokens(10_000),
    quorum: tokens(4_000_000),
    voters: 3,
    executable_from: null,
    proposed: moment(120),
    executed: null,
};
export const proposalStory = {
    ...proposal,
    calls: [
        // retireTerms(1)
        { target: address("1"), value: "0", data: `0x5a3c9e2f${"0".repeat(63)}1`, cut: false },
    ],
    history: [
        entry("ProposalCreated", "governor", 120, {
            proposal_id: "1",
            proposer: address("a"),
            vote_start: String(NOW - 100),
        }),
        entry("VoteCast", "governor", 60, {
            voter: address("a"),
            proposal_id: "1",
            support: "1",
            weight: tokens(5_200_000),
            reason: "",
        }),
    ],
};

export const account = {
    address: address("a"),
    available: tokens(980_000),
    locked: tokens(120),
    deposited: tokens(1_000_000),
    withdrawn: tokens(500),
    miner_id: null,
    payout_of: [2],
    deals: 14,
    spent: tokens(19_380),
    history: [
        entry("Deposited", "market", 90_000, { account: address("a"), amount: tokens(1_000_000) }),
    ],
};

const page = (...items: object[]) => ({ items, next: null });
export const answers = {
    "/api/v1/deals": page(
        deal("d", { state: "overturned" }),
        deal("5", { state: "confirmed", paid: null, fee: null, refunded: null, ended: null }),
        deal("6"),
        deal("7", { state: "defaulted" }),
    ),
    "/api/v1/requests": page(request),
    [`/api/v1/deals/${hash("d")}`]: dealStory,
    "/api/v1/miners": page(miner(1), miner(2), miner(3, { score: null })),
    "/api/v1/miners/2": minerStory,
    "/api/v1/cases": page(case_),
    [`/api/v1/cases/${hash("b")}`]: caseStory,
    "/api/v1/channels": page(channel),
    [`/api/v1/channels/${hash("1")}`]: channelStory,
    "/api/v1/storage-deals": page(storage),
    [`/api/v1/storage-deals/${hash("2")}`]: storageStory,
    "/api/v1/proposals": page(proposal),
    [`/api/v1/proposals/${hash("4")}`]: proposalStory,
    [`/api/v1/accounts/${address("a")}`]: account,
};
/** Each view, by the name that its pictures have. */
export const VIEWS: Record<string, string> = {
    market: "/",
    deals: "/deals",
    deal: `/deal/${hash("d")}`,
    miners: "/miners",
    miner: "/miner/2",
    cases: "/cases",
    case: `/case/${hash("b")}`,
    channels: "/channels",
    channel: `/channel/${hash("1")}`,
    storage: `/storage/${hash("2")}`,
    proposals: "/proposals",
    proposal: `/proposal/${hash("4")}`,
    account: `/account/${address("a")}`,
};
