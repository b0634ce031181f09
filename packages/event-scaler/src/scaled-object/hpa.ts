import {
  decisionAnnotation,
  decisionRecordAnnotation,
  type HorizontalPodAutoscaler,
  type HorizontalPodAutoscalerBehavior,
  type HPAScalingRules,
  type MetricSpec,
  quantityOf,
  type ScaledObject,
  stableJson,
} from "@bellows/api";
import { isScaleInPaused, isScaleOutPaused, annotations as names } from "../engine/annotations.ts";
import { kedaVersion } from "../scaling.ts";
import type { GroupVersionKindResource } from "./scale-target.ts";

const defaultMaxReplicas = 100;

export const defaultHpaName = (scaledObject: ScaledObject): string => `keda-hpa-${scaledObject.metadata.name}`;

export const hpaNameOf = (scaledObject: ScaledObject): string =>
  scaledObject.spec?.advanced?.horizontalPodAutoscalerConfig?.name || defaultHpaName(scaledObject);

/** An HPA can't have 0; going to 0 and back is the scaler's own. */
export const hpaMinReplicas = ({ spec }: ScaledObject): number =>
  spec?.minReplicaCount !== undefined && spec.minReplicaCount > 0 ? spec.minReplicaCount : 1;

export const hpaMaxReplicas = ({ spec }: ScaledObject): number => spec?.maxReplicaCount ?? defaultMaxReplicas;

/** The HPA that a ScaledObject is to have. */
export function hpaFor(
  scaledObject: ScaledObject,
  target: GroupVersionKindResource,
  metrics: readonly MetricSpec[],
): HorizontalPodAutoscaler {
  const { metadata, spec } = scaledObject;
  const behavior = behaviorFor(scaledObject);
  const annotations = annotationsFor(scaledObject);
  return {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: {
      name: hpaNameOf(scaledObject),
      namespace: metadata.namespace as string,
      labels: labelsFor(scaledObject),
      ...(annotations && { annotations }),
      ownerReferences: [
        {
          apiVersion: "keda.sh/v1alpha1",
          kind: "ScaledObject",
          name: metadata.name,
          uid: metadata.uid as string,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: {
      minReplicas: hpaMinReplicas(scaledObject),
      maxReplicas: hpaMaxReplicas(scaledObject),
      metrics: [...metrics],
      ...(behavior && { behavior }),
      scaleTargetRef: {
        apiVersion: target.group ? `${target.group}/${target.version}` : target.version,
        kind: target.kind,
        name: spec?.scaleTargetRef.name ?? "",
      },
    },
  };
}

/** The behavior of the spec; a direction that is paused is disabled. */
function behaviorFor(scaledObject: ScaledObject): HorizontalPodAutoscalerBehavior | undefined {
  // A tolerance may be a number here, which the HPA's API takes for a quantity as well.
  const behavior = scaledObject.spec?.advanced?.horizontalPodAutoscalerConfig?.behavior as
    | HorizontalPodAutoscalerBehavior
    | undefined;
  const disabled = { selectPolicy: "Disabled" };
  if (!isScaleInPaused(scaledObject) && !isScaleOutPaused(scaledObject)) return behavior;
  return {
    ...behavior,
    ...(isScaleInPaused(scaledObject) && { scaleDown: { ...behavior?.scaleDown, ...disabled } }),
    ...(isScaleOutPaused(scaledObject) && { scaleUp: { ...behavior?.scaleUp, ...disabled } }),
  };
}

/** All of the ScaledObject's, but for what is said of its own decisions: an HPA has decisions of its own. */
function annotationsFor({ metadata: { annotations } }: ScaledObject): Record<string, string> | undefined {
  if (!annotations || !(decisionRecordAnnotation in annotations || decisionAnnotation in annotations)) {
    return annotations;
  }
  const { [decisionAnnotation]: _, [decisionRecordAnnotation]: __, ...others } = annotations;
  return others;
}

function labelsFor(scaledObject: ScaledObject): Record<string, string> {
  const { metadata } = scaledObject;
  const excluded = new Set(metadata.annotations?.[names.hpaExcludedLabels]?.split(","));
  const own = Object.entries(metadata.labels ?? {}).filter(([name]) => !excluded.has(name));
  const hpaName = hpaNameOf(scaledObject);
  return {
    "app.kubernetes.io/name": hpaName.length > 63 ? hpaName.slice(0, 63).replace(/[^\p{L}\p{N}]+$/u, "") : hpaName,
    "app.kubernetes.io/version": kedaVersion,
    "app.kubernetes.io/part-of": metadata.name,
    "app.kubernetes.io/managed-by": "keda-operator",
    ...Object.fromEntries(own),
  };
}

/** Whether the HPA in the cluster is not what it is to be. What the API server and others add is not looked at. */
export function hpaDiffers(wanted: HorizontalPodAutoscaler, found: HorizontalPodAutoscaler): boolean {
  return (
    specText(wanted.spec) !== specText(found.spec) ||
    lacks(found.metadata.labels, wanted.metadata.labels) ||
    lacks(found.metadata.annotations, wanted.metadata.annotations) ||
    !found.metadata.ownerReferences?.some(({ uid }) => uid === wanted.metadata.ownerReferences?.[0]?.uid)
  );
}

const lacks = (found: Record<string, string> | undefined, wanted: Record<string, string> | undefined): boolean =>
  Object.entries(wanted ?? {}).some(([name, value]) => found?.[name] !== value);

/** One text for specs that mean the same: with the API's defaults, quantities by their value. */
function specText(spec: HorizontalPodAutoscaler["spec"]): string {
  if (!spec) return "";
  const { behavior, metrics = [], ...rest } = spec;
  const same = { metrics: canonical(metrics), behavior: behavior && canonical(behaviorWithDefaults(behavior)) };
  return stableJson({ ...rest, ...same });
}

const quantityFields: ReadonlySet<string> = new Set(["value", "averageValue", "tolerance"]);

function canonical(value: unknown, field = ""): unknown {
  if (quantityFields.has(field) && (typeof value === "string" || typeof value === "number")) {
    return String(quantityOf(value).scaled(-3));
  }
  if (Array.isArray(value)) return value.map((item) => canonical(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, canonical(inner, name)]));
}

/** What autoscaling/v2 fills in where a behavior is given (`SetDefaults_HorizontalPodAutoscalerBehavior`, 1.35). */
export function behaviorWithDefaults({
  scaleUp,
  scaleDown,
}: HorizontalPodAutoscalerBehavior): HorizontalPodAutoscalerBehavior {
  return {
    scaleUp: rulesWithDefaults(scaleUp, { stabilizationWindowSeconds: 0, pods: 4 }),
    scaleDown: rulesWithDefaults(scaleDown, {}),
  };
}

function rulesWithDefaults(
  rules: HPAScalingRules | undefined,
  { stabilizationWindowSeconds, pods }: { stabilizationWindowSeconds?: number; pods?: number },
): HPAScalingRules {
  const podsPolicy = pods === undefined ? [] : [{ type: "Pods", value: pods, periodSeconds: 15 }];
  const windowSeconds = rules?.stabilizationWindowSeconds ?? stabilizationWindowSeconds;
  return {
    ...(windowSeconds !== undefined && { stabilizationWindowSeconds: windowSeconds }),
    selectPolicy: rules?.selectPolicy ?? "Max",
    policies: rules?.policies ?? [...podsPolicy, { type: "Percent", value: 100, periodSeconds: 15 }],
    ...(rules?.tolerance !== undefined && { tolerance: rules.tolerance }),
  };
}
