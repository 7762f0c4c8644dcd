/** One job that was placed from this browser: followed, its outputs checked, accepted or refused. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { follow, isOver, type Standing } from "../../job/follow";
import type { TaskResult } from "../../job/results";
import { openResult } from "../../job/sealed";
import { download } from "../../job/settle";
import { type Kept, keep, kept } from "../../job/shelf";
import type { Hex } from "../../protocol/bytes";
import type { Claim } from "../../protocol/messages";
import { t, tOr } from "../text";
import {
    Badge,
    DealId,
    Facts,
    Foreign,
    Heading,
    Link,
    Miner,
    Price,
    Time,
    Units,
} from "../ui/basic";
import { moodOf } from "../views/states";
import { sentenceOf } from "../wallet/refusals";
import { type Session, session } from "../wallet/session";
import { Deciding } from "./deciding";
import { placesOf } from "./places";
import { Results } from "./results";

export function JobView(props: { id: string }): JSX.Element {
    const [job, setJob] = useState<Kept | null>();
    const now = session.value;
    useEffect(() => {
        kept(props.id as Hex).then(
            (found) => setJob(found ?? null),
            () => setJob(null),
        );
    }, [props.id]);
    return (
        <>
            <Heading kind={t("job.one")}>
                <Foreign text={job?.name} />
            </Heading>
            {job === null && <p class="notice bad">{t("job.notHere")}</p>}
            {job && !now && (
                <p class="notice">
                    {t("job.noWallet")} <Link to="/mine">{t("nav.mine")}</Link>
                </p>
            )}
            {job && now && <Followed of={now} job={job} set={setJob} key={now.account} />}
        </>
    );
}

function Followed(props: { of: Session; job: Kept; set(job: Kept): void }): JSX.Element {
    const { of: now, job } = props;
    const [standing, setStanding] = useState<Standing>();
    useEffect(() => {
        const ending = new AbortController();
        const { market, relay } = placesOf(now);
        void (async () => {
            for await (const one of follow(market, relay, job, { signal: ending.signal }))
                if (!ending.signal.aborted) setStanding(one);
        })();
        return () => ending.abort();
    }, [job.id]);
    const downloaded = useDownload(now, job, standing?.claim);
    const accepted = (acceptance: Kept["acceptance"]): void => {
        const newer = { ...job, ...(acceptance && { acceptance }) };
        void keep(newer);
        props.set(newer);
    };
    return (
        <>
            {standing && <State of={standing} job={job} />}
            {standing?.trouble && <p class="notice bad">{standing.trouble}</p>}
            {downloaded.wrong && (
                <p class="notice bad" role="alert">
                    {downloaded.wrong}
                </p>
            )}
            {standing?.claim && !downloaded.results && !downloaded.wrong && (
                <p class="notice" role="status">
                    {t("job.downloading", {
                        done: downloaded.done,
                        all: job.manifest.tasks.length,
                    })}
                </p>
            )}
            {standing && (
                <Deciding
                    of={now}
                    job={job}
                    standing={standing}
                    complete={downloaded.results !== undefined}
                    accepted={accepted}
                />
            )}
            {downloaded.results && <Results job={job} of={downloaded.results} />}
        </>
    );
}

interface Downloaded {
    done: number;
    results?: TaskResult[];
    wrong?: string;
}

/** The outputs of a claim. What can't be had is asked for again; what contradicts the claim is not. */
function useDownload(now: Session, job: Kept, claim: Claim | undefined): Downloaded {
    const [state, setState] = useState<Downloaded>({ done: 0 });
    useEffect(() => {
        if (!claim) return;
        let ended = false;
        let timer: ReturnType<typeof setTimeout>;
        const { relay } = placesOf(now);
        const attempt = async (): Promise<void> => {
            const tell = (done: number): void => void (ended || setState({ done }));
            try {
                const { id, key } = job;
                const blobs = key ? await openResult(relay, id, claim.miner, key) : relay;
                const results = await download(blobs, job, job, claim, tell);
                if (!ended) setState({ done: results.length, results });
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
                if (!isFalse) timer = setTimeout(() => void attempt(), 5_000);
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

function State(props: { of: Standing; job: Kept }): JSX.Element {
    const { deal, done, claim, rejections } = props.of;
    const { signed, manifest, id } = props.job;
    const all = manifest.tasks.length;
    const state = deal.state === "none" ? "waiting" : deal.state;
    const refused = !deal.minerId && rejections[0];
    return (
        <section aria-label={t("job.state")}>
            <p role="status">
                <Badge mood={moodOf(deal.state)}>{tOr(`state.${state}`, state)}</Badge>{" "}
                {tOr(`jobState.${state}`, "")}
            </p>
            {refused && (
                <p class="notice bad">
                    {t(refused.isFinal ? "job.refusedFinally" : "job.refusedNow")}{" "}
                    <Foreign text={refused.reason} most={400} />
                </p>
            )}
            {deal.minerId > 0 && !isOver(props.of) && (
                <p>
                    <label class="progress">
                        {t("job.done", { done: claim ? all : done, all })}
                        <progress max={all} value={claim ? all : done} />
                    </label>
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
