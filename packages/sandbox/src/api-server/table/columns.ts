import type { KubernetesObject } from "@bellows/api";
import { ageOf } from "./human-duration.ts";
import type { Cell, TableFormat } from "./table.ts";

/** A column together with how its cell is made. */
export interface Column<T extends KubernetesObject> {
  readonly name: string;
  /** `string` unless given. */
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  /** 0 (always shown) unless given. */
  readonly priority?: number;
  cell(object: T, now: number): Cell;
}

/** A format whose cells are independent of each other. */
export function columnsFormat<T extends KubernetesObject>(columns: readonly Column<T>[]): TableFormat<T> {
  return {
    columns: columns.map(({ name, type = "string", format = "", description = "", priority = 0 }) => ({
      name,
      type,
      format,
      description,
      priority,
    })),
    cells: (object, now) => columns.map((column) => column.cell(object, now)),
  };
}

/** The name column, which kubectl also uses to print `kind/name`. */
export const nameColumn: Column<KubernetesObject> = {
  name: "Name",
  format: "name",
  cell: (object) => object.metadata.name,
};

export const ageColumn: Column<KubernetesObject> = {
  name: "Age",
  cell: (object, now) => ageOf(object.metadata.creationTimestamp, now),
};

type CellOf<T> = (object: T, now: number) => Cell;

export const text = <T extends KubernetesObject>(name: string, cell: CellOf<T>): Column<T> => ({ name, cell });
export const integer = <T extends KubernetesObject>(name: string, cell: CellOf<T>): Column<T> => ({
  name,
  type: "integer",
  cell,
});
export const boolean = <T extends KubernetesObject>(name: string, cell: CellOf<T>): Column<T> => ({
  name,
  type: "boolean",
  cell,
});
/** A text column that only `-o wide` shows. */
export const wide = <T extends KubernetesObject>(name: string, cell: CellOf<T>): Column<T> => ({
  name,
  priority: 1,
  cell,
});

/** The first `max` of `items`, and how many were left out: `a,b,c + 2 more...`. */
export function firstOf(items: readonly string[], max: number, separator = ","): string {
  const shown = items.slice(0, max).join(separator);
  return items.length > max ? `${shown} + ${items.length - max} more...` : shown;
}
