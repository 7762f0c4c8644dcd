/** What one miner has of a job: where its deal stands, its outputs fetched and checked. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { follow, isOver, type Standing } from "../../job/follow";
import { postKept } from "../../job/request";
import type { TaskResult } from "../../job/results";
import { openResult } from "../../job/sealed";
import { download } from "../../job/settle";
import type { Kept, KeptPart } from "../../job/shelf";
import type { Claim } from "../../protocol/messages";
import { t, tOr } from "../text";
import { DealId, Facts, Foreign, Miner, Price, Time, Units } from "../ui/basic";
import { State } from "../views/lists";
import { sentenceOf } from "../wallet/refusals";
import type { Session } from "../wallet/session";
import { Deciding } from "./deciding";
import { isOf, placesOf } from "./places";
import type { PartNow } from "./tiles";

/** Milliseconds after which what the relay did not do is asked of it again. */
const AGAIN = 5_000;

export function Part(props: {
    of: Session;
    job: Kept;
    part: KeptPart;
    known: PartNow;
    learn(more: PartNow): void;
    accepted(acceptance: KeptPart["acceptance"]): void;
}): JSX.Element {
    const { of: now, job, part, known, learn } = props;
    const { standing } = known;
    useEffect(() => {
        const ending = new AbortController();
        const { market, relay } = placesOf(now);
        void (async () => {
            for await (const one of follow(market, relay, part, { signal: ending.signal }))
                if (!ending.signal.aborted) learn({ standing: one });
        })();
        return () => ending.abort();
    }, [part.id]);
    const unposted = usePosting(now, job, part);
    const fetched = useOutputs(now, job, part, standing?.claim, (results) => learn({ results }));
    const miner = standing?.deal.minerId || part.signed.message.miner;
    const body = (
        <>
            {standing && <Stands of={standing} part={part} />}
            {unposted && (
                <p class="notice bad" role="alert">
                    {unposted}
                </p>
            )}
            {standing?.trouble && <p class="notice bad">{standing.trouble}</p>}
            {fetched.wrong && (
                <p class="notice bad" role="alert">
                    {fetched.wrong}
                </p>
            )}
            {standing?.claim && !known.results && !fetched.wrong && (
                <p class="notice" role="status">
                    {t("job.downloading", { done: fetched.done, all: part.tasks.length })}
                </p>
            )}
            {standing && (
                <Deciding
                    of={now}
                    part={part}
                    standing={standing}
                    complete={known.results !== undefined}
                    accepted={props.accepted}
                />
            )}
        </>
    );
    if (job.parts.length === 1) return body;
    const title = t("job.part", { miner, count: part.tasks.length });
    return (
        <section class="card" aria-label={title}>
            <h2>{title}</h2>
            {body}
        </section>
    );
}

/** Gives the request to the relay until it took it; why it did not, so far. Only what is kept is ordered: the page may
 * have been left before the relay was told. */
function usePosting(now: Session, job: Kept, part: KeptPart): string {
    const [wrong, setWrong] = useState("");
    useEffect(() => {
        if (!isOf(now, job)) return;
        let ended = false;
        let timer: ReturnType<typeof setTimeout>;
        const { market, relay } = placesOf(now);
        const attempt = async (): Promise<void> => {
            try {
                await postKept(market, relay, part);
                if (!ended) setWrong("");
            } catch (error) {
                if (ended) return;
                setWrong(t("job.unposted", { detail: sentenceOf(error) }));
                timer = setTimeout(() => void attempt(), AGAIN);
            }
        };
        void attempt();
        return () => {
            ended = true;
            clearTimeout(timer);
        };
    }, [part.id]);
    return wrong;
}

interface Fetched {
    done: number;
    wrong?: string;
}

/** The outputs of a claim. What can't be had is asked for again; what contradicts the claim is not. */
function useOutputs(
    now: Session,
    job: Kept,
    part: KeptPart,
    claim: Claim | undefined,
    have: (results: readonly TaskResult[]) => void,
): Fetched {
    const [state, setState] = useState<Fetched>({ done: 0 });
    useEffect(() => {
        if (!claim) return;
        let ended = false;
        let timer: ReturnType<typeof setTimeout>;
        const { relay } = placesOf(now);
        const attempt = async (): Promise<void> => {
            const tell = (done: number): void => void (ended || setState({ done }));
            try {
                const { id, key, manifest, tasks } = part;
                const blobs = key ? await openResult(relay, id, claim.miner, key) : relay;
                const own = { salt: job.salt, manifest };
                const results = await download(blobs, own, part, claim, tell);
                if (ended) return;
                setState({ done: results.length });
                have(results.map((result) => ({ ...result, task: tasks[result.task]! })));
            } catch (error) {
                if (ended) return;
                const isFalse = (error as Error).name === "FalseClaim";
                const detail = (error as Error).message;
                setState({
                    done: 0,
                    wrong: isFalse
                        ? t("job.false", { detail })
                        : t("job.withheld", { detail: sentenceOf(error) }),
                });
                if (!isFalse) timer = setTimeout(() => void attempt(), AGAIN);
            }
        };
        void attempt();
        return () => {
            ended = true;
            clearTimeout(timer);
        };
    }, [claim?.root, claim?.leaves]);
    return state;
}

function Stands(props: { of: Standing; part: KeptPart }): JSX.Element {
    const { deal, claim, rejections } = props.of;
    const { signed, id } = props.part;
    const state = deal.state === "none" ? "waiting" : deal.state;
    const words = state === "confirmed" && claim ? "claimed" : state;
    const refused = !deal.minerId && rejections[0];
    return (
        <section aria-label={t("job.state")}>
            <p role="status">
                <State kind="deal" of={deal.state === "none" ? "posted" : deal.state} />{" "}
                {tOr(`jobState.${words}`, "")}
            </p>
            {refused && (
                <p class="notice bad">
                    {t(refused.isFinal ? "job.refusedFinally" : "job.refusedNow")}{" "}
                    <Foreign text={refused.reason} most={400} />
                </p>
            )}
            <Facts
                rows={[
                    [t("job.request"), <DealId of={id} />],
                    [t("word.minerName"), <Miner number={deal.minerId || signed.message.miner} />],
                    deal.minerId ? [t("market.price"), <Price of={deal.price} />] : null,
                    deal.minerId || isOver(props.of)
                        ? null
                        : [t("job.until"), <Time at={signed.message.confirmBy} />],
                    deal.state === "confirmed"
                        ? [t("job.deadline"), <Time at={deal.time} />]
                        : null,
                    claim ? [t("job.used"), <Units of={claim.unitsUsed} />] : null,
                ]}
            />
        </section>
    );
}
