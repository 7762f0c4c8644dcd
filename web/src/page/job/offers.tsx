/** What the job costs with each offer, which one is chosen, or among how many it is split. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Estimate, Objection } from "../../job/offers";
import type { Job } from "../../job/build";
import type { ResourceClass, Terms } from "../../job/market";
import type { Share } from "../../job/split";
import { plain } from "../format/text";
import { duration } from "../format/time";
import { t, tOr } from "../text";
import { Account, Amount, Badge, Facts, Miner, Price, Units } from "../ui/basic";
import { Table } from "../ui/table";

export interface Found {
    class: ResourceClass;
    job: Job;
    estimates: Estimate[];
    /** Among how many of the cheapest miners it can be split, from two on, and how */
    splits: Share[][];
    terms: Terms;
}

const NOBODY = `0x${"00".repeat(20)}`;

export function Offered(props: {
    of: Found;
    buy(chosen: readonly Share[]): void;
    busy: boolean;
}): JSX.Element {
    const { job, estimates, splits, terms } = props.of;
    const tasks = job.manifest.tasks.map((_, index) => index);
    return (
        <>
            <Table
                label={t("job.offers")}
                rows={estimates}
                keyOf={({ offer }) => String(offer.minerId)}
                none={t("none.offers")}
                columns={[
                    {
                        name: t("offers.miner"),
                        show: ({ offer }) => <Miner number={offer.minerId} />,
                    },
                    {
                        name: t("market.price"),
                        show: ({ price }) => <Price of={price} />,
                        by: ({ price }) => price,
                        end: true,
                    },
                    {
                        name: t("job.units.all"),
                        show: ({ units }) => <Units of={units} />,
                        end: true,
                    },
                    {
                        name: t("job.lock"),
                        show: ({ lock }) => <Amount of={lock} />,
                        by: ({ lock }) => lock,
                        end: true,
                    },
                    {
                        name: t("job.within"),
                        show: (one) => duration(one.duration),
                        by: (one) => one.duration,
                        end: true,
                    },
                    { name: t("estimate.why"), show: (one) => <Against of={one.objections} /> },
                    {
                        name: t("job.choose"),
                        show: (one) => (
                            <button
                                type="button"
                                class={one.objections.length ? "plain" : "primary"}
                                disabled={props.busy || one.objections.length > 0}
                                onClick={() => props.buy([{ estimate: one, job, tasks }])}
                            >
                                {t("job.buy")}
                            </button>
                        ),
                    },
                ]}
            />
            {splits.length > 0 && <Among of={splits} buy={props.buy} busy={props.busy} />}
            <h3>{t("job.terms", { number: terms.id })}</h3>
            <Facts
                rows={[
                    [t("job.fee"), `${terms.feeBps / 100} %`],
                    [t("job.window"), duration(terms.challengeWindow)],
                    [
                        t("job.court"),
                        terms.court === NOBODY ? (
                            <Badge mood="bad">{t("job.noCourt")}</Badge>
                        ) : (
                            <Account of={terms.court} />
                        ),
                    ],
                ]}
            />
        </>
    );
}

/** The job in parts, one for each of several miners. */
function Among(props: {
    of: Share[][];
    buy(chosen: readonly Share[]): void;
    busy: boolean;
}): JSX.Element {
    const { of: splits } = props;
    const [many, setMany] = useState(splits[0]!.length);
    const shares = splits.find(({ length }) => length === many) ?? splits[0]!;
    const total = shares.reduce((sum, { estimate }) => sum + estimate.lock, 0n);
    const longest = Math.max(...shares.map(({ estimate }) => estimate.duration));
    return (
        <section class="card" aria-label={t("job.split")}>
            <div class="bar">
                <h3>{t("job.split")}</h3>
                <label>
                    {t("job.among")}
                    <select
                        value={String(shares.length)}
                        onChange={(event) => setMany(Number(event.currentTarget.value))}
                    >
                        {splits.map(({ length }) => (
                            <option key={length} value={String(length)}>
                                {length}
                            </option>
                        ))}
                    </select>
                </label>
            </div>
            <p class="faint">{t("job.splitWhy")}</p>
            <Table
                label={t("job.split")}
                rows={shares}
                keyOf={({ estimate: { offer } }) => String(offer.minerId)}
                none=""
                columns={[
                    {
                        name: t("offers.miner"),
                        show: ({ estimate: { offer } }) => <Miner number={offer.minerId} />,
                    },
                    { name: t("job.tasks"), show: ({ tasks }) => tasks.length, end: true },
                    {
                        name: t("market.price"),
                        show: ({ estimate }) => <Price of={estimate.price} />,
                        end: true,
                    },
                    {
                        name: t("job.lock"),
                        show: ({ estimate }) => <Amount of={estimate.lock} />,
                        end: true,
                    },
                    {
                        name: t("job.within"),
                        show: ({ estimate }) => duration(estimate.duration),
                        end: true,
                    },
                ]}
            />
            <p class="answer">
                {t("job.total")} <Amount of={total} />,{" "}
                {t("job.totalWithin", { time: duration(longest) })}
            </p>
            <button
                type="button"
                class="primary"
                disabled={props.busy}
                onClick={() => props.buy(shares)}
            >
                {t("job.buySplit", { count: shares.length })}
            </button>
        </section>
    );
}

function Against(props: { of: readonly Objection[] }): JSX.Element {
    if (!props.of.length) return <span class="faint">{t("estimate.nothingAgainst")}</span>;
    return (
        <ul class="reasons">
            {props.of.map(({ code, detail }) => (
                <li key={code}>{tOr(`reason.${code}`, plain(detail, 120))}</li>
            ))}
        </ul>
    );
}
