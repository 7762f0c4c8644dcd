/** What the job costs with each offer, and which one is chosen. */
import type { JSX } from "preact";
import type { Estimate, Objection } from "../../job/offers";
import type { ResourceClass, Terms } from "../../job/market";
import { plain } from "../format/text";
import { duration } from "../format/time";
import { t, tOr } from "../text";
import { Account, Amount, Badge, Facts, Miner, Price, Units } from "../ui/basic";
import { Table } from "../ui/table";

export interface Found {
    class: ResourceClass;
    estimates: Estimate[];
    terms: Terms;
}

const NOBODY = `0x${"00".repeat(20)}`;

export function Offered(props: {
    of: Found;
    buy(chosen: Estimate): void;
    busy: boolean;
}): JSX.Element {
    const { estimates, terms } = props.of;
    return (
        <>
            <Table
                label={t("job.offers")}
                rows={estimates}
                keyOf={({ offer }) => String(offer.minerId)}
                none={t("none.offers")}
                columns={[
                    {
                        name: t("offers.miner"),
                        show: ({ offer }) => <Miner number={offer.minerId} />,
                    },
                    {
                        name: t("market.price"),
                        show: ({ price }) => <Price of={price} />,
                        by: ({ price }) => price,
                        end: true,
                    },
                    {
                        name: t("job.units.all"),
                        show: ({ units }) => <Units of={units} />,
                        end: true,
                    },
                    {
                        name: t("job.lock"),
                        show: ({ lock }) => <Amount of={lock} />,
                        by: ({ lock }) => lock,
                        end: true,
                    },
                    {
                        name: t("job.within"),
                        show: (one) => duration(one.duration),
                        by: (one) => one.duration,
                        end: true,
                    },
                    { name: t("estimate.why"), show: (one) => <Against of={one.objections} /> },
                    {
                        name: t("job.choose"),
                        show: (one) => (
                            <button
                                type="button"
                                class={one.objections.length ? "plain" : "primary"}
                                disabled={props.busy || one.objections.length > 0}
                                onClick={() => props.buy(one)}
                            >
                                {t("job.buy")}
                            </button>
                        ),
                    },
                ]}
            />
            <h3>{t("job.terms", { number: terms.id })}</h3>
            <Facts
                rows={[
                    [t("job.fee"), `${terms.feeBps / 100} %`],
                    [t("job.window"), duration(terms.challengeWindow)],
                    [
                        t("role.court"),
                        terms.court === NOBODY ? (
                            <Badge mood="bad">{t("job.noCourt")}</Badge>
                        ) : (
                            <Account of={terms.court} />
                        ),
                    ],
                ]}
            />
        </>
    );
}

function Against(props: { of: readonly Objection[] }): JSX.Element {
    if (!props.of.length) return <span class="faint">{t("estimate.nothingAgainst")}</span>;
    return (
        <ul class="reasons">
            {props.of.map(({ code, detail }) => (
                <li key={code}>{tOr(`reason.${code}`, plain(detail, 120))}</li>
            ))}
        </ul>
    );
}
