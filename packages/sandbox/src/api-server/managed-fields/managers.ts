import type { ManagedFieldsEntry } from "@bellows/api";
import { equalSets, type FieldSet, union } from "./field-set.ts";

/** Who owns what: one entry of `metadata.managedFields`, with its set. */
export interface Manager {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly set: FieldSet | undefined;
}

/** More updaters than this are folded into one. */
const maxUpdateManagers = 10;
const ancientChanges = "ancient-changes";

/** An applier is the same one in every version of the API; an updater is not. */
export const sameManager = (a: Manager, b: Manager): boolean =>
  a.manager === b.manager &&
  a.operation === b.operation &&
  a.subresource === b.subresource &&
  (a.operation === "Apply" || a.apiVersion === b.apiVersion);

/** Reads entries; those that are no FieldsV1 are as good as absent. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[] | undefined): Manager[] {
  return (entries ?? []).map((entry) => ({
    manager: entry.manager ?? "",
    operation: entry.operation ?? "Update",
    apiVersion: entry.apiVersion ?? "",
    subresource: entry.subresource ?? "",
    time: entry.time,
    set: entry.fieldsV1 as FieldSet | undefined,
  }));
}

/** Writes entries in their order: appliers first, then by time, name, version and subresource. Empty sets are left out. */
export function encodeManagers(managers: readonly Manager[]): ManagedFieldsEntry[] {
  return managers
    .filter(({ set }) => set !== undefined)
    .toSorted(compareManagers)
    .map(({ manager, operation, apiVersion, subresource, time, set }) => ({
      ...(manager && { manager }),
      operation,
      ...(apiVersion && { apiVersion }),
      ...(time && { time }),
      fieldsType: "FieldsV1",
      fieldsV1: set as Record<string, unknown>,
      ...(subresource && { subresource }),
    }));
}

const compareManagers = (a: Manager, b: Manager): number =>
  compareText(a.operation, b.operation) ||
  compareText(a.time ?? "", b.time ?? "") ||
  compareText(a.manager, b.manager) ||
  compareText(a.apiVersion, b.apiVersion) ||
  compareText(a.subresource, b.subresource);

export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Folds the oldest updaters of each version into `ancient-changes` until at most ten updaters are left. */
export function capUpdateManagers(managers: readonly Manager[]): readonly Manager[] {
  const updaters = managers.filter(({ operation }) => operation === "Update");
  if (updaters.length <= maxUpdateManagers) return managers;
  const oldestFirst = updaters.toSorted(
    (a, b) => compareText(a.time ?? "", b.time ?? "") || compareText(identityOf(a), identityOf(b)),
  );
  let result = [...managers];
  const first = new Map<string, Manager>();
  let count = updaters.length;
  for (const manager of oldestFirst) {
    if (count <= maxUpdateManagers) break;
    const earlier = first.get(manager.apiVersion);
    if (!earlier) {
      first.set(manager.apiVersion, manager);
      continue;
    }
    const bucket: Manager = { ...manager, manager: ancientChanges, subresource: "" };
    const folded = result.find((other) => sameManager(other, bucket)) ?? earlier;
    result = result.filter((other) => other !== folded && other !== manager);
    result.push({ ...bucket, set: union(folded.set, manager.set) });
    count--;
  }
  return result;
}

const identityOf = ({ manager, operation, apiVersion, subresource }: Manager): string =>
  JSON.stringify({ manager, operation, apiVersion, subresource });

/** Equal but for their times. */
export const equalOwnership = (a: readonly Manager[], b: readonly Manager[]): boolean =>
  a.length === b.length &&
  a.every((one) => {
    const other = b.find((candidate) => sameManager(candidate, one));
    return other !== undefined && other.apiVersion === one.apiVersion && equalSets(one.set, other.set);
  });

/** How a message names an owner: `"kubectl" with subresource "scale" using apps/v1`. */
export function printManager({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = `${JSON.stringify(manager)}${subresource ? ` with subresource ${JSON.stringify(subresource)}` : ""}`;
  return operation === "Update" ? `${name} using ${apiVersion}` : name;
}
