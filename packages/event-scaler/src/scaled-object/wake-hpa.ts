import {
  decisionRecordAnnotation,
  HorizontalPodAutoscaler,
  metricsChangedAnnotation,
  type ScaledObject,
} from "@bellows/api";
import { ApiError, type ControllerContext, microTimestamp, type ObjectKey } from "@bellows/kube";

/** Wakes the HPA controller of this process. */
export type WakeAutoscaler = (hpa: ObjectKey) => void;

/**
 * Lets the HPA of an object look at its metrics at once. In this process that is a call; a Bellows HPA controller
 * elsewhere, known by the decisions that it keeps on its HPAs, sees an annotation. kube-controller-manager can't be woken.
 */
export async function wakeHpa(
  object: ScaledObject,
  wake: WakeAutoscaler | undefined,
  { client, cache, clock, log }: ControllerContext,
): Promise<void> {
  const { namespace = "" } = object.metadata;
  const name = object.status?.hpaName;
  if (!name) return;
  const key = { namespace, name };
  if (wake) {
    wake(key);
    return;
  }
  const hpa = cache.get(HorizontalPodAutoscaler, key);
  if (hpa?.metadata.annotations?.[decisionRecordAnnotation] === undefined) return;
  const annotations = { [metricsChangedAnnotation]: microTimestamp(clock.now()) };
  try {
    await client.patch(HorizontalPodAutoscaler, key, { type: "merge", body: { metadata: { annotations } } });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    log.warn("the HPA could not be woken", { HorizontalPodAutoscaler: key, error: error.message });
  }
}
