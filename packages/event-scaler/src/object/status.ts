import { type Kind, type KubernetesObject, stableJson } from "@bellows/api";
import { type Client, isConflict, keyOf } from "@bellows/kube";

const conflictRetries = 5;

/** An object with a status of its kind. */
type WithStatus = KubernetesObject & { readonly status?: object | undefined };
export type StatusOf<T extends WithStatus> = NonNullable<T["status"]>;

/**
 * Changes the status of an object. Two controllers write it, each its own part, and conditions are one list: so the
 * change is made to the version that was read, and made again to the latest where that is outdated.
 * @param change  gives the new status; an equal one for no change
 * @returns the object as it is then; the same one where nothing was written
 */
export async function updateStatus<T extends WithStatus>(
  client: Client,
  kind: Kind<T>,
  object: T,
  change: (status: StatusOf<T>) => StatusOf<T>,
): Promise<T> {
  const key = keyOf(object);
  for (let attempt = 1, latest = object; ; attempt++) {
    const before = (latest.status ?? {}) as StatusOf<T>;
    const after = change(before);
    if (after === before) return latest;
    const status = difference(before, after);
    if (Object.keys(status).length === 0) return latest;
    const { resourceVersion } = latest.metadata;
    const body = { metadata: { resourceVersion }, status };
    try {
      return await client.patch(kind, key, { type: "merge", body }, { subresource: "status" });
    } catch (error) {
      if (!isConflict(error) || attempt === conflictRetries) throw error;
      latest = await client.get(kind, key);
    }
  }
}

/** A merge patch that makes `after` of `before`. Maps are merged by key; lists and the rest are replaced. */
function difference(before: object, after: object): Record<string, unknown> {
  const changes: Record<string, unknown> = {};
  const old = before as Record<string, unknown>;
  const next = after as Record<string, unknown>;
  for (const name of new Set([...Object.keys(old), ...Object.keys(next)])) {
    const [from, to] = [old[name], next[name]];
    if (from === to) continue;
    if (to === undefined) changes[name] = null;
    else if (isMap(from) && isMap(to)) {
      const inner = difference(from, to);
      if (Object.keys(inner).length > 0) changes[name] = inner;
    } else if (stableJson(from) !== stableJson(to)) changes[name] = to;
  }
  return changes;
}

const isMap = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value);
