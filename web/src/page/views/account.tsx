/** An address, whatever it does in the market. */
import type { JSX } from "preact";
import * as shapes from "../api/shapes";
import { useAsked } from "../api/use";
import { at } from "../market";
import { t } from "../text";
import { Shown } from "../ui/asked";
import { Amount, Facts, Heading, Hex, Miner } from "../ui/basic";
import { Story } from "../ui/story";
import { Channels, Deals, Requests, StorageDeals } from "./lists";

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
            <Deals path={`/deals?${by}`} head={<h2>{t("nav.deals")}</h2>} />
            <Requests path={`/requests?${by}`} head={<h2>{t("requests.posted")}</h2>} />
            <Channels path={`/channels?${by}`} head={<h2>{t("nav.channels")}</h2>} />
            <StorageDeals path={`/storage-deals?${by}`} head={<h2>{t("storage.title")}</h2>} />
        </>
    );
}
