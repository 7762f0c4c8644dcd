/** Who sells in a class, to be sorted and filtered. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as shapes from "../api/shapes";
import type { Offer, ResourceClass } from "../api/shapes";
import { useListed } from "../api/pages";
import { plain } from "../format/text";
import { at } from "../market";
import { t, tOr } from "../text";
import { Shown } from "../ui/asked";
import { Account, Badge, Miner, type Mood, Price, Time, Units } from "../ui/basic";
import { type Column, More, Table } from "../ui/table";

export function Offers(props: { of: ResourceClass }): JSX.Element {
    const [least, setLeast] = useState("");
    const [closed, setClosed] = useState(false);
    const [anybody, setAnybody] = useState(false);
    const wanted = /^\d{1,19}$/.test(least) ? least : "0";
    const state = closed ? "" : "&state=open";
    const asked = useListed(
        at(`/offers?resource=${props.of.resource}&least=${wanted}${state}&limit=100`),
        shapes.offer,
    );
    return (
        <section aria-label={t("offers.title")}>
            <div class="bar">
                <h2>{t("offers.title")}</h2>
                <label>
                    {t("offers.least")}
                    <input
                        type="text"
                        inputMode="numeric"
                        size={9}
                        value={least}
                        onInput={(event) => setLeast(event.currentTarget.value.trim())}
                    />
                </label>
                <label class="check">
                    <input
                        type="checkbox"
                        checked={anybody}
                        onChange={(event) => setAnybody(event.currentTarget.checked)}
                    />
                    {t("offers.anybody")}
                </label>
                <label class="check">
                    <input
                        type="checkbox"
                        checked={closed}
                        onChange={(event) => setClosed(event.currentTarget.checked)}
                    />
                    {t("offers.closed")}
                </label>
            </div>
            <Shown of={asked}>
                {(offers) => (
                    <>
                        <Table
                            label={t("offers.title")}
                            columns={columns()}
                            rows={offers.filter((offer) => !anybody || !offer.verified_only)}
                            keyOf={(offer) => String(offer.miner_id)}
                            sorted={{ column: 1, down: false }}
                            none={t("none.offers")}
                        />
                        <More next={asked.next} go={asked.more} />
                    </>
                )}
            </Shown>
        </section>
    );
}

const MOODS: Record<string, Mood> = { open: "good", expired: "quiet", withdrawn: "quiet" };

export function columns(): Column<Offer>[] {
    return [
        {
            name: t("offers.miner"),
            show: (offer) => (
                <>
                    <Miner number={offer.miner_id} /> <Account of={offer.miner} bare />
                </>
            ),
            by: (offer) => offer.miner_id,
        },
        {
            name: t("offers.ask"),
            show: (offer) => <Price of={offer.ask} />,
            by: (offer) => offer.ask,
            end: true,
        },
        {
            name: t("offers.free"),
            show: (offer) => <Units of={offer.free} />,
            by: (offer) => offer.free,
            end: true,
        },
        {
            name: t("offers.published"),
            show: (offer) => <Units of={offer.published} />,
            by: (offer) => offer.published,
            end: true,
        },
        { name: t("offers.speed"), show: speed, by: rate, end: true },
        {
            name: t("offers.score"),
            show: (offer) => score(offer.score),
            by: (offer) => offer.score ?? -1,
            end: true,
        },
        {
            name: t("offers.record"),
            show: (offer) =>
                t("offers.counts", {
                    done: offer.completed,
                    failed: offer.defaulted + offer.overturned,
                }),
            by: (offer) => offer.completed,
            end: true,
        },
        {
            name: t("offers.until"),
            show: (offer) => <Time at={offer.valid_until} />,
            by: (offer) => offer.valid_until,
        },
        {
            name: t("offers.state"),
            show: (offer) => (
                <>
                    <Badge mood={MOODS[offer.state] ?? "quiet"}>
                        {tOr(`offer.${offer.state}`, plain(offer.state, 20))}
                    </Badge>
                    {offer.verified_only && <Badge mood="busy">{t("offers.verified")}</Badge>}
                </>
            ),
        },
    ];
}

export function score(value: number | null): string {
    return value === null ? "–" : value.toFixed(2);
}

function rate(offer: Offer): number {
    return offer.announced ? offer.announced.units_per_second * offer.announced.workers : -1;
}

function speed(offer: Offer): string {
    const units = rate(offer);
    return units > 0
        ? t("offers.perSecond", { units: new Intl.NumberFormat().format(units) })
        : "–";
}
