import type { KubernetesObject, PrinterColumn } from "@bellows/api";
import { type Column, columnsFormat, nameColumn } from "./columns.ts";
import { ageOf } from "./human-duration.ts";
import { parseJsonPath } from "./json-path.ts";
import type { Cell, TableFormat } from "./table.ts";

/** What a version without `additionalPrinterColumns` shows besides its name. */
const defaultColumns: readonly PrinterColumn[] = [
  {
    name: "Age",
    type: "date",
    jsonPath: ".metadata.creationTimestamp",
  },
];

/**
 * The table of a custom resource: its name, then a cell per printer column. A date becomes an age; a value that is
 * missing, or not of the column's type, an empty cell (`apiextensions` tableconvertor, 1.35).
 */
export function customTableFormat(columns: readonly PrinterColumn[] | undefined): TableFormat {
  const shown = columns && columns.length > 0 ? columns : defaultColumns;
  return columnsFormat([nameColumn, ...shown.map(customColumn)]);
}

function customColumn(column: PrinterColumn): Column<KubernetesObject> {
  const find = parseJsonPath(column.jsonPath);
  return {
    name: column.name,
    type: column.type,
    ...(column.format && { format: column.format }),
    description: column.description || `Custom resource definition column (in JSONPath format): ${column.jsonPath}`,
    ...(column.priority && { priority: column.priority }),
    cell: (object, now) => {
      const [value] = find(object);
      return value === undefined ? null : cellOf(column.type, value, now);
    },
  };
}

function cellOf(type: PrinterColumn["type"], value: unknown, now: number): Cell {
  switch (type) {
    case "string":
      return value === null ? "<no value>" : typeof value === "object" ? JSON.stringify(value) : String(value);
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      if (typeof value !== "string") return null;
      return Number.isNaN(Date.parse(value)) ? "<invalid>" : ageOf(value, now);
    default:
      return null;
  }
}
