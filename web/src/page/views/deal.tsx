/** A deal: what was agreed, what became of the money, and its story. */
import type { ComponentChildren, JSX } from "preact";
import * as shapes from "../api/shapes";
import type { DealStory, Request } from "../api/shapes";
import { useAsked } from "../api/use";
import { plain } from "../format/text";
import { duration } from "../format/time";
import { at, classes, configuration } from "../market";
import { t, tOr } from "../text";
import { Nothing, Shown } from "../ui/asked";
import { Account, Amount, Facts, Heading, Hex, Link, Miner, Price, Time, Units } from "../ui/basic";
import { Story } from "../ui/story";
import { State } from "./lists";
import { nameOf } from "./market";

interface Acts {
    deal?: (deal: DealStory) => ComponentChildren;
    request?: (request: Request) => ComponentChildren;
}

/** A deal, or a request that is none yet. */
export function DealView(props: { id: string; acts: Acts }): JSX.Element {
    const asked = useAsked(at(`/deals/${encodeURIComponent(props.id)}`), shapes.dealStory);
    if (asked.failure?.kind === "missing" && !asked.value) return <RequestView {...props} />;
    return (
        <>
            <Heading kind={t("deal.one")}>
                <Hex of={props.id} digits={8} />
            </Heading>
            <Shown of={asked}>
                {(deal) => (
                    <>
                        <section>
                            <div class="bar">
                                <h2>
                                    <State kind="deal" of={deal.state} />
                                    <span class="lead">{tOr(`dealIs.${deal.state}`, "")}</span>
                                </h2>
                            </div>
                            <Agreed of={deal} />
                        </section>
                        {props.acts.deal?.(deal)}
                        <div class="columns">
                            <section class="card">
                                <h2>{t("story.title")}</h2>
                                <Story of={deal.history} />
                            </section>
                            <div>
                                <section class="card">
                                    <h2>{t("deal.money")}</h2>
                                    <Money of={deal} />
                                </section>
                                {deal.request && (
                                    <section class="card">
                                        <h2>{t("deal.request")}</h2>
                                        <RequestFacts of={deal.request} />
                                    </section>
                                )}
                                <section class="card">
                                    <h2>{t("nav.cases")}</h2>
                                    {deal.cases.length ? (
                                        <ul>
                                            {deal.cases.map((id) => (
                                                <li key={id}>
                                                    <Hex of={id} to={`/case/${id}`} digits={8} />
                                                </li>
                                            ))}
                                        </ul>
                                    ) : (
                                        <Nothing>{t("none.cases")}</Nothing>
                                    )}
                                </section>
                            </div>
                        </div>
                    </>
                )}
            </Shown>
        </>
    );
}

function RequestView(props: { id: string; acts: Acts }): JSX.Element {
    const asked = useAsked(at(`/requests/${encodeURIComponent(props.id)}`), shapes.request);
    return (
        <>
            <Heading kind={t("request.one")}>
                <Hex of={props.id} digits={8} />
            </Heading>
            <Shown of={asked}>
                {(request) => (
                    <>
                        <section>
                            <div class="bar">
                                <h2>
                                    <State kind="deal" of={request.state} />
                                    <span class="lead">{tOr(`dealIs.${request.state}`, "")}</span>
                                </h2>
                            </div>
                            <RequestFacts of={request} whole />
                        </section>
                        {props.acts.request?.(request)}
                        <section>
                            <h2>{t("story.title")}</h2>
                            <Story of={request.history} />
                        </section>
                    </>
                )}
            </Shown>
        </>
    );
}

export function ClassName(props: { number: number }): JSX.Element {
    const found = classes.value.find((one) => one.resource === props.number);
    return (
        <Link to={`/?class=${props.number}`}>
            {props.number} {found && <bdi>{nameOf(found)}</bdi>}
        </Link>
    );
}

function Agreed(props: { of: DealStory }): JSX.Element {
    const deal = props.of;
    return (
        <Facts
            rows={[
                [t("deal.requester"), <Account of={deal.requester} />],
                [t("offers.miner"), <Miner number={deal.miner_id} />],
                [t("channel.class"), <ClassName number={deal.resource} />],
                [t("deal.units"), <Units of={deal.units} />],
                [t("market.price"), <Price of={deal.price} />],
                [t("deal.value"), <Amount of={deal.value} />],
                [t("deal.deadline"), <Time at={deal.deadline} />],
                deal.units_used === null
                    ? null
                    : [t("deal.unitsUsed"), <Units of={deal.units_used} />],
                deal.units_due === null
                    ? null
                    : [t("deal.unitsDue"), <Units of={deal.units_due} />],
                deal.root === null ? null : [t("deal.root"), <Hex of={deal.root} />],
                deal.trial === "none"
                    ? null
                    : [t("deal.trial"), tOr(`value.${deal.trial}`, plain(deal.trial, 20))],
            ]}
        />
    );
}

function Money(props: { of: DealStory }): JSX.Element {
    const { paid, fee, refunded, slashed, value } = props.of;
    if (paid === null && refunded === null && !slashed) {
        return (
            <p>
                {t("deal.locked")} <Amount of={value} />
            </p>
        );
    }
    return (
        <Facts
            rows={[
                paid === null ? null : [t("deal.paid"), <Amount of={paid} />],
                fee === null ? null : [t("deal.fee"), <Amount of={fee} />],
                refunded === null ? null : [t("deal.refunded"), <Amount of={refunded} />],
                slashed && [t("deal.compensation"), <Amount of={slashed.compensation} />],
                slashed && [t("deal.toCourt"), <Amount of={slashed.court} />],
                slashed && [t("deal.toPool"), <Amount of={slashed.pool} />],
            ]}
        />
    );
}

function RequestFacts(props: { of: Request; whole?: boolean }): JSX.Element {
    const { of: request, whole = false } = props;
    const terms = configuration.value?.terms.find((record) => record.terms === request.terms);
    return (
        <Facts
            rows={[
                ...(whole ? named(request) : []),
                [t("request.source"), tOr(`source.${request.source}`, plain(request.source, 20))],
                [t("deal.bid"), <Price of={request.max_price} />],
                [t("request.tasks"), request.tasks],
                [t("request.duration"), duration(request.duration)],
                [t("deal.confirmBy"), <Time at={request.confirm_by} />],
                [t("request.job"), <Hex of={request.job} />],
                [t("request.terms"), request.terms],
                terms ? [t("request.fee"), `${terms.fee_bps / 100} %`] : null,
                terms ? [t("request.window"), duration(terms.challenge_window)] : null,
                request.flags & 1 ? [t("request.verified"), t("word.yes")] : null,
            ]}
        />
    );
}

function named(request: Request): [string, ComponentChildren][] {
    return [
        [t("deal.requester"), <Account of={request.requester} />],
        [t("offers.miner"), request.miner_id ? <Miner number={request.miner_id} /> : t("word.any")],
        [t("channel.class"), <ClassName number={request.resource} />],
        [t("deal.units"), <Units of={request.units} />],
    ];
}
