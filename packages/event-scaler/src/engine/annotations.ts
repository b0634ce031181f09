import type { KubernetesObject, ScaledObject } from "@bellows/api";

/** What users set on a ScaledObject to hold it or to hand an HPA over, and on HPAs to take them out of the checks. */
export const annotations = {
  paused: "autoscaling.keda.sh/paused",
  pausedReplicas: "autoscaling.keda.sh/paused-replicas",
  pausedScaleIn: "autoscaling.keda.sh/paused-scale-in",
  pausedScaleOut: "autoscaling.keda.sh/paused-scale-out",
  forceActivation: "autoscaling.keda.sh/force-activation",
  transferHpaOwnership: "scaledobject.keda.sh/transfer-hpa-ownership",
  hpaExcludedLabels: "scaledobject.keda.sh/hpa-excluded-labels",
  /** Ours: which engine scales between one and the maximum. */
  engine: "event-scaler.bellows.dev/engine",
  /** On an HPA: `"false"` takes it out of the check for rivals. */
  hpaOwnershipValidation: "validations.keda.sh/hpa-ownership",
} as const;

/** The label of what belongs to a ScaledObject, and what the external metrics API is asked with. */
export const ownerLabel = "scaledobject.keda.sh/name";

/** Whether one of the two pausing annotations is there, whatever it says. */
export const hasPausedAnnotation = (object: ScaledObject): boolean =>
  annotationOf(object, annotations.paused) !== undefined ||
  annotationOf(object, annotations.pausedReplicas) !== undefined;

/** Whether nothing is to be scaled: `paused-replicas` with any value, or `paused` that is not false. */
export const isPaused = (object: ScaledObject): boolean =>
  annotationOf(object, annotations.pausedReplicas) !== undefined || isAnnotated(object, annotations.paused);

export const isScaleInPaused = (object: ScaledObject): boolean => isAnnotated(object, annotations.pausedScaleIn);
export const isScaleOutPaused = (object: ScaledObject): boolean => isAnnotated(object, annotations.pausedScaleOut);
export const isActivationForced = (object: ScaledObject): boolean => isAnnotated(object, annotations.forceActivation);

export type PausedReplicas =
  | { readonly replicas: number | undefined }
  /** What is wrong with the annotation, as Go's `strconv.ParseInt` puts it. */
  | { readonly problem: string };

/** The replicas that `paused-replicas` asks for; undefined without that annotation. */
export function pausedReplicasOf(object: ScaledObject): PausedReplicas {
  const text = annotationOf(object, annotations.pausedReplicas);
  if (text === undefined) return { replicas: undefined };
  const quoted = `strconv.ParseInt: parsing ${JSON.stringify(text)}`;
  if (!/^[+-]?\d+$/.test(text)) return { problem: `${quoted}: invalid syntax` };
  const replicas = Number(text);
  if (replicas > 2 ** 31 - 1 || replicas < -(2 ** 31)) return { problem: `${quoted}: value out of range` };
  return { replicas };
}

/** What scales a target between one and the maximum: an HPA, as upstream, or this process at once. */
export const engines = ["hpa", "direct"] as const;
export type Engine = (typeof engines)[number];

/** The engine that an object's annotation names; undefined where it names none, or none that there is. */
export const engineNamed = (object: ScaledObject): Engine | undefined =>
  engines.find((engine) => engine === annotationOf(object, annotations.engine));

/** What is wrong with the annotation that names the engine. */
export function engineProblem(object: ScaledObject): string | undefined {
  const text = annotationOf(object, annotations.engine);
  if (text === undefined || engineNamed(object)) return undefined;
  return `metadata.annotations[${annotations.engine}]: ${JSON.stringify(text.slice(0, 63))}, expected ${engines.join(" or ")}`;
}

const annotationOf = (object: KubernetesObject, name: string): string | undefined =>
  object.metadata.annotations?.[name];

const falseTexts = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/** An annotation that is there counts as true unless it says false; what is no boolean is true too. */
export function isAnnotated(object: KubernetesObject, name: string): boolean {
  const text = annotationOf(object, name);
  return text !== undefined && !falseTexts.has(text);
}
