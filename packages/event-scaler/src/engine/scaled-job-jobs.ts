import type { Job, Pod } from "@bellows/api";
import type { JobCounts, ScaledJobSpec, SpecifiedScaledJob } from "./scaled-job-strategy.ts";

export const scaledJobNameLabel = "scaledjob.keda.sh/name";
export const scaledJobGenerationAnnotation = "scaledjob.keda.sh/generation";
export const excludedLabelsAnnotation = "scaledjob.keda.sh/job-excluded-labels";

const defaultHistoryLimit = 100;

/** How a Job ended; undefined while it has not. */
export function endOf({ status }: Job): "Complete" | "Failed" | undefined {
  const end = status?.conditions?.find(
    ({ type, status }) => (type === "Complete" || type === "Failed") && status === "True",
  );
  return end?.type as "Complete" | "Failed" | undefined;
}

/** @param podsOf  the pods of a Job, asked for only while it has not ended */
export function countJobs(
  jobs: readonly Job[],
  podsOf: (job: Job) => readonly Pod[],
  pendingPodConditions: readonly string[] = [],
): JobCounts {
  let running = 0;
  let pending = 0;
  for (const job of jobs) {
    if (endOf(job)) continue;
    running++;
    if (isPending(podsOf(job), pendingPodConditions)) pending++;
  }
  return { running, pending };
}

/** Whether no pod of a Job works yet: none runs or has succeeded, or none has all the conditions asked for. */
function isPending(pods: readonly Pod[], conditions: readonly string[]): boolean {
  if (conditions.length === 0) {
    return !pods.some(({ status }) => status?.phase === "Running" || status?.phase === "Succeeded");
  }
  return !pods.some(({ status }) =>
    conditions.every((type) => status?.conditions?.some((one) => one.type === type && one.status === "True")),
  );
}

/** Jobs beyond what is kept of the completed and of the failed ones (100 of each), the oldest ends first. */
export function jobsBeyondHistory(
  { successfulJobsHistoryLimit, failedJobsHistoryLimit }: ScaledJobSpec,
  jobs: readonly Job[],
): readonly Job[] {
  const beyond = (end: "Complete" | "Failed", limit: number) => {
    const ended = jobs.filter((job) => endOf(job) === end && !job.metadata.deletionTimestamp);
    // Only then sorted: most of the time nothing is to be done.
    return ended.length > limit ? ended.toSorted(byEnd).slice(0, ended.length - limit) : [];
  };
  return [
    ...beyond("Complete", successfulJobsHistoryLimit ?? defaultHistoryLimit),
    ...beyond("Failed", failedJobsHistoryLimit ?? defaultHistoryLimit),
  ];
}

function byEnd(left: Job, right: Job): number {
  const [a, b] = [endedAt(left), endedAt(right)];
  if (a !== b) return a < b ? -1 : 1;
  return left.metadata.name < right.metadata.name ? -1 : 1;
}

/** A failed Job has no completionTime: its condition tells when it failed. RFC 3339 in UTC sorts as text. */
const endedAt = ({ status, metadata }: Job): string =>
  status?.completionTime ??
  status?.conditions?.find(({ type }) => type === "Failed")?.lastTransitionTime ??
  metadata.creationTimestamp ??
  "";

/** Jobs of other generations of a ScaledJob, which the rollout `immediate` deletes. */
export function jobsOfOtherGenerations(scaledJob: SpecifiedScaledJob, jobs: readonly Job[]): readonly Job[] {
  const { rolloutStrategy, rollout } = scaledJob.spec;
  if ((rolloutStrategy ?? rollout?.strategy) === "gradual") return [];
  const generation = String(scaledJob.metadata.generation ?? 0);
  return jobs.filter(
    ({ metadata }) =>
      metadata.annotations?.[scaledJobGenerationAnnotation] !== generation && !metadata.deletionTimestamp,
  );
}

/** A new Job of a ScaledJob; the server completes its name. */
export function jobOf(scaledJob: SpecifiedScaledJob, version: string): Job {
  const { name, namespace, uid, generation, labels, annotations } = scaledJob.metadata;
  const { template, ...spec } = scaledJob.spec.jobTargetRef;
  const excluded = new Set(annotations?.[excludedLabelsAnnotation]?.split(","));
  const inherited = Object.entries(labels ?? {}).filter(([key]) => !excluded.has(key));
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      generateName: `${name}-`,
      namespace,
      labels: {
        "app.kubernetes.io/name": name,
        "app.kubernetes.io/version": version,
        "app.kubernetes.io/part-of": name,
        "app.kubernetes.io/managed-by": "keda-operator",
        [scaledJobNameLabel]: name,
        ...Object.fromEntries(inherited),
      },
      annotations: { [scaledJobGenerationAnnotation]: String(generation ?? 0), ...annotations },
      ownerReferences: [
        { apiVersion: "keda.sh/v1alpha1", kind: "ScaledJob", name, uid, controller: true, blockOwnerDeletion: true },
      ],
    } as unknown as Job["metadata"],
    spec: {
      ...spec,
      template: {
        ...template,
        metadata: {
          ...template.metadata,
          generateName: `${name}-`,
          labels: { ...template.metadata?.labels, [scaledJobNameLabel]: name },
        },
        // A Job doesn't allow the restartPolicy that pods have by default.
        spec: { ...template.spec, restartPolicy: template.spec?.restartPolicy || "OnFailure" },
      },
    } as NonNullable<Job["spec"]>,
  };
}
