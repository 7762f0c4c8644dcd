/** On a case's own view: what its filer has to do, phase by phase, with the secrets that this browser kept. */
import type { JSX } from "preact";
import type { CaseStory } from "../api/shapes";
import { t } from "../text";
import { Form } from "../ui/form";
import { send } from "../wallet/acts";
import { beginWith, type Step } from "../wallet/act";
import {
    keepSecrets,
    random,
    type Secrets,
    secretCommitment,
    secretsOf,
    showing,
} from "../wallet/challenge";
import type { Session } from "../wallet/session";

const APPEAL_ROUND = 2;

export function Pleading(props: { of: Session; case: CaseStory }): JSX.Element | null {
    const { of: now, case: found } = props;
    if (found.filer !== now.account) return null;
    const secrets = secretsOf(found.id);
    const next = secrets ? nextOf(now, found, secrets) : null;
    return (
        <section aria-label={t("plead.title")}>
            <h2>{t("plead.title")}</h2>
            {!secrets && <p class="notice">{t("plead.noSecrets")}</p>}
            {secrets && !next && <p class="faint">{t("plead.wait")}</p>}
            {next && (
                <Form
                    button={t(next.name)}
                    go={() => beginWith(t(next.name), async () => next.step())}
                    label={t("plead.title")}
                >
                    <p>{t(next.why)}</p>
                </Form>
            )}
        </section>
    );
}

interface Next {
    name: "plead.commit" | "plead.reveal" | "plead.show" | "plead.appeal" | "plead.collect";
    why:
        | "plead.commitWhy"
        | "plead.revealWhy"
        | "plead.showWhy"
        | "plead.appealWhy"
        | "plead.collectWhy";
    step(): Step | Promise<Step>;
}

function nextOf(now: Session, found: CaseStory, secrets: Secrets): Next | null {
    const id = found.id;
    switch (found.phase) {
        case "answering":
            if (found.round === 0) return null;
            return {
                name: "plead.commit",
                why: "plead.commitWhy",
                step: () =>
                    send(
                        "court",
                        "commitSecret",
                        id,
                        secretCommitment(id, found.round, newSecret(found, secrets)),
                    ),
            };
        case "drawing": {
            const secret = secrets.rounds[found.round];
            if (!secret) return null;
            return {
                name: "plead.reveal",
                why: "plead.revealWhy",
                step: () => send("court", "revealSecret", id, secret),
            };
        }
        case "showing":
            return {
                name: "plead.show",
                why: "plead.showWhy",
                step: () => showing(now, id, secrets),
            };
        case "decided":
            if (found.outcome !== "stands") return null;
            return {
                name: "plead.appeal",
                why: "plead.appealWhy",
                step: () =>
                    send(
                        "court",
                        "appeal",
                        id,
                        secretCommitment(
                            id,
                            APPEAL_ROUND,
                            newSecret({ ...found, round: APPEAL_ROUND }, secrets),
                        ),
                    ),
            };
        case "upheld":
            if (found.reward !== null) return null;
            return {
                name: "plead.collect",
                why: "plead.collectWhy",
                step: () => send("court", "collect", found.deal, id),
            };
        default:
            return null;
    }
}

/** Kept before it is committed to: without it the round is lost. */
function newSecret(found: { id: string; round: number }, secrets: Secrets) {
    const rounds = [...secrets.rounds];
    const secret = (rounds[found.round] ??= random());
    keepSecrets(found.id, { ...secrets, rounds });
    return secret;
}
