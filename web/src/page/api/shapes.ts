/** What the relay's index answers (its OpenAPI document: /api/openapi.json), as far as the page reads it. */
import {
    address,
    amount,
    anything,
    bytes,
    type Decoded,
    flag,
    hash,
    list,
    maybe,
    named,
    real,
    record,
    text,
    whole,
} from "./decode";

export const moment = record({ block: whole, place: whole, time: whole, transaction: hash });
export const about = record({ kind: text, id: text });
export const entry = record({
    id: text,
    name: text,
    contract: text,
    address,
    at: moment,
    arguments: named(anything),
    about: list(about, 50),
});

export const terms = record({
    terms: whole,
    retired: flag,
    treasury: address,
    fee_bps: whole,
    challenge_window: whole,
    court: address,
    verdict_by: whole,
    release_bps: whole,
    default_bps: whole,
    overturn_bps: whole,
});

export const config = record({
    version: text,
    protocol: whole,
    chain_id: whole,
    contracts: record({
        market: address,
        courts: list(address, 100),
        channels: maybe(address),
        storage: maybe(address),
        governor: maybe(address),
        timelock: maybe(address),
        voting_token: maybe(address),
        identity: maybe(address),
    }),
    token: record({ address, symbol: text, decimals: whole }),
    terms: list(terms, 1_000),
    confirmations: whole,
    max_blob: whole,
});

export const status = record({
    block: maybe(whole),
    time: maybe(whole),
    head: maybe(whole),
    caught_up: flag,
    events: whole,
    problem: maybe(text),
});

export const resourceClass = record({
    resource: whole,
    unit: text,
    kind: text,
    retired: flag,
    price: maybe(amount),
    last_price: maybe(amount),
    floor: amount,
    stake_per_unit: amount,
    max_task_units: amount,
    max_task_memory: whole,
    max_task_bytes: whole,
    unit_seconds: whole,
    registered: amount,
    published: amount,
    demanded: amount,
    utilization: maybe(real),
    miners: whole,
    deals: whole,
    runtimes: list(record({ index: whole, runtime_id: hash, suspended: flag })),
});
export const classes = list(resourceClass, 200);

export const pricePoint = record({
    start: whole,
    deals: whole,
    units: amount,
    open: maybe(amount),
    high: maybe(amount),
    low: maybe(amount),
    close: maybe(amount),
    quoted: maybe(amount),
    registered: amount,
    published: amount,
    demanded: amount,
});
export const prices = record({ resource: whole, step: text, points: list(pricePoint) });

export const offer = record({
    miner_id: whole,
    miner: address,
    resource: whole,
    state: text,
    ask: amount,
    published: amount,
    reserved: amount,
    free: amount,
    capacity: amount,
    valid_until: whole,
    verified_only: flag,
    completed: whole,
    defaulted: whole,
    overturned: whole,
    score: maybe(real),
    announced: maybe(
        record({
            units_per_second: whole,
            workers: whole,
            runtimes: list(hash, 16),
            valid_until: whole,
        }),
    ),
});

export const estimate = record({
    resource: whole,
    units: amount,
    tasks: whole,
    price: amount,
    offers: list(
        record({
            offer,
            takes: flag,
            reasons: list(record({ code: text, detail: text }), 20),
            price: amount,
            cost: amount,
            seconds: maybe(real),
        }),
    ),
    more: flag,
});

export const request = record({
    id: hash,
    source: text,
    state: text,
    requester: address,
    miner_id: whole,
    resource: whole,
    runtime: whole,
    units: amount,
    max_price: amount,
    confirm_by: whole,
    duration: whole,
    tasks: whole,
    job: hash,
    terms: whole,
    flags: whole,
    epoch: whole,
    salt: amount,
    posted: maybe(moment),
    history: list(entry, 1_000),
});

const deals = {
    id: hash,
    state: text,
    requester: address,
    miner_id: whole,
    miner: address,
    resource: whole,
    units: amount,
    price: amount,
    value: amount,
    deadline: whole,
    confirmed: moment,
    submitted: maybe(moment),
    ended: maybe(moment),
    units_used: maybe(amount),
    units_due: maybe(amount),
    root: maybe(hash),
    trial: text,
    paid: maybe(amount),
    fee: maybe(amount),
    refunded: maybe(amount),
    slashed: maybe(record({ compensation: amount, court: amount, pool: amount })),
};
export const deal = record(deals);
const story = { history: list(entry, 1_000) };
export const dealStory = record({ ...deals, ...story, request: maybe(request), cases: list(hash) });

