/** What a job of a size would cost now, and why each offer would take it or not. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { estimate, type Estimate, type ResourceClass } from "../api/shapes";
import { useAsked } from "../api/use";
import { parsed, PRICE_DECIMALS } from "../format/amount";
import { plain } from "../format/text";
import { duration } from "../format/time";
import { at, config } from "../market";
import { t, tOr } from "../text";
import { Shown } from "../ui/asked";
import { Amount, Badge, Miner, Price } from "../ui/basic";
import { Table } from "../ui/table";

export function Estimating(props: { of: ResourceClass }): JSX.Element {
    const [units, setUnits] = useState("1000");
    const [tasks, setTasks] = useState("10");
    const [bid, setBid] = useState("");
    const most = bid ? parsed(bid, PRICE_DECIMALS) : null;
    const wrong =
        !/^[1-9]\d{0,18}$/.test(units) ||
        !/^[1-9]\d{0,8}$/.test(tasks) ||
        (bid !== "" && most === null);
    const more = most === null ? "" : `&max_price=${most}`;
    const path = wrong
        ? null
        : at(`/classes/${props.of.resource}/estimate?units=${units}&tasks=${tasks}${more}`);
    const asked = useAsked(path, estimate);
    const symbol = config.value?.symbol ?? "";
    return (
        <section aria-label={t("estimate.title")}>
            <div class="bar">
                <h2>{t("estimate.title")}</h2>
                <Field name={t("estimate.units")} value={units} set={setUnits} />
                <Field name={t("estimate.tasks")} value={tasks} set={setTasks} />
                <Field
                    name={t("estimate.bid", { symbol })}
                    value={bid}
                    set={setBid}
                    hint={t("estimate.noBid")}
                />
            </div>
            {wrong ? (
                <p class="notice">{t("estimate.wrong")}</p>
            ) : (
                <Shown of={asked}>{(found) => <Answer of={found} />}</Shown>
            )}
        </section>
    );
}

function Field(props: {
    name: string;
    value: string;
    set(value: string): void;
    hint?: string;
}): JSX.Element {
    return (
        <label>
            {props.name}
            <input
                type="text"
                inputMode="decimal"
                size={10}
                value={props.value}
                placeholder={props.hint}
                onInput={(event) => props.set(event.currentTarget.value.trim())}
            />
        </label>
    );
}

function Answer(props: { of: Estimate }): JSX.Element {
    const takers = props.of.offers.filter((one) => one.takes);
    return (
        <>
            <p class="answer">
                {takers.length ? (
                    <>
                        {t("estimate.best")} <Amount of={takers[0]!.cost} />
                        {takers[0]!.seconds !== null && (
                            <>, {t("estimate.about", { time: duration(takers[0]!.seconds) })}</>
                        )}
                        .{" "}
                        {t("estimate.takers", {
                            count: takers.length,
                            all: props.of.offers.length,
                        })}
                    </>
                ) : (
                    t("estimate.nobody")
                )}
            </p>
            <Table
                label={t("estimate.title")}
                rows={props.of.offers}
                keyOf={(one) => String(one.offer.miner_id)}
                none={t("none.offers")}
                columns={[
                    {
                        name: t("offers.miner"),
                        show: (one) => <Miner number={one.offer.miner_id} />,
                    },
                    {
                        name: t("estimate.takes"),
                        show: (one) => (
                            <Badge mood={one.takes ? "good" : "bad"}>
                                {one.takes ? t("word.yes") : t("word.no")}
                            </Badge>
                        ),
                    },
                    {
                        name: t("market.price"),
                        show: (one) => <Price of={one.price} />,
                        by: (one) => one.price,
                        end: true,
                    },
                    {
                        name: t("estimate.cost"),
                        show: (one) => <Amount of={one.cost} />,
                        by: (one) => one.cost,
                        end: true,
                    },
                    {
                        name: t("estimate.time"),
                        show: (one) => (one.seconds === null ? "–" : duration(one.seconds)),
                        by: (one) => one.seconds ?? Infinity,
                        end: true,
                    },
                    { name: t("estimate.why"), show: (one) => <Reasons of={one.reasons} /> },
                ]}
            />
        </>
    );
}

function Reasons(props: { of: { code: string; detail: string }[] }): JSX.Element {
    if (!props.of.length) return <span class="faint">{t("estimate.nothingAgainst")}</span>;
    return (
        <ul class="reasons">
            {props.of.map((reason) => (
                <li key={reason.code} title={plain(reason.detail, 200)}>
                    {tOr(`reason.${reason.code}`, plain(reason.detail, 120))}
                </li>
            ))}
        </ul>
    );
}
