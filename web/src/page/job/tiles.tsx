/** How far a job is: a tile for each task, which fills when its miner says that it is done. */
import type { JSX } from "preact";
import type { Kept } from "../../job/shelf";
import { isOver, type Standing } from "../../job/follow";
import type { TaskResult } from "../../job/results";
import { t } from "../text";

/** More would be too small to be told apart: then one tile stands for several. */
const MOST = 400;

/** What is known of a part of the job. */
export interface PartNow {
    standing?: Standing;
    /** Its outputs, numbered as in the whole job; every one is here and right */
    results?: readonly TaskResult[];
}

type Tile = "waits" | "works" | "done" | "here" | "lost";

export function Tiles(props: { job: Kept; known: readonly PartNow[] }): JSX.Element {
    const { job, known } = props;
    const counts = job.parts.map(({ tasks }, index) => countsOf(tasks.length, known[index]!));
    const all = job.manifest.tasks.length;
    const [done, lost] = [total(counts, "done") + total(counts, "here"), total(counts, "lost")];
    const each = Math.ceil(all / MOST);
    return (
        <section aria-label={t("job.progress")}>
            <p role="status">
                {t("job.done", { done, all })}
                {lost > 0 && ` · ${t("job.lost", { count: lost })}`}
            </p>
            <div class="squares" aria-hidden="true">
                {counts.map((count, index) => (
                    <span class="share" key={job.parts[index]!.id}>
                        {tilesOf(count, each).map((kind, at) => (
                            <i key={at} class={kind} />
                        ))}
                    </span>
                ))}
            </div>
            <p class="legend faint">
                {(["waits", "works", "done", "here", "lost"] as const).map((kind) =>
                    total(counts, kind) ? (
                        <span key={kind}>
                            <i class={kind} aria-hidden="true" /> {t(`tile.${kind}`)}
                        </span>
                    ) : null,
                )}
                {each > 1 && <span>{t("job.tileEach", { count: each })}</span>}
            </p>
        </section>
    );
}

type Counts = Record<Tile, number>;

export function countsOf(tasks: number, { standing, results }: PartNow): Counts {
    const none: Counts = { waits: 0, works: 0, done: 0, here: 0, lost: 0 };
    if (results) return { ...none, here: tasks };
    if (!standing) return { ...none, waits: tasks };
    const isPaid = standing.deal.state === "settled";
    if (isOver(standing) && !isPaid) return { ...none, lost: tasks };
    if (standing.claim || isPaid) return { ...none, done: tasks };
    if (!standing.deal.minerId) return { ...none, waits: tasks };
    const done = Math.min(standing.done, tasks);
    return { ...none, done, works: tasks - done };
}

function total(counts: readonly Counts[], kind: Tile): number {
    return counts.reduce((sum, count) => sum + count[kind], 0);
}

/** In the order in which tiles fill. */
function tilesOf(counts: Counts, each: number): Tile[] {
    const order: Tile[] = ["here", "done", "works", "waits", "lost"];
    return order.flatMap((kind) => Array<Tile>(Math.ceil(counts[kind] / each)).fill(kind));
}
