/** An address, whatever it does in the market. */
import type { JSX } from "preact";
import * as shapes from "../api/shapes";
import type { Channel, Deal, Request, StorageDeal } from "../api/shapes";
import { useAsked } from "../api/use";
import { at } from "../market";
import { t } from "../text";
import { Shown } from "../ui/asked";
import { Amount, Facts, Heading, Hex, Miner } from "../ui/basic";
import { Story } from "../ui/story";
import { channelColumns, dealColumns, List, requestColumns, storageColumns } from "./lists";

export function AccountView(props: { address: string }): JSX.Element {
    const address = props.address.toLowerCase();
    const asked = useAsked(at(`/accounts/${encodeURIComponent(address)}`), shapes.accountStory);
    return (
        <>
            <Heading kind={t("account.one")}>
                <Hex of={address} digits={8} />
            </Heading>
            <Shown of={asked}>
                {(found) => (
                    <section>
                        <Facts
                            rows={[
                                found.available === null
                                    ? null
                                    : [t("account.available"), <Amount of={found.available} />],
                                found.locked === null
                                    ? null
                                    : [t("account.locked"), <Amount of={found.locked} />],
                                [t("account.deposited"), <Amount of={found.deposited} />],
                                [t("account.withdrawn"), <Amount of={found.withdrawn} />],
                                [t("account.spent"), <Amount of={found.spent} />],
                                [t("account.deals"), found.deals],
                                found.miner_id === null
                                    ? null
                                    : [t("account.actsFor"), <Miner number={found.miner_id} />],
                                found.payout_of.length
                                    ? [
                                          t("account.payoutOf"),
                                          found.payout_of.map((number) => (
                                              <span key={number}>
                                                  <Miner number={number} />{" "}
                                              </span>
                                          )),
                                      ]
                                    : null,
                            ]}
                        />
                    </section>
                )}
            </Shown>
            <Bought by={address} />
            <section>
                <h2>{t("story.newest")}</h2>
                <Shown of={asked}>{(found) => <Story of={[...found.history].reverse()} />}</Shown>
            </section>
        </>
    );
}

/** What an account has bought. */
export function Bought(props: { by: string }): JSX.Element {
    const by = `requester=${props.by}`;
    return (
        <>
            <List
                path={`/deals?${by}`}
                item={shapes.deal}
                label={t("nav.deals")}
                none={t("none.deals")}
                columns={dealColumns()}
                keyOf={(row: Deal) => row.id}
                head={<h2>{t("nav.deals")}</h2>}
            />
            <List
                path={`/requests?${by}`}
                item={shapes.request}
                label={t("requests.posted")}
                none={t("requests.none")}
                columns={requestColumns()}
                keyOf={(row: Request) => row.id}
                head={<h2>{t("requests.posted")}</h2>}
            />
            <List
                path={`/channels?${by}`}
                item={shapes.channel}
                label={t("nav.channels")}
                none={t("none.channels")}
                columns={channelColumns()}
                keyOf={(row: Channel) => row.id}
                head={<h2>{t("nav.channels")}</h2>}
            />
            <List
                path={`/storage-deals?${by}`}
                item={shapes.storageDeal}
                label={t("storage.title")}
                none={t("storage.none")}
                columns={storageColumns()}
                keyOf={(row: StorageDeal) => row.id}
                head={<h2>{t("storage.title")}</h2>}
            />
        </>
    );
}
