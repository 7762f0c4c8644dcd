/** What happened to something, in the order in which it did. */
import type { ComponentChildren, JSX } from "preact";
import type { Entry } from "../api/shapes";
import { units } from "../format/amount";
import { plain } from "../format/text";
import { absolute, duration } from "../format/time";
import { type Key, t, tOr } from "../text";
import { en } from "../text/en";
import { Rich } from "../text/rich";
import { Account, Amount, Hex, Miner, Price, Time } from "./basic";

const BAD = /Defaulted|Overturned|Slashed|Released|Frozen|False|Seized/;

export function Story(props: { of: Entry[] }): JSX.Element {
    if (!props.of.length) return <p class="nothing">{t("none.story")}</p>;
    return (
        <ol class="story">
            {props.of.map((entry) => (
                <li key={entry.id} class={BAD.test(entry.name) ? "bad" : undefined}>
                    <p>
                        <Sentence of={entry} />
                    </p>
                    <p class="when">
                        <Time at={entry.at.time} /> · {t("word.block", { block: entry.at.block })} ·{" "}
                        {t("word.transaction")} <Hex of={entry.at.transaction} />
                    </p>
                    <Raw of={entry} />
                </li>
            ))}
        </ol>
    );
}

function Sentence(props: { of: Entry }): JSX.Element {
    const { name, arguments: given } = props.of;
    const isLast = name === "CaseAdvanced" && new Map(given).get("deadline") === "0";
    const key = `event.${name}${isLast ? ".last" : ""}`;
    if (!Object.hasOwn(en, key)) return <Rich of="event.other" named={{ name: plain(name, 60) }} />;
    const named: Record<string, ComponentChildren> = {};
    for (const [argument, value] of given) named[argument] = shown(argument, value);
    return <Rich of={key as Key} named={named} />;
}

const UNITS = new Set(["units", "units_used", "units_due", "published", "capacity", "total"]);
const PRICES = new Set(["price", "ask", "max_price"]);
const TIMES = new Set(
    (
        "deadline until ends valid_until busy_until unbonding_ends closable_from filing_until" +
        " vote_start vote_end eta_seconds extended_deadline issued"
    ).split(" "),
);
const AMOUNTS = new Set(
    (
        "amount paid fee fees refunded deposit earned compensation court_share pool_share refund" +
        " reward filer jurors miner sink appellant received reserve lost returned"
    ).split(" "),
);
const SUPPORT = ["against", "for", "abstain"] as const;

/** A value by the name of its argument. */
function shown(name: string, value: unknown): ComponentChildren {
    if (typeof value === "boolean") return value ? t("word.yes") : t("word.no");
    if (typeof value !== "string") return plain(JSON.stringify(value), 60);
    if (/^0x[0-9a-f]{40}$/.test(value)) return <Account of={value} bare />;
    if (/^0x[0-9a-f]+$/.test(value)) return <Hex of={value} bare />;
    if (!/^\d{1,78}$/.test(value)) return tOr(`value.${value}`, plain(value, 80));
    if (name === "miner_id") return <Miner number={Number(value)} />;
    if (name === "support") return t(`vote.${SUPPORT[Number(value)] ?? "abstain"}`);
    if (name === "weight") return units(BigInt(value) / 10n ** 18n);
    if (AMOUNTS.has(name)) return <Amount of={BigInt(value)} />;
    if (PRICES.has(name)) return <Price of={BigInt(value)} />;
    if (UNITS.has(name)) return units(BigInt(value));
    if (name === "longest") return duration(Number(value));
    // As it was told then: what was to come may be long past.
    if (TIMES.has(name)) return value === "0" ? "–" : absolute(Number(value));
    return value;
}

/** All that the chain says, as it says it. */
function Raw(props: { of: Entry }): JSX.Element {
    const { name, arguments: given, address } = props.of;
    return (
        <details class="raw">
            <summary>{t("story.raw")}</summary>
            <pre tabIndex={0}>
                {`${plain(name, 60)} @ ${address}\n`}
                {given
                    .map(([argument, value]) => {
                        const text = typeof value === "string" ? value : JSON.stringify(value);
                        return `${plain(argument, 40)}: ${plain(text, 600)}\n`;
                    })
                    .join("")}
            </pre>
        </details>
    );
}
