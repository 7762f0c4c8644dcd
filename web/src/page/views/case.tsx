/** A challenge before a court: who said what, who judged, who paid. */
import type { ComponentChildren, JSX } from "preact";
import * as shapes from "../api/shapes";
import type { CaseStory } from "../api/shapes";
import { useAsked } from "../api/use";
import { plain } from "../format/text";
import { at } from "../market";
import { t, tOr } from "../text";
import { Shown } from "../ui/asked";
import { Account, Amount, DealId, Facts, Heading, Hex, Miner, Time } from "../ui/basic";
import { Story } from "../ui/story";
import { Table } from "../ui/table";
import { State } from "./lists";

export function CaseView(props: {
    id: string;
    acts?: ((found: CaseStory) => ComponentChildren) | undefined;
}): JSX.Element {
    const asked = useAsked(at(`/cases/${encodeURIComponent(props.id)}`), shapes.caseStory);
    return (
        <>
            <Heading kind={t("case.one")}>
                <Hex of={props.id} digits={8} />
            </Heading>
            <Shown of={asked}>
                {(found) => (
                    <>
                        <section>
                            <div class="bar">
                                <h2>
                                    <State kind="phase" of={found.phase} />
                                    <span class="lead">
                                        {t(found.withheld ? "case.withheld" : "case.wrong", {
                                            task: found.task,
                                        })}
                                    </span>
                                </h2>
                            </div>
                            <Filed of={found} />
                        </section>
                        {props.acts?.(found)}
                        <div class="columns">
                            <section class="card">
                                <h2>{t("story.title")}</h2>
                                <Story of={found.history} />
                            </section>
                            <div>
                                <Jury of={found} />
                                <Division of={found} />
                            </div>
                        </div>
                    </>
                )}
            </Shown>
        </>
    );
}

function Filed(props: { of: CaseStory }): JSX.Element {
    const found = props.of;
    return (
        <Facts
            rows={[
                [t("case.deal"), <DealId of={found.deal} />],
                [t("case.filer"), <Account of={found.filer} />],
                [t("offers.miner"), <Miner number={found.miner_id} />],
                [t("case.deposit"), <Amount of={found.deposit} />],
                [t("case.seats"), found.seats],
                [t("case.round"), found.round + 1],
                found.deadline ? [t("case.deadline"), <Time at={found.deadline} />] : null,
                found.outcome === "none"
                    ? null
                    : [t("case.outcome"), tOr(`value.${found.outcome}`, plain(found.outcome, 20))],
            ]}
        />
    );
}

function Jury(props: { of: CaseStory }): JSX.Element {
    return (
        <section class="card">
            <h2>{t("case.jury")}</h2>
            <Table
                label={t("case.jury")}
                rows={props.of.jurors}
                keyOf={(row) => `${row.round}.${row.index}`}
                none={t("case.noJury")}
                columns={[
                    { name: t("case.juror"), show: (row) => <Account of={row.juror} bare /> },
                    { name: t("case.seat"), show: (row) => row.position, end: true },
                    { name: t("case.round"), show: (row) => row.round + 1, end: true },
                    {
                        name: t("case.assessment"),
                        show: (row) =>
                            row.assessment === null
                                ? "–"
                                : tOr(`value.${row.assessment}`, plain(row.assessment, 20)),
                    },
                ]}
            />
        </section>
    );
}

function Division(props: { of: CaseStory }): JSX.Element | null {
    const { divided, refund, reward } = props.of;
    if (!divided) return null;
    return (
        <section class="card">
            <h2>{t("case.divided")}</h2>
            <Facts
                rows={[
                    [t("case.filer"), <Amount of={divided.filer} />],
                    [t("case.appellant"), <Amount of={divided.appellant} />],
                    [t("case.jurors"), <Amount of={divided.jurors} />],
                    [t("offers.miner"), <Amount of={divided.miner} />],
                    [t("case.sink"), <Amount of={divided.sink} />],
                    refund === null ? null : [t("case.refund"), <Amount of={refund} />],
                    reward === null ? null : [t("case.reward"), <Amount of={reward} />],
                ]}
            />
        </section>
    );
}
