/** On a deal's own view: taking a request back, accepting a result, challenging it, ending what is overdue. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { isHex } from "viem";
import type { DealStory, Request as Told } from "../api/shapes";
import { now as clock } from "../format/time";
import { status } from "../market";
import { t } from "../text";
import { Field, Form, useField } from "../ui/form";
import { send } from "../wallet/acts";
import { beginWith } from "../wallet/act";
import { read } from "../wallet/contracts";
import { requestOf } from "../wallet/request";
import type { Session } from "../wallet/session";
import { challenging } from "../wallet/challenge";
import { useChain } from "./read";

export function Cancelling(props: { of: Session; request: Told }): JSX.Element | null {
    const { of: now, request } = props;
    if (request.state !== "posted" && request.state !== "expired") return null;
    const cancel = (): void =>
        beginWith(t("cancel.title"), async () =>
            send("market", "cancelRequest", await requestOf(now, request.id, request, null)),
        );
    return (
        <section aria-label={t("cancel.title")}>
            <h2>{t("cancel.title")}</h2>
            <Form button={t("cancel.button")} go={cancel} label={t("cancel.title")}>
                <p class="faint">{t("cancel.note")}</p>
            </Form>
        </section>
    );
}

/** States of deals that are at work, by the index: what can be done with one, the chain says. */
const LIVE = new Set(["confirmed", "overdue", "submitted", "challenged"]);
enum State {
    Submitted = 3,
    Overdue = 11,
    Challenged,
    Settleable,
}

export function Judging(props: { of: Session; deal: DealStory }): JSX.Element | null {
    return LIVE.has(props.deal.state) ? <Live {...props} /> : null;
}

function Live(props: { of: Session; deal: DealStory }): JSX.Element | null {
    const { of: now, deal } = props;
    const { value, problem } = useChain(
        () => standOf(now, deal),
        [now, deal.id, deal.state, status.value?.block],
    );
    if (problem) return <p class="notice bad">{problem}</p>;
    if (value?.state === State.Settleable) return <Ending of={now} deal={deal} by="settle" />;
    if (value?.state === State.Overdue) return <Ending of={now} deal={deal} by="claimDefault" />;
    if (value?.state !== State.Submitted && value?.state !== State.Challenged) return null;
    return (
        <div class="columns">
            {now.account === deal.requester && deal.trial !== "revealed" && (
                <Accepting of={now} deal={deal} />
            )}
            {value.isFiling && <Challenging of={now} deal={deal} />}
        </div>
    );
}

/** Where the deal stands, and whether it can be challenged still. */
async function standOf(
    now: Session,
    deal: DealStory,
): Promise<{ state: State; isFiling: boolean }> {
    const { reader, contracts } = now;
    const { market, court } = contracts.addresses;
    const request = await requestOf(now, deal.id, deal.request, deal.confirmed.transaction);
    const state = await read<State>(reader, "market", market, "stateOf", [request]);
    if (state !== State.Challenged || !court) return { state, isFiling: true };
    const docket = await read<{ frozen: boolean; filingUntil: number }>(
        reader,
        "court",
        court,
        "docketOf",
        [deal.id],
    );
    return { state, isFiling: docket.frozen && docket.filingUntil >= clock.value };
}

/** What anybody may do with a deal whose time is over. */
function Ending(props: {
    of: Session;
    deal: DealStory;
    by: "settle" | "claimDefault";
}): JSX.Element {
    const { of: now, deal, by } = props;
    const title = t(`ending.${by}`);
    const end = (): void =>
        beginWith(title, async () =>
            send(
                "market",
                by,
                await requestOf(now, deal.id, deal.request, deal.confirmed.transaction),
            ),
        );
    return (
        <section aria-label={title}>
            <h2>{title}</h2>
            <Form button={title} go={end} label={title}>
                <p class="faint">{t(`endingNote.${by}`)}</p>
            </Form>
        </section>
    );
}

function Accepting(props: { of: Session; deal: DealStory }): JSX.Element {
    const { of: now, deal } = props;
    const accept = (): void =>
        beginWith(t("accept.title"), async () => {
            const request = await requestOf(now, deal.id, deal.request, deal.confirmed.transaction);
            // The result that stands on the chain, not the one that a relay tells.
            const stored = await read<{ root: `0x${string}`; unitsUsed: bigint }>(
                now.reader,
                "market",
                now.contracts.addresses.market,
                "dealOf",
                [deal.id],
            );
            return send("market", "acceptResult", request, stored.root, stored.unitsUsed);
        });
    return (
        <section class="card" aria-label={t("accept.title")}>
            <h2>{t("accept.title")}</h2>
            <Form button={t("accept.button")} go={accept} label={t("accept.title")}>
                <p class="faint">{t("accept.note")}</p>
            </Form>
        </section>
    );
}

function Challenging(props: { of: Session; deal: DealStory }): JSX.Element | null {
    const { of: now, deal } = props;
    const [withheld, setWithheld] = useState(true);
    const [task, leaf] = [useField("0"), useField()];
    if (!now.contracts.addresses.court) return null;
    const challenge = (): string | void => {
        if (!/^\d{1,9}$/.test(task.value)) return t("challenge.noTask");
        if (!withheld && !(isHex(leaf.value) && leaf.value.length === 66))
            return t("challenge.noLeaf");
        const held = withheld ? null : (leaf.value as `0x${string}`);
        beginWith(t("challenge.title"), async () => {
            const request = await requestOf(now, deal.id, deal.request, deal.confirmed.transaction);
            return challenging(now, deal.id, request, Number(task.value), held);
        });
    };
    return (
        <section class="card" aria-label={t("challenge.title")}>
            <h2>{t("challenge.title")}</h2>
            <p class="faint">{t("challenge.note")}</p>
            <Form button={t("challenge.button")} go={challenge} label={t("challenge.title")}>
                <label>
                    {t("challenge.why")}
                    <select
                        value={withheld ? "withheld" : "wrong"}
                        onChange={(event) => setWithheld(event.currentTarget.value === "withheld")}
                    >
                        <option value="withheld">{t("challenge.withheld")}</option>
                        <option value="wrong">{t("challenge.wrong")}</option>
                    </select>
                </label>
                <Field name={t("challenge.task")} mode="numeric" size={8} {...task} />
                {!withheld && (
                    <Field name={t("challenge.leaf")} mode="text" size={30} hint="0x…" {...leaf} />
                )}
            </Form>
        </section>
    );
}
