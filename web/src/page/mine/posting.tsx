/** A request posted on the chain: for who has a job's manifest already. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { isHex } from "viem";
import { parsed, PRICE_DECIMALS } from "../format/amount";
import { classes, configuration } from "../market";
import { t } from "../text";
import { Field, Form, useField } from "../ui/form";
import { nameOf } from "../views/market";
import { send } from "../wallet/acts";
import { beginWith, type Step } from "../wallet/act";
import { read } from "../wallet/contracts";
import type { Request } from "../wallet/request";
import type { Session } from "../wallet/session";

type Wanted = Omit<Request, "epoch" | "salt" | "confirmBy"> & { within: number };

async function posting(now: Session, wanted: Wanted): Promise<Step> {
    const { within, ...rest } = wanted;
    const [epoch, block] = await Promise.all([
        read<number>(now.reader, "market", now.contracts.addresses.market, "epochOf", [
            now.account,
        ]),
        now.reader.getBlock(),
    ]);
    const salt = crypto.getRandomValues(new BigUint64Array(1))[0]!;
    const request: Request = { ...rest, confirmBy: Number(block.timestamp) + within, epoch, salt };
    return send("market", "postRequest", request);
}

export function Posting(props: { of: Session }): JSX.Element {
    const { of: now } = props;
    const sold = classes.value.filter((one) => one.kind === "judged" && !one.retired);
    const [resource, setResource] = useState("");
    const [units, tasks, price, job] = [useField("1000"), useField("10"), useField(), useField()];
    const [miner, duration, within] = [useField("0"), useField("600"), useField("600")];
    const [verified, setVerified] = useState(false);
    const terms = configuration.value?.terms.find((record) => !record.retired);
    const go = (): string | void => {
        const maxPrice = parsed(price.value, PRICE_DECIMALS);
        const counts = [units, tasks, miner, duration, within].map(({ value }) =>
            /^\d{1,18}$/.test(value) ? value : null,
        );
        if (counts.includes(null) || !maxPrice) return t("post.numbers");
        if (!isHex(job.value) || job.value.length !== 66) return t("post.noJob");
        const [many, each, named, seconds, wait] = counts as string[];
        const chosen = Number(resource || sold[0]?.resource);
        if (!chosen || !terms) return t("post.noClass");
        const wanted: Wanted = {
            requester: now.account,
            miner: Number(named),
            resource: chosen,
            runtime: 0,
            units: BigInt(many!),
            maxPrice,
            duration: Number(seconds),
            tasks: Number(each),
            job: job.value,
            terms: terms.terms,
            flags: verified ? 1 : 0,
            within: Number(wait),
        };
        beginWith(t("post.title"), () => posting(now, wanted));
    };
    return (
        <section class="card" aria-label={t("post.title")}>
            <h2>{t("post.title")}</h2>
            <p class="faint">{t("post.note")}</p>
            <Form button={t("post.button")} go={go} label={t("post.title")}>
                <label>
                    {t("channel.class")}
                    <select
                        value={resource || String(sold[0]?.resource ?? "")}
                        onChange={(event) => setResource(event.currentTarget.value)}
                    >
                        {sold.map((one) => (
                            <option key={one.resource} value={one.resource}>
                                {one.resource} {nameOf(one)}
                            </option>
                        ))}
                    </select>
                </label>
                <Field name={t("deal.units")} mode="numeric" {...units} />
                <Field name={t("request.tasks")} mode="numeric" size={6} {...tasks} />
                <Field name={t("estimate.bid", { symbol: now.contracts.symbol })} {...price} />
                <Field name={t("post.miner")} mode="numeric" size={6} {...miner} />
                <Field name={t("post.duration")} mode="numeric" size={6} {...duration} />
                <Field name={t("post.within")} mode="numeric" size={6} {...within} />
                <Field name={t("request.job")} mode="text" size={30} hint="0x…" {...job} />
                <label class="check">
                    <input
                        type="checkbox"
                        checked={verified}
                        onChange={(event) => setVerified(event.currentTarget.checked)}
                    />
                    {t("request.verified")}
                </label>
            </Form>
        </section>
    );
}
