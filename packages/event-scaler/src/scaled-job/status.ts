import { ScaledJob, stableJson } from "@bellows/api";
import { type Client, isConflict, keyOf } from "@bellows/kube";

export type Status = NonNullable<ScaledJob["status"]>;

const conflictRetries = 5;

/**
 * Changes the status of a ScaledJob. Two controllers write it, each its own part, and conditions are one list: so the
 * change is made to the version that was read, and made again to the latest where that is outdated.
 * @param change  gives the new status; an equal one for no change
 */
export async function updateStatus(
  client: Client,
  scaledJob: ScaledJob,
  change: (status: Status) => Status,
): Promise<ScaledJob> {
  const key = keyOf(scaledJob);
  for (let attempt = 1, latest = scaledJob; ; attempt++) {
    const before = latest.status ?? {};
    const after = change(before);
    if (stableJson(before) === stableJson(after)) return latest;
    const { resourceVersion } = latest.metadata;
    const body = { metadata: { resourceVersion }, status: { ...after, ...removals(before, after) } };
    try {
      return await client.patch(ScaledJob, key, { type: "merge", body }, { subresource: "status" });
    } catch (error) {
      if (!isConflict(error) || attempt === conflictRetries) throw error;
      latest = await client.get(ScaledJob, key);
    }
  }
}

/** A merge patch takes a trigger that is gone out of the map only when it is told to. */
function removals({ triggersActivity: before = {} }: Status, { triggersActivity: after = {} }: Status): object {
  const gone = Object.keys(before).filter((name) => !(name in after));
  if (gone.length === 0) return {};
  return { triggersActivity: { ...after, ...Object.fromEntries(gone.map((name) => [name, null])) } };
}
