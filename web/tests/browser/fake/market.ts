/** A small market, as a relay would tell it. */
export const NOW = Math.floor(Date.now() / 1000);
export const address = (digit: string): string => `0x${digit.repeat(40)}`;
export const hash = (digit: string): string => `0x${digit.repeat(64)}`;
const TOKEN = 10n ** 18n;
export const tokens = (amount: number): string =>
    ((BigInt(Math.round(amount * 1e6)) * TOKEN) / 1_000_000n).toString();

export const config = {
    version: "0.1.0",
    protocol: 4,
    chain_id: 31337,
    contracts: {
        market: address("1"),
        courts: [address("2")],
        channels: address("3"),
        storage: address("4"),
        governor: address("5"),
        timelock: address("6"),
        voting_token: address("7"),
        reward_pools: [],
        identity: null,
    },
    token: { address: address("8"), symbol: "LOCAL", decimals: 18 },
    terms: [
        {
            terms: 1,
            retired: false,
            treasury: address("9"),
            fee_bps: 100,
            challenge_window: 120,
            court: address("2"),
            verdict_by: 600,
            release_bps: 1000,
            default_bps: 5000,
            overturn_bps: 10000,
            compensation_cap: tokens(10),
            court_bps: 5000,
            identity_verifier: address("0"),
        },
    ],
    confirmations: 1,
    rpc: null,
    max_blob: 1 << 30,
};

export const status = {
    block: 1234,
    time: NOW,
    head: 1234,
    caught_up: true,
    events: 4321,
    problem: null,
};

const classOf = (resource: number, unit: string, kind: string, more: object = {}) => ({
    resource,
    unit,
    kind,
    retired: false,
    price: tokens(0.024512),
    adapts: true,
    last_price: tokens(0.0241),
    floor: tokens(0.0001),
    stake_per_unit: tokens(0.01),
    max_task_units: "100000",
    max_task_memory: 1 << 30,
    max_task_bytes: 1 << 28,
    unit_seconds: kind === "leased" ? 3600 : 0,
    price_model: address("a"),
    registered: "12000000",
    published: "10000000",
    demanded: "3420000",
    utilization: 0.342,
    miners: 5,
    deals: 1284,
    runtimes: [{ index: 0, runtime_id: hash("e"), suspended: false }],
    ...more,
});
export const classes = [
    classOf(1, "Mfuel", "judged"),
    classOf(2, "Mfuel portable", "judged", { demanded: "0", utilization: 0 }),
    classOf(3, "gpu-hour", "leased"),
    classOf(4, "core-hour", "leased"),
    classOf(5, "gb-day", "leased"),
];

export function prices(resource = 1, points = 120, step = 60) {
    const made = Array.from({ length: points }, (_, index) => {
        const wave = Math.sin(index / 9) + Math.sin(index / 23) * 0.7;
        const price = tokens(0.024 + wave * 0.002);
        const deals = index % 3;
        return {
            start: NOW - (NOW % step) - (points - index) * step,
            deals,
            units: String(deals * 10_000),
            value: tokens(deals * 240),
            open: deals ? price : null,
            high: deals ? price : null,
            low: deals ? price : null,
            close: deals ? tokens(0.0241 + wave * 0.0018) : null,
            quoted: price,
            registered: "12000000",
            published: String(9_000_000 + (index > 60 ? 1_000_000 : 0)),
            demanded: String(Math.round(3_400_000 + wave * 1_400_000)),
        };
    });
    return { resource, step: "minute", points: made, next: null };
}

export const offer = (miner_id: number, more: object = {}) => ({
    miner_id,
    miner: address(((miner_id % 6) + 10).toString(16)),
    resource: 1,
    state: "open",
    ask: tokens(0.02 + miner_id * 0.0013),
    published: "5000000",
    reserved: String(miner_id * 110_000),
    free: String(5_000_000 - miner_id * 110_000),
    capacity: "5000000",
    valid_until: NOW + 86_400 * miner_id,
    verified_only: miner_id === 4,
    completed: 40 * miner_id,
    defaulted: miner_id === 3 ? 2 : 0,
    overturned: 0,
    score: 0.99 - miner_id * 0.06,
    announced: {
        units_per_second: 1_800 - miner_id * 90,
        workers: 4,
        runtimes: [hash("e")],
        valid_until: NOW + 3600,
    },
    ...more,
});
export const offers = { items: [1, 2, 3, 4, 5].map((number) => offer(number)), next: null };

export const estimate = {
    resource: 1,
    units: "1000",
    tasks: 10,
    price: tokens(0.024512),
    offers: [1, 2, 3, 4, 5].map((number) => ({
        offer: offer(number),
        takes: number < 4,
        reasons:
            number === 4
                ? [
                      {
                          code: "verified_requesters_only",
                          detail: "sells to verified requesters only",
                      },
                  ]
                : number === 5
                  ? [
                        { code: "ask_above_bid", detail: "asks 0.0265, the bid is 0.0245" },
                        { code: "too_few_units", detail: "…" },
                    ]
                  : [],
        price: tokens(0.024512),
        cost: tokens(24.512 + number),
        seconds: 12 + number,
    })),
    more: false,
};

export const answers = {
    "/api/v1/config": config,
    "/api/v1/status": status,
    "/api/v1/classes": classes,
    "/api/v1/classes/1/prices": prices(),
    "/api/v1/classes/3/prices": prices(3),
    "/api/v1/classes/1/estimate": estimate,
    "/api/v1/offers": offers,
};
