/** Tables that sort, and that become a list of cards where there is no room for columns. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { t } from "../text";

export interface Column<T> {
    name: string;
    show(row: T): ComponentChildren;
    /** What is compared when it is sorted by; without it, it can't be */
    by?(row: T): bigint | number | string;
    /** Numbers stand to the right */
    end?: boolean;
}

interface Order {
    column: number;
    down: boolean;
}

export function Table<T>(props: {
    label: string;
    columns: Column<T>[];
    rows: T[];
    keyOf(row: T): string;
    sorted?: Order;
    none: string;
}): JSX.Element {
    const [order, setOrder] = useState<Order | undefined>(props.sorted);
    if (!props.rows.length) return <p class="nothing">{props.none}</p>;
    const rows = order ? inOrder(props.rows, props.columns[order.column]!, order.down) : props.rows;
    const turn = (column: number): void =>
        setOrder((old) =>
            old?.column === column ? { column, down: !old.down } : { column, down: false },
        );
    return (
        <div class="table" role="region" aria-label={props.label} tabIndex={0}>
            <table>
                <thead>
                    <tr>
                        {props.columns.map((column, index) => (
                            <th
                                key={column.name}
                                scope="col"
                                class={column.end ? "end" : undefined}
                                aria-sort={
                                    order?.column === index
                                        ? order.down
                                            ? "descending"
                                            : "ascending"
                                        : undefined
                                }
                            >
                                {column.by ? (
                                    <button type="button" class="sort" onClick={() => turn(index)}>
                                        {column.name}
                                        <span aria-hidden="true">
                                            {order?.column === index
                                                ? order.down
                                                    ? " ↓"
                                                    : " ↑"
                                                : " ↕"}
                                        </span>
                                    </button>
                                ) : (
                                    column.name
                                )}
                            </th>
                        ))}
                    </tr>
                </thead>
                <tbody>
                    {rows.map((row) => (
                        <tr key={props.keyOf(row)}>
                            {props.columns.map((column) => (
                                <td
                                    key={column.name}
                                    data-name={column.name}
                                    class={column.end ? "end" : undefined}
                                >
                                    {column.show(row)}
                                </td>
                            ))}
                        </tr>
                    ))}
                </tbody>
            </table>
        </div>
    );
}

export function More(props: { next: string | null; go(): void }): JSX.Element | null {
    if (props.next === null) return null;
    return (
        <button type="button" class="plain" onClick={props.go}>
            {t("wait.more")}
        </button>
    );
}

function inOrder<T>(rows: T[], column: Column<T>, down: boolean): T[] {
    if (!column.by) return rows;
    const by = column.by;
    const sorted = [...rows].sort((a, b) => {
        const [left, right] = [by(a), by(b)];
        return left < right ? -1 : left > right ? 1 : 0;
    });
    return down ? sorted.reverse() : sorted;
}
