/** The market on its chain, through the connected wallet's node, and this relay. */
import type { Hex } from "../../protocol/bytes";
import type { MarketDomain } from "../../protocol/messages";
import { Market } from "../../job/market";
import { Relay } from "../../relay/relay";
import type { Session } from "../wallet/session";

export interface Places {
    market: Market;
    relay: Relay;
}

export function placesOf(now: Session): Places {
    const market = new Market(domainOf(now), now.reader);
    return { market, relay: new Relay(location.origin, market.domain, { ask: market.ask }) };
}

export function domainOf(now: Session): MarketDomain {
    const { chain, addresses } = now.contracts;
    return { chainId: chain, market: addresses.market.toLowerCase() as Hex };
}

/** Whether something is of the market that the wallet is connected to. */
export function isOf(now: Session, { chainId, market }: MarketDomain): boolean {
    const domain = domainOf(now);
    return domain.chainId === chainId && domain.market === market;
}
