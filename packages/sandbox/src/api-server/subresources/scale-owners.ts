import type { ManagedFieldsEntry } from "@bellows/api";
import { timestamp } from "@bellows/kube";
import { record } from "../api-object.ts";
import type { Scale } from "../custom-resources/scale-subresource.ts";
import { recordUpdate, serverSideApply } from "../managed-fields/index.ts";
import type { RequestScope } from "../rest/request-scope.ts";
import { SchemaView } from "../schema-view.ts";

type Entries = ManagedFieldsEntry[];
type Fields = Record<string, object>;

const apiVersion = "autoscaling/v1";
const ownsReplicas: Fields = { "f:spec": { "f:replicas": {} } };
const int32 = { type: "integer", format: "int32" } as const;
const schema = new SchemaView({
  type: "object",
  properties: {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
    spec: { type: "object", properties: { replicas: int32 } },
    status: { type: "object", properties: { replicas: int32, selector: { type: "string" } } },
  },
});

/** Elements of a field set on the way to the replicas: `.spec.size` is `f:spec`, `f:size`. */
const elementsOf = (path: string) =>
  path
    .replace(/^\./, "")
    .split(".")
    .map((name) => `f:${name}`);
const owns = (fields: Fields | undefined, elements: readonly string[]): boolean =>
  elements.reduce<Fields | undefined>((inner, element) => inner?.[element] as Fields | undefined, fields) !== undefined;
const without = (fields: Fields, [element = "", ...rest]: readonly string[]): Fields => {
  const { [element]: inner, ...others } = fields;
  const left = rest.length === 0 ? {} : without(inner as Fields, rest);
  return Object.keys(left).length === 0 ? others : { ...others, [element]: left };
};
const same = (a: ManagedFieldsEntry, b: ManagedFieldsEntry): boolean =>
  a.manager === b.manager && a.operation === b.operation && (a.subresource ?? "") === (b.subresource ?? "");

/** The Scale with the owners that its replicas have in the object itself. */
export function withOwners(scale: Scale, entries: Entries | undefined, path: string): Scale {
  const managedFields = entries
    ?.filter(({ fieldsV1 }) => owns(fieldsV1 as Fields | undefined, elementsOf(path)))
    .map((entry) => ({ ...entry, apiVersion, fieldsV1: ownsReplicas }));
  return { ...scale, metadata: { ...scale.metadata, managedFields } };
}

/** Applies a Scale: what others own is a conflict, unless it is forced. */
export const appliedScale = (scope: RequestScope, live: Scale): Scale =>
  serverSideApply<Scale>({
    live,
    config: record(scope.request.body),
    schema,
    apiVersion,
    manager: scope.fieldManager,
    force: scope.request.query.flag("force"),
    subresource: "scale",
    now: timestamp(scope.parts.clock.now()),
  });

/**
 * Who owns what of the object once its Scale has been updated. A Scale of none has no such field in Go: who scales to it
 * owns nothing, and nobody else does any more; and what nobody owns stays so.
 */
export const ownersOfUpdate = (scope: RequestScope, before: Scale, replicas: number): Entries | undefined =>
  recordUpdate({
    before,
    after: { ...before, spec: replicas === 0 ? {} : { replicas } },
    schema,
    apiVersion,
    manager: scope.fieldManager,
    subresource: "scale",
    now: timestamp(scope.parts.clock.now()),
  });

/** The owners of the object with those of its Scale, which have no times. */
export function ofObject(entries: Entries | undefined, ofScale: Entries, path: string, version: string): Entries {
  const elements = elementsOf(path);
  const left = new Set(ofScale.filter(({ fieldsV1 }) => owns(fieldsV1 as Fields, ["f:spec", "f:replicas"])));
  const kept = (entries ?? []).flatMap((entry) => {
    const fields = (entry.fieldsV1 ?? {}) as Fields;
    if (!owns(fields, elements)) return [entry];
    const still = [...left].find((one) => same(one, entry));
    if (still) {
      left.delete(still);
      return [entry];
    }
    const rest = without(fields, elements);
    return Object.keys(rest).length === 0 ? [] : [{ ...entry, fieldsV1: rest }];
  });
  const fieldsV1 = elements.reduceRight<Record<string, unknown>>((inner, element) => ({ [element]: inner }), {});
  const added = [...left].map(({ time: _, ...entry }) => ({ ...entry, apiVersion: version, fieldsV1 }));
  return [...added, ...kept].sort(byOrder);
}

const byOrder = (a: ManagedFieldsEntry, b: ManagedFieldsEntry): number => {
  const key = ({ operation, time, manager }: ManagedFieldsEntry) => [operation ?? "", time ?? "", manager ?? ""];
  const [x, y] = [key(a), key(b)];
  const at = x.findIndex((part, index) => part !== y[index]);
  return at < 0 ? 0 : (x[at] as string) < (y[at] as string) ? -1 : 1;
};
