/** Miners that the account acts for, or is paid for. */
import type { JSX } from "preact";
import { isAddress } from "viem";
import { accountStory } from "../api/shapes";
import { useAsked } from "../api/use";
import { decimal } from "../format/amount";
import { at } from "../market";
import { t } from "../text";
import { Shown } from "../ui/asked";
import { Facts, Miner } from "../ui/basic";
import { Field, Form, useField } from "../ui/form";
import { send } from "../wallet/acts";
import { begin, beginWith } from "../wallet/act";
import { read } from "../wallet/contracts";
import type { Session } from "../wallet/session";
import { useChain } from "./read";

export function Mining(props: { of: Session }): JSX.Element {
    const asked = useAsked(at(`/accounts/${props.of.account}`), accountStory);
    return (
        <section class="card" aria-label={t("mining.title")}>
            <h2>{t("mining.title")}</h2>
            <Shown of={asked}>
                {(found) => {
                    const numbers = new Set([
                        ...(found.miner_id ? [found.miner_id] : []),
                        ...found.payout_of,
                    ]);
                    if (!numbers.size) return <p class="nothing">{t("mining.none")}</p>;
                    return [...numbers].map((number) => (
                        <One key={number} of={props.of} number={number} />
                    ));
                }}
            </Shown>
        </section>
    );
}

interface Standing {
    miner: `0x${string}`;
    payout: `0x${string}`;
    earnings: bigint;
    channels: bigint;
    purse: bigint;
}

/** By the chain: what a relay says of money is not collected by. */
export async function standingOf(now: Session, number: number): Promise<Standing> {
    const { addresses } = now.contracts;
    const miner = await minerOf(now, number);
    const [account, channels, purse] = await Promise.all([
        read<{ payout: `0x${string}`; earnings: bigint }>(
            now.reader,
            "market",
            addresses.market,
            "minerAccount",
            [miner],
        ),
        addresses.channels
            ? read<{ due: bigint }>(now.reader, "channels", addresses.channels, "earningsOf", [
                  number,
              ]).then((one) => one.due)
            : 0n,
        addresses.storage
            ? read<readonly [bigint, bigint]>(now.reader, "storage", addresses.storage, "purseOf", [
                  number,
              ]).then(([available]) => available)
            : 0n,
    ]);
    return { miner, payout: account.payout, earnings: account.earnings, channels, purse };
}

function One(props: { of: Session; number: number }): JSX.Element {
    const { of: now, number } = props;
    const found = useChain(() => standingOf(now, number), [now, number]);
    const money = (amount: bigint): string =>
        `${decimal(amount, now.contracts.decimals)} ${now.contracts.symbol}`;
    return (
        <article aria-label={t("word.miner", { number })}>
            <h3>
                <Miner number={number} />
            </h3>
            {found.problem && <p class="notice bad">{found.problem}</p>}
            {found.value && (
                <>
                    <Facts
                        rows={[
                            [t("miner.collectable"), money(found.value.earnings)],
                            [t("mining.channels"), money(found.value.channels)],
                            [t("mining.purse"), money(found.value.purse)],
                        ]}
                    />
                    <Collecting of={now} standing={found.value} />
                </>
            )}
        </article>
    );
}

/** What is nothing can't be collected. */
function Collecting(props: { of: Session; standing: Standing }): JSX.Element {
    const { miner, earnings, channels, purse } = props.standing;
    const { addresses } = props.of.contracts;
    return (
        <div class="bar">
            <button
                type="button"
                class="plain"
                disabled={!earnings}
                onClick={() => begin(t("mining.collect"), send("market", "collectEarnings", miner))}
            >
                {t("mining.collect")}
            </button>
            {addresses.channels && (
                <button
                    type="button"
                    class="plain"
                    disabled={!channels}
                    onClick={() =>
                        begin(
                            t("mining.collectChannels"),
                            send("channels", "collectEarnings", miner),
                        )
                    }
                >
                    {t("mining.collectChannels")}
                </button>
            )}
            {addresses.storage && (
                <button
                    type="button"
                    class="plain"
                    disabled={!purse}
                    onClick={() =>
                        begin(t("mining.collectPurse"), send("storage", "collect", miner, purse))
                    }
                >
                    {t("mining.collectPurse")}
                </button>
            )}
        </div>
    );
}

/** Who acts for a miner now. */
function minerOf(now: Session, number: number): Promise<`0x${string}`> {
    return read(now.reader, "market", now.contracts.addresses.market, "minerOf", [number]);
}

/** On a miner's own view: what its payout, and its successor, may do. */
export function Owning(props: { of: Session; number: number }): JSX.Element {
    const { number } = props;
    /** By its account on the chain: the index may not know yet who took its place a moment ago. */
    const act = (title: string, name: string, ...to: `0x${string}`[]): void =>
        beginWith(title, async () => send("market", name, await minerOf(props.of, number), ...to));
    const [payout, successor] = [useField(), useField()];
    const address = (value: string): `0x${string}` | null =>
        isAddress(value, { strict: false }) ? (value as `0x${string}`) : null;
    return (
        <section class="card" aria-label={t("owning.title")}>
            <h2>{t("owning.title")}</h2>
            <p class="faint">{t("owning.note")}</p>
            <Form
                button={t("owning.payout")}
                label={t("owning.payout")}
                go={() => {
                    const to = address(payout.value);
                    if (!to) return t("form.address");
                    act(t("owning.payout"), "setPayout", to);
                    return;
                }}
            >
                <Field name={t("miner.payout")} mode="text" size={24} hint="0x…" {...payout} />
            </Form>
            <Form
                button={t("owning.successor")}
                label={t("owning.successor")}
                go={() => {
                    const to = address(successor.value);
                    if (!to) return t("form.address");
                    act(t("owning.successor"), "nameSuccessor", to);
                    return;
                }}
            >
                <Field
                    name={t("miner.successor")}
                    mode="text"
                    size={24}
                    hint="0x…"
                    {...successor}
                />
            </Form>
            <Form
                button={t("owning.succeed", { number })}
                label={t("owning.succeed", { number })}
                go={() => act(t("owning.succeed", { number }), "succeed")}
            />
        </section>
    );
}
