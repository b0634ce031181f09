import type { KubernetesObject, ObjectMeta, PrinterColumn } from "@bellows/api";
import { withoutManagedFields } from "@bellows/kube";
import { columnsFormat } from "./columns.ts";
import { builtinFormats } from "./formats.ts";

/** What may stand in a cell: JSON, as the column's type says. */
export type Cell = string | number | boolean | null;

/** meta/v1 TableColumnDefinition. Priority 0 is always shown, above 0 only with `-o wide`. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: string;
  readonly format: string;
  readonly description: string;
  readonly priority: number;
}

export interface RowCondition {
  readonly type: "Completed";
  readonly status: "True";
  readonly reason: string;
  readonly message: string;
}

/** How the objects of one kind become rows. Method syntax, so that formats of different kinds share one map. */
export interface TableFormat<T extends KubernetesObject = KubernetesObject> {
  readonly columns: readonly ColumnDefinition[];
  /** One cell per column, in order. `now` is milliseconds since the epoch, for ages. */
  cells(object: T, now: number): Cell[];
  conditions?(object: T): readonly RowCondition[] | undefined;
}

export interface TableRow {
  readonly cells: readonly Cell[];
  readonly conditions?: readonly RowCondition[];
  readonly object: unknown;
}

/** meta/v1 Table, the answer to `Accept: application/json;as=Table;g=meta.k8s.io;v=v1`. */
export interface Table {
  readonly kind: "Table";
  readonly apiVersion: string;
  readonly metadata: ListMeta;
  readonly columnDefinitions: readonly ColumnDefinition[];
  readonly rows: readonly TableRow[];
}

export interface ListMeta {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** The `includeObject` parameter: what each row carries of its object. */
export type IncludeObject = "None" | "Metadata" | "Object";

export interface TableOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly includeObject?: IncludeObject;
  /** The list's metadata; for a single object `{ resourceVersion }`. */
  readonly metadata?: ListMeta;
  /** `meta.k8s.io/v1` unless the client asked for `v1beta1`. */
  readonly apiVersion?: "meta.k8s.io/v1" | "meta.k8s.io/v1beta1";
  /** A watch sends the columns with its first event only. */
  readonly noHeaders?: boolean;
}

/** The format of a built-in kind; kinds without printer columns of their own get NAME and CREATED AT. */
export function builtinTableFormat(group: string, kind: string): TableFormat {
  return builtinFormats.get(`${group}/${kind}`) ?? nameAndCreation;
}

const nameAndCreation: TableFormat = columnsFormat([
  { name: "Name", format: "name", cell: (object) => object.metadata.name },
  { name: "Created At", type: "date", cell: (object) => object.metadata.creationTimestamp ?? null },
]);

/** The table of `objects`, as a request for one object, a list, or one event of a watch gets it. */
export function tableOf(format: TableFormat, objects: readonly KubernetesObject[], options: TableOptions): Table {
  const { now, includeObject = "Metadata", metadata = {}, apiVersion = "meta.k8s.io/v1", noHeaders = false } = options;
  return {
    kind: "Table",
    apiVersion,
    metadata,
    columnDefinitions: noHeaders ? [] : format.columns,
    rows: objects.map((object) => {
      const conditions = format.conditions?.(object);
      return {
        cells: format.cells(object, now),
        ...(conditions && { conditions }),
        object: rowObject(object, includeObject, apiVersion),
      };
    }),
  };
}

/** Reads the `includeObject` parameter; throws a RangeError with the server's words for anything else. */
export function parseIncludeObject(text: string | undefined): IncludeObject {
  if (text === undefined || text === "") return "Metadata";
  if (text === "None" || text === "Metadata" || text === "Object") return text;
  throw new RangeError(`includeObject: Invalid value: "${text}": must be 'Metadata', 'Object', 'None', or empty`);
}

function rowObject(object: KubernetesObject, include: IncludeObject, apiVersion: string): unknown {
  if (include === "None") return null;
  return include === "Object" ? object : rowMetadata(object, apiVersion);
}

/** Without managed fields: no table shows them, and they would be most of what a client reads. */
const rowMetadata = (object: KubernetesObject, apiVersion: string): PartialObjectMetadata =>
  partialObjectMetadata(withoutManagedFields(object), apiVersion);

export interface PartialObjectMetadata {
  readonly kind: "PartialObjectMetadata";
  readonly apiVersion: string;
  readonly metadata: ObjectMeta;
}

/** An object reduced to its metadata (`as=PartialObjectMetadata`). */
export function partialObjectMetadata(object: KubernetesObject, apiVersion = "meta.k8s.io/v1"): PartialObjectMetadata {
  return { kind: "PartialObjectMetadata", apiVersion, metadata: object.metadata };
}

/** A list reduced to metadata (`as=PartialObjectMetadataList`). */
export function partialObjectMetadataList(
  objects: readonly KubernetesObject[],
  metadata: ListMeta,
  apiVersion = "meta.k8s.io/v1",
) {
  return {
    kind: "PartialObjectMetadataList" as const,
    apiVersion,
    metadata,
    items: objects.map((object) => partialObjectMetadata(object, apiVersion)),
  };
}

export { customTableFormat } from "./custom-columns.ts";
export { humanDuration } from "./human-duration.ts";
export { type JsonPath, parseJsonPath } from "./json-path.ts";
export type { PrinterColumn };
