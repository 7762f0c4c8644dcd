/** On a deal's own view: taking a request back, accepting a result, challenging it. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { isHex } from "viem";
import type { DealStory, Request as Told } from "../api/shapes";
import { t } from "../text";
import { Field, Form, useField } from "../ui/form";
import { send } from "../wallet/acts";
import { beginWith } from "../wallet/act";
import { read } from "../wallet/contracts";
import { requestOf } from "../wallet/request";
import type { Session } from "../wallet/session";
import { challenging } from "../wallet/challenge";

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

export function Judging(props: { of: Session; deal: DealStory }): JSX.Element | null {
    const { of: now, deal } = props;
    if (deal.state !== "submitted" && deal.state !== "challenged") return null;
    return (
        <div class="columns">
            <Accepting of={now} deal={deal} />
            {deal.state === "submitted" || deal.cases.length ? (
                <Challenging of={now} deal={deal} />
            ) : null}
        </div>
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
