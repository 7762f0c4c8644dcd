/** Small things that every view shows: amounts, addresses, times, links, states. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { decimal, exactly, PRICE_DECIMALS, units } from "../format/amount";
import { plain, shortHex } from "../format/text";
import { absolute, relative } from "../format/time";
import { config } from "../market";
import { t } from "../text";

export function Link(props: {
    to: string;
    children: ComponentChildren;
    class?: string | undefined;
    current?: boolean | undefined;
}): JSX.Element {
    return (
        <a
            href={props.to}
            data-view
            class={props.class}
            aria-current={props.current ? "page" : undefined}
        >
            {props.children}
        </a>
    );
}

/** An amount of base units of the settlement token. */
export function Amount(props: { of: bigint; sign?: boolean }): JSX.Element {
    const [decimals, symbol] = [config.value?.decimals ?? 18, config.value?.symbol ?? ""];
    const sign = props.sign && props.of > 0n ? "+" : "";
    return (
        <span class="amount" title={`${sign}${exactly(props.of, decimals)} ${symbol}`}>
            {sign}
            {decimal(props.of, decimals)} <small>{symbol}</small>
        </span>
    );
}

/** A price: 10^-18 token per unit. */
export function Price(props: { of: bigint }): JSX.Element {
    return (
        <span class="amount" title={exactly(props.of, PRICE_DECIMALS)}>
            {decimal(props.of, PRICE_DECIMALS, 6)}
        </span>
    );
}

export function Units(props: { of: bigint }): JSX.Element {
    return <span class="amount">{units(props.of)}</span>;
}

/** Seconds since 1970; 0 where there was none. */
export function Time(props: { at: number }): JSX.Element {
    if (!props.at) return <span>{t("time.never")}</span>;
    const date = props.at < 8_640_000_000_000 ? new Date(props.at * 1000).toISOString() : undefined;
    return (
        <time dateTime={date} title={absolute(props.at)}>
            {relative(props.at)}
        </time>
    );
}

/** Hexadecimal text, shortened, whole in its title, with a button that copies it. */
export function Hex(props: {
    of: string;
    to?: string;
    what?: string | undefined;
    digits?: number;
    bare?: boolean | undefined;
}): JSX.Element {
    const short = shortHex(props.of, props.digits ?? 4);
    return (
        <span class="hex">
            {props.to ? (
                <a href={props.to} data-view title={props.of}>
                    {short}
                </a>
            ) : (
                <span title={props.of}>{short}</span>
            )}
            {!props.bare && <Copy of={props.of} what={props.what ?? short} />}
        </span>
    );
}

export function Account(props: { of: string; bare?: boolean | undefined }): JSX.Element {
    return <Hex of={props.of} to={`/account/${props.of}`} bare={props.bare} />;
}

export function Miner(props: { number: number }): JSX.Element {
    return <Link to={`/miner/${props.number}`}>{t("word.miner", { number: props.number })}</Link>;
}

export function DealId(props: { of: string; bare?: boolean | undefined }): JSX.Element {
    return <Hex of={props.of} to={`/deal/${props.of}`} bare={props.bare} />;
}

function Copy(props: { of: string; what: string }): JSX.Element {
    const [done, setDone] = useState(false);
    const copy = (): void => {
        void navigator.clipboard?.writeText(props.of).then(() => {
            setDone(true);
            setTimeout(() => setDone(false), 1_500);
        });
    };
    const label = done ? t("word.copied") : t("word.copy", { what: props.what });
    return (
        <button type="button" class="copy" onClick={copy} aria-label={label} title={label}>
            <svg viewBox="0 0 16 16" aria-hidden="true">
                {done ? (
                    <path d="M3 8.5 6.5 12 13 4.5" />
                ) : (
                    <path d="M5.5 5.5v-3h8v8h-3m-8-5h8v8h-8z" />
                )}
            </svg>
        </button>
    );
}

export type Mood = "good" | "busy" | "bad" | "quiet";

export function Badge(props: { mood: Mood; children: ComponentChildren }): JSX.Element {
    return <span class={`badge ${props.mood}`}>{props.children}</span>;
}

/** Text that others wrote. */
export function Foreign(props: { text: unknown; most?: number }): JSX.Element {
    return <bdi class="foreign">{plain(props.text, props.most)}</bdi>;
}

/** Names and values, beside each other. */
export function Facts(props: { rows: ([string, ComponentChildren] | null)[] }): JSX.Element {
    return (
        <dl class="facts">
            {props.rows.map(
                (row) =>
                    row && (
                        <div key={row[0]}>
                            <dt>{row[0]}</dt>
                            <dd>{row[1]}</dd>
                        </div>
                    ),
            )}
        </dl>
    );
}

export function Heading(props: { children: ComponentChildren; kind?: string }): JSX.Element {
    return (
        <h1 tabIndex={-1}>
            {props.kind && <span class="kind">{props.kind}</span>} {props.children}
        </h1>
    );
}
