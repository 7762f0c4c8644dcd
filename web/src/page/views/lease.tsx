/** A payment channel, or a storage deal. */
import type { JSX } from "preact";
import * as shapes from "../api/shapes";
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

export function ChannelView(props: { id: string }): JSX.Element {
    const asked = useAsked(at(`/channels/${encodeURIComponent(props.id)}`), shapes.channelStory);
    return (
        <>
            <Heading kind={t("channel.one")}>
                <Hex of={props.id} digits={8} />
            </Heading>
            <Shown of={asked}>
                {(found) => (
                    <>
                        <section>
                            <div class="bar">
                                <h2>
                                    <State kind="channel" of={found.state} />
                                </h2>
                                <progress
                                    max={100}
                                    value={share(found.paid, found.deposit)}
                                    aria-label={t("channel.paid")}
                                />
                            </div>
                            <Facts
                                rows={[
                                    [t("deal.requester"), <Account of={found.requester} />],
                                    [t("offers.miner"), <Miner number={found.miner_id} />],
                                    [t("channel.signer"), <Account of={found.signer} />],
                                    [t("channel.class"), <ClassName number={found.resource} />],
                                    [t("deal.units"), <Units of={found.units} />],
                                    [t("market.price"), <Price of={found.price} />],
                                    [t("channel.deposit"), <Amount of={found.deposit} />],
                                    [t("channel.reserve"), <Amount of={found.reserve} />],
                                    [t("channel.paid"), <Amount of={found.paid} />],
                                    [t("channel.earned"), <Amount of={found.earned} />],
                                    [t("deal.fee"), <Amount of={found.fee} />],
                                    found.refunded === null
                                        ? null
                                        : [t("deal.refunded"), <Amount of={found.refunded} />],
                                    [t("channel.ends"), <Time at={found.ends} />],
                                    found.closable_from === null
                                        ? null
                                        : [
                                              t("channel.closable"),
                                              <Time at={found.closable_from} />,
                                          ],
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

export function StorageView(props: { id: string }): JSX.Element {
    const asked = useAsked(
        at(`/storage-deals/${encodeURIComponent(props.id)}`),
        shapes.storageStory,
    );
    return (
        <>
            <Heading kind={t("storage.one")}>
                <Hex of={props.id} digits={8} />
            </Heading>
            <Shown of={asked}>
                {(found) => (
                    <>
                        <section>
                            <div class="bar">
                                <h2>
                                    <State kind="storage" of={found.state} />
                                </h2>
                                <progress
                                    max={found.periods}
                                    value={found.proved}
                                    aria-label={t("storage.proved")}
                                />
                            </div>
                            <Facts
                                rows={[
                                    [t("deal.requester"), <Account of={found.requester} />],
                                    [t("offers.miner"), <Miner number={found.miner_id} />],
                                    [t("channel.class"), <ClassName number={found.resource} />],
                                    [t("storage.size"), units(found.size)],
                                    [t("storage.root"), <Hex of={found.root} />],
                                    [t("storage.period"), duration(found.period)],
                                    [t("storage.proved"), `${found.proved} / ${found.periods}`],
                                    [t("storage.samples"), found.samples],
                                    [t("storage.pay"), <Amount of={found.pay} />],
                                    [t("storage.collateral"), <Amount of={found.collateral} />],
                                    [t("miner.earned"), <Amount of={found.earned} />],
                                    found.refunded === null
                                        ? null
                                        : [t("deal.refunded"), <Amount of={found.refunded} />],
                                    found.lost === null
                                        ? null
                                        : [t("storage.lost"), <Amount of={found.lost} />],
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

function share(part: bigint, whole: bigint): number {
    return whole > 0n ? Number((part * 100n) / whole) : 0;
}
