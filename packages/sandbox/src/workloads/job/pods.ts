import { Job, type Pod, type PodTemplateSpec } from "@bellows/api";
import { podFromTemplate } from "../pod-creation.ts";
import { isFinished, isTerminating } from "../pod-state.ts";

export const trackingFinalizer = "batch.kubernetes.io/job-tracking";
export const indexAnnotation = "batch.kubernetes.io/job-completion-index";

export const isIndexed = ({ spec }: Job): boolean => spec?.completionMode === "Indexed";

export function indexOfPod({ metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[indexAnnotation];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

export const isTracked = ({ metadata }: Pod): boolean => metadata.finalizers?.includes(trackingFinalizer) ?? false;

/** A pod that is deleted before it finished counts as failed, unless only failed pods are replaced. */
export function hasFailed(pod: Pod, { spec }: Job): boolean {
  if (pod.status?.phase === "Failed") return true;
  return isTerminating(pod) && !isFinished(pod) && !replacesOnlyFailed({ spec });
}

/** Whether a pod on its way out keeps its place until it has failed. */
export const replacesOnlyFailed = ({ spec }: Pick<Job, "spec">): boolean =>
  spec?.podReplacementPolicy === "Failed" || spec?.podFailurePolicy !== undefined;

/** A new pod of a Job; of an Indexed one, that of an index, with annotations of its own. */
export function jobPod(job: Job, index?: number, annotations?: Readonly<Record<string, string>>): Pod {
  const pod = podFromTemplate(job.spec?.template as PodTemplateSpec, job, Job as never);
  const finalizers = [...new Set([...(pod.metadata.finalizers ?? []), trackingFinalizer])];
  const metadata = { ...pod.metadata, finalizers };
  if (index === undefined || !pod.spec) return { ...pod, metadata };
  const text = String(index);
  const { name } = job.metadata;
  const fieldPath = `metadata.labels['${indexAnnotation}']`;
  const env = { name: "JOB_COMPLETION_INDEX", valueFrom: { fieldRef: { fieldPath } } };
  const withIndex = <C extends { env?: { name: string }[] }>(container: C): C =>
    container.env?.some((each) => each.name === env.name)
      ? container
      : { ...container, env: [...(container.env ?? []), env] };
  const { initContainers, containers } = pod.spec;
  return {
    ...pod,
    metadata: {
      ...metadata,
      generateName: `${name.slice(0, 246 - text.length)}-${text}-`,
      annotations: { ...metadata.annotations, [indexAnnotation]: text, ...annotations },
      labels: { ...metadata.labels, [indexAnnotation]: text },
    } as Pod["metadata"],
    spec: {
      ...pod.spec,
      hostname: `${name}-${text}`,
      containers: containers.map(withIndex),
      ...(initContainers && { initContainers: initContainers.map(withIndex) }),
    },
  };
}
