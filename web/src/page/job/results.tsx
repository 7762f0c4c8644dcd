/** The outputs of a job, each of them checked against the root that was claimed. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { gather, gathered, gatherTask } from "../../job/gather";
import type { TaskResult } from "../../job/results";
import { runTrial } from "../../job/runTrial";
import type { Kept } from "../../job/shelf";
import { compare } from "../../job/trial";
import type { Bytes } from "../../protocol/bytes";
import { t } from "../text";
import { Badge, Units } from "../ui/basic";
import { Table } from "../ui/table";
import { Output, Save } from "./files";

const SHOWN = 200;
const MOODS = { same: "notice good", different: "notice bad", unsure: "notice" };

export function Results(props: { job: Kept; of: TaskResult[] }): JSX.Element {
    const { job, of: results } = props;
    const first = results.find(({ task }) => task === 0);
    const same = job.trial && first && compare(job.trial, first);
    return (
        <>
            {same && <p class={MOODS[same]}>{t(`compare.${same}`)}</p>}
            {results.length === job.manifest.tasks.length && <Whole job={job} of={results} />}
            <section aria-label={t("job.outputs")}>
                <h2>{t("job.outputs")}</h2>
                <Table
                    label={t("job.outputs")}
                    rows={results.slice(0, SHOWN)}
                    keyOf={({ task }) => String(task)}
                    none=""
                    columns={[
                        { name: t("job.task"), show: ({ task }) => task, by: ({ task }) => task },
                        {
                            name: t("job.ended"),
                            show: ({ ok, leaf, exitCode }) => (
                                <Badge mood={ok ? "good" : "bad"}>
                                    {leaf.outcome === "exited"
                                        ? t("tried.exited", { code: String(exitCode) })
                                        : t(`tried.${leaf.outcome}`)}
                                </Badge>
                            ),
                        },
                        {
                            name: t("job.used"),
                            show: ({ leaf }) => <Units of={leaf.units} />,
                            by: ({ leaf }) => leaf.units,
                            end: true,
                        },
                        { name: t("job.left"), show: (result) => <Left of={result} /> },
                    ]}
                />
            </section>
        </>
    );
}

function Left({ of }: { of: TaskResult }): JSX.Element {
    return (
        <>
            <Output name="stdout" of={of.stdout} />
            <Output name="stderr" of={of.stderr} />
            <ul class="files">
                {Object.entries(of.files).map(([path, data]) => (
                    <li key={path}>
                        <Save path={path} data={data} />
                    </li>
                ))}
            </ul>
        </>
    );
}

type Files = { readonly [path: string]: Bytes };

/** What the job's manifest makes of all outputs. */
function Whole(props: { job: Kept; of: TaskResult[] }): JSX.Element {
    const { job, of: results } = props;
    const [files, setFiles] = useState<Files>();
    const [wrong, setWrong] = useState("");
    useEffect(() => {
        gathering(job, results).then(setFiles, (error: Error) => setWrong(error.message));
    }, [results]);
    return (
        <section aria-label={t("job.result")}>
            <h2>{t("job.result")}</h2>
            {wrong && <p class="notice bad">{t("job.ungathered", { detail: wrong })}</p>}
            {files && (
                <ul class="files">
                    {Object.entries(files).map(([path, data]) => (
                        <li key={path}>
                            <Save path={path} data={data} />
                        </li>
                    ))}
                </ul>
            )}
            {files && !Object.keys(files).length && <p class="nothing">{t("job.noFilesLeft")}</p>}
        </section>
    );
}

async function gathering(job: Kept, results: TaskResult[]): Promise<Files> {
    const { manifest } = job;
    if (manifest.gather.kind !== "program") return gather(manifest, results);
    return gathered(manifest, await runTrial(gatherTask(job, results), { within: 60_000 }));
}
