/** What its requester can do with a job now: take its result or not, or call it back. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { isOver, type Standing } from "../../job/follow";
import type { KeptPart } from "../../job/shelf";
import { type Acceptance, type Claim, typedData } from "../../protocol/messages";
import { normalized } from "../../protocol/signatures";
import { t } from "../text";
import { DealId } from "../ui/basic";
import { begin, dismiss, type Step } from "../wallet/act";
import { send } from "../wallet/acts";
import type { Session } from "../wallet/session";
import { placesOf } from "./places";
import { typedOf } from "./placing";

export function Deciding(props: {
    of: Session;
    part: KeptPart;
    standing: Standing;
    /** Every output is here and right */
    complete: boolean;
    accepted(acceptance: KeptPart["acceptance"]): void;
}): JSX.Element | null {
    const { of: now, part, standing, complete } = props;
    const [refused, setRefused] = useState(false);
    const { deal, claim } = standing;
    if (isOver(standing)) return null;
    const { message } = part.signed;
    if (now.account !== message.requester)
        return <p class="notice">{t("job.otherAccount", { account: message.requester })}</p>;
    if (!deal.minerId)
        return (
            <section aria-label={t("job.cancel")}>
                <button
                    type="button"
                    class="plain"
                    onClick={() => begin(t("job.cancel"), send("market", "cancelRequest", message))}
                >
                    {t("job.cancel")}
                </button>
            </section>
        );
    if (!claim) return null;
    if (part.acceptance && deal.state === "confirmed")
        return <p class="notice good">{t("job.accepted")}</p>;
    const take = (): void => begin(t("job.accept"), acceptance(props, claim), dismiss);
    return (
        <section aria-label={t("job.decide")}>
            <h2>{t("job.decide")}</h2>
            <p>{t(complete ? "job.checked" : "job.unchecked")}</p>
            <div class="bar buttons">
                <button type="button" class="primary" disabled={!complete} onClick={take}>
                    {t("job.accept")}
                </button>
                <button type="button" class="plain" onClick={() => setRefused(true)}>
                    {t("job.refuse")}
                </button>
            </div>
            {refused && (
                <p class="notice" role="status">
                    {t("job.refused")} <DealId of={part.id} />
                </p>
            )}
        </section>
    );
}

/** Off the chain the miner hands it in; a result that stands on the chain is accepted there. */
function acceptance(
    { of: now, part, standing, accepted }: Parameters<typeof Deciding>[0],
    claim: Claim,
): Step {
    const { root, unitsUsed } = claim;
    if (standing.deal.state !== "confirmed")
        return send("market", "acceptResult", part.signed.message, root, unitsUsed);
    const { relay } = placesOf(now);
    const message: Acceptance = { request: part.id, root, unitsUsed };
    return {
        kind: "sign",
        typed: typedOf(typedData("Acceptance", relay.domain, message)),
        next: async (signature) => {
            const signer = part.signed.message.requester;
            const signed = { message, signer, signature: normalized(signature) };
            await relay.post("Acceptance", signed);
            accepted(signed);
            return null;
        },
    };
}