const miners = {
    miner_id: whole,
    miner: address,
    payout: address,
    successor: maybe(address),
    tenure: whole,
    registered: moment,
    stake: amount,
    pledged: amount,
    unbonding: amount,
    unbonding_ends: whole,
    collectable: amount,
    earned: amount,
    earned_by_channels: amount,
    earned_by_storage: amount,
    rewards: amount,
    fees_paid: amount,
    slashed: amount,
    live: whole,
    completed: whole,
    released: whole,
    defaulted: whole,
    overturned: whole,
    last_payment_time: whole,
    score: maybe(real),
};
export const miner = record(miners);
export const minerStory = record({ ...miners, ...story, offers: list(offer) });

const cases = {
    id: hash,
    court: address,
    deal: hash,
    filer: address,
    miner_id: whole,
    number: whole,
    withheld: flag,
    task: whole,
    seats: whole,
    deposit: amount,
    phase: text,
    round: whole,
    deadline: whole,
    outcome: text,
    filed: moment,
    refund: maybe(amount),
    reward: maybe(amount),
    divided: maybe(
        record({ filer: amount, appellant: amount, jurors: amount, miner: amount, sink: amount }),
    ),
};
export const case_ = record(cases);
export const caseStory = record({
    ...cases,
    ...story,
    jurors: list(
        record({
            juror: address,
            position: whole,
            round: whole,
            index: whole,
            assessment: maybe(text),
        }),
    ),
});

const channels = {
    id: hash,
    state: text,
    requester: address,
    signer: address,
    miner_id: whole,
    miner: address,
    resource: whole,
    units: amount,
    price: amount,
    deposit: amount,
    reserve: amount,
    paid: amount,
    earned: amount,
    fee: amount,
    refunded: maybe(amount),
    ends: whole,
    closable_from: maybe(whole),
    opened: moment,
    closed: maybe(moment),
};
export const channel = record(channels);
export const channelStory = record({ ...channels, ...story });

const storageDeals = {
    id: hash,
    state: text,
    requester: address,
    miner_id: whole,
    miner: address,
    resource: whole,
    units: amount,
    root: hash,
    size: amount,
    period: whole,
    periods: whole,
    proved: whole,
    samples: whole,
    pay: amount,
    collateral: amount,
    earned: amount,
    refunded: maybe(amount),
    lost: maybe(amount),
    opened: moment,
    ended: maybe(moment),
};
export const storageDeal = record(storageDeals);
export const storageStory = record({ ...storageDeals, ...story });

const proposals = {
    id: hash,
    state: text,
    calls_in_all: whole,
    proposer: address,
    description: text,
    begins: whole,
    ends: whole,
    against: amount,
    in_favour: amount,
    abstained: amount,
    quorum: maybe(amount),
    voters: whole,
    executable_from: maybe(whole),
    proposed: moment,
    executed: maybe(moment),
};
export const proposal = record(proposals);
export const proposalStory = record({
    ...proposals,
    ...story,
    calls: list(record({ target: address, value: amount, data: bytes, cut: flag }), 200),
});

export const accountStory = record({
    address,
    available: maybe(amount),
    locked: maybe(amount),
    deposited: amount,
    withdrawn: amount,
    miner_id: maybe(whole),
    payout_of: list(whole, 200),
    deals: whole,
    spent: amount,
    ...story,
});

export function pageOf<T>(item: (value: unknown, where: string) => T) {
    return record({ items: list(item, 200), next: maybe(text) });
}

export type Moment = Decoded<typeof moment>;
export type Entry = Decoded<typeof entry>;
export type Terms = Decoded<typeof terms>;
export type Config = Decoded<typeof config>;
export type Status = Decoded<typeof status>;
export type ResourceClass = Decoded<typeof resourceClass>;
export type PricePoint = Decoded<typeof pricePoint>;
export type Offer = Decoded<typeof offer>;
export type Estimate = Decoded<typeof estimate>;
export type Request = Decoded<typeof request>;
export type Deal = Decoded<typeof deal>;
export type DealStory = Decoded<typeof dealStory>;
export type Miner = Decoded<typeof miner>;
export type MinerStory = Decoded<typeof minerStory>;
export type Case = Decoded<typeof case_>;
export type CaseStory = Decoded<typeof caseStory>;
export type Channel = Decoded<typeof channel>;
export type StorageDeal = Decoded<typeof storageDeal>;
export type Proposal = Decoded<typeof proposal>;
export type ProposalStory = Decoded<typeof proposalStory>;
