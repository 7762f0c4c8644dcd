/** On a case's own view: what its filer has to do, phase by phase, with the secrets that this browser kept; and what
 * anybody may do once its time is over. */
import type { JSX } from "preact";
import { ask } from "../api/ask";
import { type CaseStory, dealStory } from "../api/shapes";
import { at, status } from "../market";
import { t } from "../text";
import { Amount, Link, Time } from "../ui/basic";
import { Form } from "../ui/form";
import { beginWith, type Step } from "../wallet/act";
import { depositing, send } from "../wallet/acts";
import {
    keepSecrets,
    random,
    type Secrets,
    secretCommitment,
    secretsOf,
    showing,
} from "../wallet/challenge";
import {
    DRAWING,
    dueIn,
    GOING_ON,
    isDecided,
    type Plea,
    type Push,
    type Stand,
    standOf,
    waits,
} from "../wallet/pleading";
import { Refusal } from "../wallet/refusals";
import { type Request, requestOf } from "../wallet/request";
import type { Session } from "../wallet/session";
import { useChain } from "./read";

const APPEAL_ROUND = 2;

export function Pleading(props: { of: Session; case: CaseStory }): JSX.Element | null {
    const { of: now, case: found } = props;
    const byFiler = found.filer === now.account;
    const read = useChain(() => standOf(now, found), [now, found.id, status.value?.block]);
    const stand = read.value;
    const due = stand && dueIn(stand, byFiler);
    if (!byFiler && !due) return null;
    const title = t(byFiler ? "plead.title" : "plead.anybody");
    return (
        <section aria-label={title}>
            <h2>{title}</h2>
            {read.problem && <p class="notice bad">{read.problem}</p>}
            {stand && !due && <Waiting for={stand} />}
            {stand && due && (
                <Form
                    button={t(`plead.${due}`)}
                    go={() =>
                        beginWith(t(`plead.${due}`), async () => step(now, found, stand, due))
                    }
                    label={title}
                >
                    <p>{t(`pleadWhy.${due}`)}</p>
                    {(due === "appeal" || due === "fund") && (
                        <p>
                            {t("plead.deposit")} <Amount of={stand.appeal} />
                        </p>
                    )}
                    {due === "fund" && (
                        <p>
                            {t("plead.missing")} <Amount of={stand.appeal - stand.money} />
                        </p>
                    )}
                </Form>
            )}
        </section>
    );
}

function Waiting(props: { for: Stand }): JSX.Element {
    const { for: stand } = props;
    if (waits(stand))
        return (
            <p class="faint">
                {t("plead.waitDeal")} <Time at={stand.docket.filingUntil} />
            </p>
        );
    if (isDecided(stand))
        return (
            <p class="faint">
                {t("plead.over")} <Link to="/mine">{t("nav.mine")}</Link>
            </p>
        );
    return <p class="faint">{t("plead.wait")}</p>;
}

async function step(now: Session, found: CaseStory, stand: Stand, due: Plea | Push): Promise<Step> {
    const { id, deal } = found;
    switch (due) {
        case "record":
            return send("court", "recordHash", id);
        case "draw":
            return send("court", "draw", id);
        case "collect":
            return send("court", "collect", deal, id);
        case "advance":
            return send("court", "advance", await judged(now, deal), id);
        case "finish":
            return send("court", "finish", await judged(now, deal));
    }
    const secrets = secretsOf(id);
    const { round } = stand.status;
    if (!secrets) throw new Refusal(t("plead.noSecrets"));
    switch (due) {
        case "commit":
            return {
                ...send("court", "commitSecret", id, newSecret(id, round, secrets)),
                moreGas: GOING_ON,
            };
        case "reveal":
            if (!secrets.rounds[round]) throw new Refusal(t("plead.noSecrets"));
            return {
                ...send("court", "revealSecret", id, secrets.rounds[round]),
                moreGas: DRAWING,
            };
        case "show":
            return showing(now, id, secrets);
        case "fund":
            return depositing(now, "court", stand.appeal - stand.money);
        case "appeal":
            return send("court", "appeal", id, newSecret(id, APPEAL_ROUND, secrets));
    }
}

/** The request of a case's deal. */
async function judged(now: Session, deal: `0x${string}`): Promise<Request> {
    const told = await ask(at(`/deals/${deal}`), dealStory);
    return requestOf(now, deal, told.request, told.confirmed.transaction);
}

/** What is committed to: kept before, since without it the round is lost. */
function newSecret(id: `0x${string}`, round: number, secrets: Secrets): `0x${string}` {
    const rounds = [...secrets.rounds];
    const secret = (rounds[round] ??= random());
    keepSecrets(id, { ...secrets, rounds });
    return secretCommitment(id, round, secret);
}
