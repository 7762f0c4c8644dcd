/** A new job, from its files to a signed request; and the jobs that were placed from this browser. */
import "./job.css";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { buildJob, type Job } from "../../job/build";
import { estimate, offersOf } from "../../job/offers";
import { type Kept, keptOf } from "../../job/shelf";
import { type Share, split, takersOf } from "../../job/split";
import type { Trial } from "../../job/trial";
import { Malformed } from "../../protocol/errors";
import { plain } from "../format/text";
import { bytes } from "../format/size";
import { classes } from "../market";
import { go } from "../route";
import { t } from "../text";
import { Amount, Heading, Link, Time } from "../ui/basic";
import { Table } from "../ui/table";
import { Refusal, sentenceOf } from "../wallet/refusals";
import { type Session, session } from "../wallet/session";
import { type Choice, draftOf, FIRST } from "./choice";
import { ChoiceForm } from "./form";
import { type Found, Offered } from "./offers";
import { domainOf, placesOf } from "./places";
import { place } from "./placing";
import { Trying } from "./trying";

/** Stands for a runtime that is not chosen yet, in a job that is only tried. */
const ANY = "0".repeat(64);
/** Miners among which a job is split at most: each takes a signature. */
const MOST_MINERS = 6;

export function NewJobView(): JSX.Element {
    const now = session.value;
    const [choice, setChoice] = useState<Choice>(FIRST);
    const [trial, setTrial] = useState<Trial>();
    const set = (change: Partial<Choice>): void => {
        setChoice((old) => ({ ...old, ...change }));
        setTrial(undefined);
    };
    return (
        <>
            <Heading>{t("nav.job")}</Heading>
            <p class="about">{t("job.about")}</p>
            <section aria-label={t("job.what")}>
                <h2>{t("job.what")}</h2>
                <ChoiceForm of={choice} set={set} />
            </section>
            <Trying job={() => built(choice, ANY)} tried={trial} set={setTrial} />
            {now ? (
                <>
                    <Buying of={now} choice={choice} trial={trial} key={now.account} />
                    <Placed of={now} />
                </>
            ) : (
                <p class="notice">
                    {t("job.noWallet")} <Link to="/mine">{t("nav.mine")}</Link>
                </p>
            )}
        </>
    );
}

/** What is wrong with the choice is said as a sentence. */
function built(choice: Choice, runtime: string): Job {
    try {
        return buildJob(draftOf(choice, runtime));
    } catch (error) {
        throw error instanceof Malformed
            ? new Refusal(t("job.wrong", { detail: plain(error.message, 300) }))
            : error;
    }
}

function Buying(props: { of: Session; choice: Choice; trial: Trial | undefined }): JSX.Element {
    const { of: now, choice, trial } = props;
    const [asked, setAsked] = useState<{ choice: Choice; found: Found }>();
    const [wrong, setWrong] = useState("");
    const [busy, setBusy] = useState("");
    // The form may be edited while offers are asked for.
    const found = asked?.choice === choice ? asked.found : undefined;
    const guard = async (words: string, act: () => Promise<void>): Promise<void> => {
        setWrong("");
        setBusy(words);
        try {
            await act();
        } catch (error) {
            setWrong(sentenceOf(error));
        } finally {
            setBusy("");
        }
    };
    const look = (): Promise<void> =>
        guard(t("wait.loading"), async () =>
            setAsked({ choice, found: await lookFor(now, choice) }),
        );
    const buy = (shares: readonly Share[]): Promise<void> =>
        guard(t("job.uploading", { done: bytes(0), all: "…" }), async () => {
            if (!found) return;
            const { job, terms } = found;
            const name = choice.program?.name.replace(/\.wasm$/, "") ?? "";
            const { seal } = choice;
            const order = { name, job, found: found.class, shares, terms, trial, seal };
            const tell = (done: number, all: number): void =>
                setBusy(t("job.uploading", { done: bytes(done), all: bytes(all) }));
            await place(now, placesOf(now), order, tell, (id) => go(`/job/${id}`));
        });
    return (
        <section aria-label={t("job.offers")}>
            <div class="bar">
                <h2>{t("job.offers")}</h2>
                <button
                    type="button"
                    class="plain"
                    disabled={busy !== ""}
                    onClick={() => void look()}
                >
                    {t("job.ask")}
                </button>
            </div>
            <div role="status">{busy && <p class="notice">{busy}</p>}</div>
            {wrong && (
                <p class="notice bad" role="alert">
                    {wrong}
                </p>
            )}
            {found && <Offered of={found} busy={busy !== ""} buy={(shares) => void buy(shares)} />}
        </section>
    );
}

/** The job for the runtime that most of its class's miners run, with what each of them would take for it. */
async function lookFor(now: Session, choice: Choice): Promise<Found> {
    const { market, relay } = placesOf(now);
    const resource =
        choice.resource || classes.value.find(({ kind }) => kind === "judged")?.resource;
    if (!resource) throw new Refusal(t("post.noClass"));
    built(choice, ANY); // what is wrong with it is said before anybody is asked
    const [of, terms, offers] = await Promise.all([
        market.resourceClass(resource),
        market.newestTerms(),
        offersOf(market, relay, resource),
    ]);
    const served = of.runtimes.map((runtime) => ({
        runtime,
        count: offers.filter(
            ({ announcement: { runtimes } }) => runtime && runtimes.includes(runtime),
        ).length,
    }));
    const best = served.sort((left, right) => right.count - left.count)[0];
    if (!best?.runtime || !best.count) throw new Refusal(t("none.offers"));
    const job = built(choice, best.runtime.slice(2));
    const time = await market.now();
    const estimates = await Promise.all(
        offers.map((offer) => estimate(market, of, offer, job.manifest, time)),
    );
    const splits: Share[][] = [];
    const { tasks } = job.manifest;
    const most = Math.min(takersOf(estimates, job.manifest).length, tasks.length, MOST_MINERS);
    for (let miners = 2; miners <= most; miners++) {
        const shares = await split(market, of, estimates, job, miners, time);
        const all = shares.flatMap((share) => share.tasks).length === tasks.length;
        if (all && shares.length === miners && shares.every(isTaken)) splits.push(shares);
    }
    return { estimates, splits, terms, class: of, job };
}

function isTaken({ estimate }: Share): boolean {
    return !estimate.objections.length;
}

function Placed(props: { of: Session }): JSX.Element | null {
    const [jobs, setJobs] = useState<Kept[]>([]);
    useEffect(() => {
        const { chainId, market } = domainOf(props.of);
        keptOf(chainId, market).then(setJobs, () => {});
    }, [props.of]);
    if (!jobs.length) return null;
    return (
        <section aria-label={t("job.placed")}>
            <h2>{t("job.placed")}</h2>
            <Table
                label={t("job.placed")}
                rows={jobs}
                keyOf={({ id }) => id}
                none=""
                columns={[
                    {
                        name: t("job.name"),
                        show: ({ id, name }) => (
                            <Link to={`/job/${id}`}>
                                <bdi>{plain(name, 40) || id.slice(0, 10)}</bdi>
                            </Link>
                        ),
                    },
                    { name: t("job.made"), show: ({ made }) => <Time at={made} /> },
                    {
                        name: t("job.tasks"),
                        show: ({ manifest }) => manifest.tasks.length,
                        end: true,
                    },
                    {
                        name: t("job.lock"),
                        show: ({ parts }) => (
                            <Amount of={parts.reduce((sum, { lock }) => sum + lock, 0n)} />
                        ),
                        end: true,
                    },
                ]}
            />
        </section>
    );
}
