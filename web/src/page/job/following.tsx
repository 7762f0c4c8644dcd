/** One job that was placed from this browser: followed, its outputs checked, accepted or refused, deal by deal. */
import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { type Kept, keep, kept, type KeptPart } from "../../job/shelf";
import type { Hex } from "../../protocol/bytes";
import { t } from "../text";
import { Foreign, Heading, Link } from "../ui/basic";
import { type Session, session } from "../wallet/session";
import { Part } from "./part";
import { Results } from "./results";
import { type PartNow, Tiles } from "./tiles";

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
    const [known, setKnown] = useState<readonly PartNow[]>(job.parts.map(() => ({})));
    const learn = (index: number, more: PartNow): void =>
        setKnown((old) => old.map((one, at) => (at === index ? { ...one, ...more } : one)));
    const accepted = (index: number, acceptance: KeptPart["acceptance"]): void => {
        const parts = job.parts.map((part, at) =>
            at === index && acceptance ? { ...part, acceptance } : part,
        );
        void keep({ ...job, parts });
        props.set({ ...job, parts });
    };
    const outputs = known.map((part) => part.results);
    // The same as long as nothing new came: a program may gather them.
    const results = useMemo(
        () => outputs.flatMap((some) => some ?? []).sort((left, right) => left.task - right.task),
        outputs,
    );
    return (
        <>
            <Tiles job={job} known={known} />
            {job.parts.map((part, index) => (
                <Part
                    key={part.id}
                    of={now}
                    job={job}
                    part={part}
                    known={known[index]!}
                    learn={(more) => learn(index, more)}
                    accepted={(acceptance) => accepted(index, acceptance)}
                />
            ))}
            {results.length > 0 && <Results job={job} of={results} />}
        </>
    );
}
