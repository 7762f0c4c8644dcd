/** A payment channel, or a storage deal. */
import type { ComponentProps, JSX } from "preact";
import * as shapes from "../api/shapes";
import type { Decode } from "../api/decode";
import { useAsked } from "../api/use";
import { units } from "../format/amount";
import { duration } from "../format/time";
import { at } from "../market";
import { t } from "../text";
import { Shown } from "../ui/asked";
import { Account, Amount, Facts, Heading, Hex, Miner, Price, Time, Units } from "../ui/basic";
import { Story } from "../ui/story";
import { ClassName } from "./deal";
import { State } from "./lists";

type Rows = ComponentProps<typeof Facts>["rows"];
/** What both have in common. */
interface Agreed {
    state: string;
    requester: string;
    miner_id: number;
    resource: number;
    refunded: bigint | null;
    history: shapes.Entry[];
}

export function ChannelView(props: { id: string }): JSX.Element {
    return (
        <LeaseView
            kind="channel"
            id={props.id}
            path="/channels/"
            shape={shapes.channelStory}
            done={({ paid, deposit }) => [paid, deposit, t("channel.paid")]}
            facts={(found) => [
                [t("channel.signer"), <Account of={found.signer} />],
                [t("deal.units"), <Units of={found.units} />],
                [t("market.price"), <Price of={found.price} />],
                [t("channel.deposit"), <Amount of={found.deposit} />],
                [t("channel.reserve"), <Amount of={found.reserve} />],
                [t("channel.paid"), <Amount of={found.paid} />],
                [t("channel.earned"), <Amount of={found.earned} />],
                [t("deal.fee"), <Amount of={found.fee} />],
                [t("channel.ends"), <Time at={found.ends} />],
                found.closable_from === null
                    ? null
                    : [t("channel.closable"), <Time at={found.closable_from} />],
            ]}
        />
    );
}

export function StorageView(props: { id: string }): JSX.Element {
    return (
        <LeaseView
            kind="storage"
            id={props.id}
            path="/storage-deals/"
            shape={shapes.storageStory}
            done={({ proved, periods }) => [BigInt(proved), BigInt(periods), t("storage.proved")]}
            facts={(found) => [
                [t("storage.size"), units(found.size)],
                [t("storage.root"), <Hex of={found.root} />],
                [t("storage.period"), duration(found.period)],
                [t("storage.proved"), `${found.proved} / ${found.periods}`],
                [t("storage.samples"), found.samples],
                [t("storage.pay"), <Amount of={found.pay} />],
                [t("storage.collateral"), <Amount of={found.collateral} />],
                [t("miner.earned"), <Amount of={found.earned} />],
                found.lost === null ? null : [t("storage.lost"), <Amount of={found.lost} />],
            ]}
        />
    );
}

function LeaseView<T extends Agreed>(props: {
    kind: "channel" | "storage";
    id: string;
    path: string;
    shape: Decode<T>;
    /** How much of how much is done, and of what */
    done(found: T): [part: bigint, whole: bigint, name: string];
    facts(found: T): Rows;
}): JSX.Element {
    const { kind, id } = props;
    const asked = useAsked(at(props.path + encodeURIComponent(id)), props.shape);
    return (
        <>
            <Heading kind={t(`${kind}.one`)}>
                <Hex of={id} digits={8} />
            </Heading>
            <Shown of={asked}>
                {(found) => (
                    <>
                        <section>
                            <div class="bar">
                                <h2>
                                    <State kind={kind} of={found.state} />
                                </h2>
                                <Done of={props.done(found)} />
                            </div>
                            <Facts
                                rows={[
                                    [t("deal.requester"), <Account of={found.requester} />],
                                    [t("offers.miner"), <Miner number={found.miner_id} />],
                                    [t("channel.class"), <ClassName number={found.resource} />],
                                    ...props.facts(found),
                                    found.refunded === null
                                        ? null
                                        : [t("deal.refunded"), <Amount of={found.refunded} />],
                                ]}
                            />
                        </section>
                        <section>
                            <h2>{t("story.title")}</h2>
                            <Story of={found.history} />
                        </section>
                    </>
                )}
            </Shown>
        </>
    );
}

function Done(props: { of: [part: bigint, whole: bigint, name: string] }): JSX.Element {
    const [part, whole, name] = props.of;
    const share = whole > 0n ? Number((part * 100n) / whole) : 0;
    return <progress max={100} value={share} aria-label={name} />;
}
