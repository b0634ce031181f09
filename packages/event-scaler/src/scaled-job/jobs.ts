import { Job, Pod, type ScaledJob } from "@bellows/api";
import type { ControllerContext } from "@bellows/kube";
import { scaledJobNameLabel } from "../engine/scaled-job-jobs.ts";

/** All Jobs that were made for a ScaledJob, by their label as upstream finds them. */
export function jobsOf({ metadata }: ScaledJob, { cache }: Pick<ControllerContext, "cache">): readonly Job[] {
  return cache
    .list(Job, metadata.namespace)
    .filter(({ metadata: { labels } }) => labels?.[scaledJobNameLabel] === metadata.name);
}

/**
 * Finds the pods of Jobs. The pods of the namespace are sorted by their Job at the first call, and not for a ScaledJob
 * whose Jobs have all ended.
 */
export function podsByJob(
  namespace: string,
  { cache }: Pick<ControllerContext, "cache">,
): (job: Job) => readonly Pod[] {
  let pods: Map<string, Pod[]> | undefined;
  return ({ metadata: { name } }) => {
    pods ??= Map.groupBy(cache.list(Pod, namespace), ({ metadata: { labels } }) => labels?.["job-name"] ?? "");
    return pods.get(name) ?? [];
  };
}
