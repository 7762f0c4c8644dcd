/** Money in the wallet and in the market's contracts, and how it moves between them. */
import type { JSX } from "preact";
import { isAddress } from "viem";
import { decimal, exactly, parsed } from "../format/amount";
import { t } from "../text";
import { Field, Form, useField } from "../ui/form";
import { depositing, send } from "../wallet/acts";
import { begin, beginWith } from "../wallet/act";
import { type Escrow, read } from "../wallet/contracts";
import type { Session } from "../wallet/session";
import { useChain } from "./read";

const ESCROWS: Escrow[] = ["market", "court", "channels", "storage"];

interface Balance {
    escrow: Escrow;
    available: bigint;
    locked: bigint;
}

async function balances(now: Session): Promise<{ tokens: bigint; ether: bigint; held: Balance[] }> {
    const { addresses } = now.contracts;
    const held = ESCROWS.filter((escrow) => addresses[escrow]).map(async (escrow) => {
        const [available, locked] = await read<readonly [bigint, bigint]>(
            now.reader,
            escrow,
            addresses[escrow]!,
            "accountOf",
            [now.account],
        );
        return { escrow, available, locked };
    });
    const [tokens, ether, ...rest] = await Promise.all([
        read<bigint>(now.reader, "token", addresses.token, "balanceOf", [now.account]),
        now.reader.getBalance({ address: now.account }),
        ...held,
    ]);
    return { tokens, ether, held: rest };
}

export function Money(props: { of: Session }): JSX.Element {
    const now = props.of;
    const found = useChain(() => balances(now), [now]);
    const { decimals, symbol } = now.contracts;
    const show = (amount: bigint): JSX.Element => (
        <span class="amount" title={exactly(amount, decimals)}>
            {decimal(amount, decimals)} <small>{symbol}</small>
        </span>
    );
    return (
        <section aria-label={t("money.title")}>
            <div class="bar">
                <h2>{t("money.title")}</h2>
            </div>
            {found.problem && (
                <p class="notice bad" role="alert">
                    {found.problem}
                </p>
            )}
            {found.value && (
                <>
                    <div class="table" role="region" aria-label={t("money.title")} tabIndex={0}>
                        <table>
                            <thead>
                                <tr>
                                    <th scope="col">{t("money.where")}</th>
                                    <th scope="col" class="end">
                                        {t("account.available")}
                                    </th>
                                    <th scope="col" class="end">
                                        {t("account.locked")}
                                    </th>
                                </tr>
                            </thead>
                            <tbody>
                                <tr>
                                    <td data-name={t("money.where")}>{t("money.wallet")}</td>
                                    <td data-name={t("account.available")} class="end">
                                        {show(found.value.tokens)}
                                    </td>
                                    <td data-name={t("money.gas")} class="end">
                                        <span class="faint">
                                            {t("money.ether", {
                                                amount: decimal(found.value.ether, 18),
                                            })}
                                        </span>
                                    </td>
                                </tr>
                                {found.value.held.map((one) => (
                                    <tr key={one.escrow}>
                                        <td data-name={t("money.where")}>
                                            {t(`role.${one.escrow}`)}
                                        </td>
                                        <td
                                            data-name={t("account.available")}
                                            class="end"
                                            data-escrow={one.escrow}
                                        >
                                            {show(one.available)}
                                        </td>
                                        <td data-name={t("account.locked")} class="end">
                                            {show(one.locked)}
                                        </td>
                                    </tr>
                                ))}
                            </tbody>
                        </table>
                    </div>
                    <Moves of={now} />
                </>
            )}
        </section>
    );
}

function Moves(props: { of: Session }): JSX.Element {
    const { of: now } = props;
    const places = ESCROWS.filter((escrow) => now.contracts.addresses[escrow]);
    const [putIn, takeOut, to] = [useField(), useField(), useField(now.account)];
    const [into, from] = [useField("market"), useField("market")];
    const amountOf = (text: string): bigint | null => parsed(text, now.contracts.decimals);
    const deposit = (): string | void => {
        const amount = amountOf(putIn.value);
        if (!amount) return t("money.wrong", { decimals: now.contracts.decimals });
        beginWith(
            t("money.deposit"),
            () => depositing(now, into.value as Escrow, amount),
            () => putIn.set(""),
        );
    };
    const withdraw = (): string | void => {
        const amount = amountOf(takeOut.value);
        if (!amount) return t("money.wrong", { decimals: now.contracts.decimals });
        if (!isAddress(to.value, { strict: false })) return t("form.address");
        begin(t("money.withdraw"), send(from.value as Escrow, "withdraw", to.value, amount), () =>
            takeOut.set(""),
        );
    };
    return (
        <div class="columns moves">
            <Form button={t("money.deposit")} go={deposit} label={t("money.deposit")}>
                <Field name={t("money.amount")} {...putIn} />
                <Places name={t("money.into")} of={places} {...into} />
            </Form>
            <Form button={t("money.withdraw")} go={withdraw} label={t("money.withdraw")}>
                <Field name={t("money.amount")} {...takeOut} />
                <Places name={t("money.from")} of={places} {...from} />
                <Field name={t("money.to")} mode="text" size={24} {...to} />
            </Form>
        </div>
    );
}

function Places(props: {
    name: string;
    of: Escrow[];
    value: string;
    set(value: string): void;
}): JSX.Element {
    return (
        <label>
            {props.name}
            <select value={props.value} onChange={(event) => props.set(event.currentTarget.value)}>
                {props.of.map((escrow) => (
                    <option key={escrow} value={escrow}>
                        {t(`role.${escrow}`)}
                    </option>
                ))}
            </select>
        </label>
    );
}
