/** A miner: its standing, money, offers, deals and story. */
import type { ComponentChildren, JSX } from "preact";
import * as shapes from "../api/shapes";
import type { MinerStory } from "../api/shapes";
import { useAsked } from "../api/use";
import { at } from "../market";
import { t } from "../text";
import { Shown } from "../ui/asked";
import { Account, Amount, Facts, Heading, Time } from "../ui/basic";
import { Story } from "../ui/story";
import { Table } from "../ui/table";
import { Deals, earnings } from "./lists";
import { columns as offerColumns, score } from "./offers";

export function MinerView(props: {
    number: string;
    acts?: ((miner: MinerStory) => ComponentChildren) | undefined;
}): JSX.Element {
    const asked = useAsked(at(`/miners/${encodeURIComponent(props.number)}`), shapes.minerStory);
    return (
        <>
            <Heading>{t("word.miner", { number: props.number.slice(0, 12) })}</Heading>
            <Shown of={asked}>
                {(miner) => (
                    <>
                        <Whole of={miner} />
                        {props.acts?.(miner)}
                    </>
                )}
            </Shown>
        </>
    );
}

function Whole(props: { of: MinerStory }): JSX.Element {
    const miner = props.of;
    return (
        <>
            <div class="columns">
                <section class="card">
                    <h2>{t("miner.standing")}</h2>
                    <Facts
                        rows={[
                            [t("offers.score"), score(miner.score)],
                            [t("miner.account"), <Account of={miner.miner} />],
                            [t("miner.payout"), <Account of={miner.payout} />],
                            miner.successor
                                ? [t("miner.successor"), <Account of={miner.successor} />]
                                : null,
                            [t("miner.live"), miner.live],
                            [t("miner.completed"), miner.completed],
                            [t("miner.released"), miner.released],
                            [t("miner.defaulted"), miner.defaulted],
                            [t("miner.overturned"), miner.overturned],
                            [t("miner.tenure"), miner.tenure],
                            [t("miner.registered"), <Time at={miner.registered.time} />],
                            [t("miner.lastPaid"), <Time at={miner.last_payment_time} />],
                        ]}
                    />
                </section>
                <section class="card">
                    <h2>{t("deal.money")}</h2>
                    <Facts
                        rows={[
                            [t("miner.earned"), <Amount of={earnings(miner)} />],
                            [t("miner.byDeals"), <Amount of={miner.earned} />],
                            [t("miner.byChannels"), <Amount of={miner.earned_by_channels} />],
                            [t("miner.byStorage"), <Amount of={miner.earned_by_storage} />],
                            [t("miner.rewards"), <Amount of={miner.rewards} />],
                            [t("miner.collectable"), <Amount of={miner.collectable} />],
                            [t("miner.stake"), <Amount of={miner.stake} />],
                            [t("miner.pledged"), <Amount of={miner.pledged} />],
                            miner.unbonding
                                ? [t("miner.unbonding"), <Amount of={miner.unbonding} />]
                                : null,
                            miner.unbonding
                                ? [t("miner.unbondingEnds"), <Time at={miner.unbonding_ends} />]
                                : null,
                            [t("miner.slashed"), <Amount of={miner.slashed} />],
                            [t("miner.feesPaid"), <Amount of={miner.fees_paid} />],
                        ]}
                    />
                </section>
            </div>
            <section>
                <h2>{t("offers.title")}</h2>
                <Table
                    label={t("offers.title")}
                    rows={miner.offers}
                    keyOf={(offer) => String(offer.resource)}
                    none={t("miner.noOffers")}
                    columns={[
                        {
                            name: t("channel.class"),
                            show: (offer) => offer.resource,
                            by: (offer) => offer.resource,
                        },
                        ...offerColumns().slice(1),
                    ]}
                />
            </section>
            <Deals path={`/deals?miner_id=${miner.miner_id}`} head={<h2>{t("nav.deals")}</h2>} />
            <section>
                <h2>{t("story.newest")}</h2>
                <Story of={[...miner.history].reverse()} />
            </section>
        </>
    );
}
