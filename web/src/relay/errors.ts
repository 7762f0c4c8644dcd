/** A relay that is away, answers nonsense or something else than was asked: another one may do better. */
export class RelayAway extends Error {
    override name = "RelayAway";
}

/** A relay that does not take something; `status` as in the protocol's table, `detail` in its words. */
export class RelayRefused extends Error {
    override name = "RelayRefused";

    constructor(
        readonly status: number,
        readonly detail: string,
        /** Seconds after which to try again, where the relay says so. */
        readonly retryAfter?: number,
    ) {
        super(`the relay answered ${status}: ${detail}`);
    }
}

/** A blob that is not, or no longer, at the relay. */
export class BlobMissing extends Error {
    override name = "BlobMissing";
}
