import {
  type HorizontalPodAutoscaler,
  type LimitRange,
  type PodSpec,
  quantityOf,
  type ScaledObject,
  type ScaledObjectTrigger,
} from "@bellows/api";
import { parseApiVersion } from "@bellows/kube";
import { annotations, ownerLabel } from "../engine/annotations.ts";
import { isResourceTrigger } from "../engine/resource-trigger.ts";
import { compileModifiers, usesModifiers } from "../engine/scaling-modifiers.ts";
import { hpaNameOf } from "../scaled-object/hpa.ts";
import { boundsProblem, formulaFallbackProblem, triggersProblem } from "../scaled-object/spec-checks.ts";
import type { Findings, Problem } from "./problem.ts";

/** What a ScaledObject is checked against, all of its own namespace. */
export interface ScaledObjectSurroundings {
  readonly scaledObjects: readonly ScaledObject[];
  readonly hpas: readonly HorizontalPodAutoscaler[];
  readonly limitRanges: readonly LimitRange[];
  /** Pods of the target; left out for kinds whose pods are not looked into. */
  readonly target?: { readonly podSpec: PodSpec } | { readonly problem: string } | undefined;
  /** Kinds that targets name and the API server does not have, as `apiVersion` and `kind` with a space between. */
  readonly unknownKinds?: ReadonlySet<string>;
}

/** The least that surroundings need to say, for checks of the object alone. */
export const alone: ScaledObjectSurroundings = { scaledObjects: [], hpas: [], limitRanges: [] };

/** A label's value, and a DNS label, have at most so many characters. */
const maxNameLength = 63;

/**
 * Everything that KEDA's webhook refuses a ScaledObject for, in the order of what is likely meant: first the object by
 * itself, then among others.
 * @param dryRun  as upstream, the pods of the target are then not looked at
 */
export function validateScaledObject(
  scaledObject: ScaledObject,
  surroundings: ScaledObjectSurroundings,
  { dryRun = false }: { readonly dryRun?: boolean } = {},
): Findings {
  const problems = [
    nameProblem(scaledObject),
    replicasProblem(scaledObject),
    triggerListProblem(scaledObject.spec?.triggers ?? []),
    fallbackProblem(scaledObject),
    ...rivalProblems(scaledObject, surroundings),
    modifiersProblem(scaledObject),
    dryRun ? undefined : resourcesProblem(scaledObject, surroundings),
  ];
  return { problems: problems.filter((one) => one !== undefined), warnings: warningsOf(scaledObject) };
}

function nameProblem(scaledObject: ScaledObject): Problem | undefined {
  const { name } = scaledObject.metadata;
  if (name.length > maxNameLength) {
    return {
      field: "metadata.name",
      message: `scaledobject name ${JSON.stringify(name)} is ${name.length} characters long; must be no more than ${maxNameLength} characters because it is used as the ${JSON.stringify(ownerLabel)} label value`,
      reason: "name-too-long",
    };
  }
  const hpa = hpaNameOf(scaledObject);
  if (hpa.length <= maxNameLength) return undefined;
  return {
    field: "spec.advanced.horizontalPodAutoscalerConfig.name",
    message: `HPA name ${JSON.stringify(hpa)} derived from scaledobject is ${hpa.length} characters long; must be no more than ${maxNameLength} characters; set spec.advanced.horizontalPodAutoscalerConfig.name to a shorter name or shorten the scaledobject name`,
    reason: "hpa-name-too-long",
  };
}

function replicasProblem(scaledObject: ScaledObject): Problem | undefined {
  const message = boundsProblem(scaledObject);
  if (message === undefined) return undefined;
  const field = message.startsWith("Idle") ? "spec.idleReplicaCount" : "spec.minReplicaCount";
  return { field, message, reason: "incorrect-replicas" };
}

/** For ScaledJobs too. */
export function triggerListProblem(triggers: readonly ScaledObjectTrigger[]): Problem | undefined {
  const message = triggersProblem(triggers);
  return message === undefined ? undefined : { field: "spec.triggers", message, reason: "incorrect-triggers" };
}

function fallbackProblem({ spec }: ScaledObject): Problem | undefined {
  const { fallback, triggers = [] } = spec ?? {};
  if (!fallback) return undefined;
  const { failureThreshold, replicas } = fallback;
  if (failureThreshold < 0 || replicas < 0) {
    return {
      field: failureThreshold < 0 ? "spec.fallback.failureThreshold" : "spec.fallback.replicas",
      message: `FailureThreshold=${failureThreshold} & Replicas=${replicas} must both be greater than or equal to 0`,
      reason: "incorrect-fallback",
    };
  }
  if (usesModifiers(spec) || triggers.some((trigger) => !isResourceTrigger(trigger))) return undefined;
  return {
    field: "spec.fallback",
    message:
      "at least one trigger (that is not cpu or memory) has to have the `AverageValue` type for the fallback to be enabled",
    reason: "incorrect-fallback",
  };
}

interface TargetReference {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly name: string;
}

/** `apps/v1.Deployment`, or `/v1.ReplicationController`, as upstream writes what a target is. */
function gvkOf({ apiVersion, kind }: TargetReference): string {
  const { group, version } = parseApiVersion(apiVersion || "apps/v1");
  return `${group}/${version}.${kind || "Deployment"}`;
}

/** The target with what upstream takes where nothing is said. */
export function targetReferenceOf({ spec }: ScaledObject): {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
} {
  const { apiVersion, kind, name = "" } = spec?.scaleTargetRef ?? {};
  return { apiVersion: apiVersion || "apps/v1", kind: kind || "Deployment", name };
}

function rivalProblems(scaledObject: ScaledObject, surroundings: ScaledObjectSurroundings): readonly Problem[] {
  const target = scaledObject.spec?.scaleTargetRef;
  if (!target) return [];
  const { apiVersion, kind } = targetReferenceOf(scaledObject);
  if (surroundings.unknownKinds?.has(`${apiVersion} ${kind}`)) {
    const message = `no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`;
    return [{ field: "spec.scaleTargetRef.kind", message, reason: "unknown-target-kind" }];
  }
  const problems = [rivalOf(scaledObject, target, surroundings), hpaRivalOf(scaledObject, target, surroundings)];
  return problems.filter((one) => one !== undefined);
}

/** Another ScaledObject of the same target, or of the same HPA. */
function rivalOf(
  scaledObject: ScaledObject,
  target: TargetReference,
  { scaledObjects }: ScaledObjectSurroundings,
): Problem | undefined {
  const others = scaledObjects.filter(({ metadata }) => metadata.name !== scaledObject.metadata.name);
  const gvk = gvkOf(target);
  const sameTarget = others.find(({ spec }) => {
    const other = spec?.scaleTargetRef;
    return other !== undefined && other.name === target.name && gvkOf(other) === gvk;
  });
  if (sameTarget) {
    return {
      field: "spec.scaleTargetRef",
      message: `the workload '${target.name}' of type '${gvk}' is already managed by the ScaledObject '${sameTarget.metadata.name}'`,
      reason: "other-scaled-object",
    };
  }
  const hpa = hpaNameOf(scaledObject);
  const sameHpa = others.find((other) => hpaNameOf(other) === hpa);
  if (!sameHpa) return undefined;
  return {
    field: "spec.advanced.horizontalPodAutoscalerConfig.name",
    message: `the HPA '${hpa}' is already managed by the ScaledObject '${sameHpa.metadata.name}'`,
    reason: "other-scaled-object-hpa",
  };
}

/** An HPA of the same target that is not this object's. */
function hpaRivalOf(
  scaledObject: ScaledObject,
  target: TargetReference,
  { hpas }: ScaledObjectSurroundings,
): Problem | undefined {
  const gvk = gvkOf(target);
  const { name, annotations: set = {} } = scaledObject.metadata;
  const transfers = set[annotations.transferHpaOwnership] === "true";
  const named = scaledObject.spec?.advanced?.horizontalPodAutoscalerConfig?.name;
  for (const { metadata, spec } of hpas) {
    if (metadata.annotations?.[annotations.hpaOwnershipValidation] === "false") continue;
    const other = spec?.scaleTargetRef;
    if (!other || other.name !== target.name || gvkOf(other) !== gvk) continue;
    const owners = metadata.ownerReferences ?? [];
    if (owners.some((owner) => owner.kind === "ScaledObject" && owner.name === name)) continue;
    if (!transfers) {
      return {
        field: "spec.scaleTargetRef",
        message: `the workload '${target.name}' of type '${gvk}' is already managed by the hpa '${metadata.name}'`,
        reason: "other-hpa",
      };
    }
    if (named !== metadata.name) {
      return {
        field: "spec.advanced.horizontalPodAutoscalerConfig.name",
        message: `the existing hpa '${metadata.name}' for workload '${target.name}' of type '${gvk}' must be specified by name in advanced settings to enable ownership transfer`,
        reason: "transfer-ownership-missing-hpa-name",
      };
    }
  }
  return undefined;
}

function modifiersProblem(scaledObject: ScaledObject): Problem | undefined {
  if (usesModifiers(scaledObject.spec)) {
    try {
      compileModifiers(scaledObject);
    } catch (error) {
      const { message } = error as Error;
      return { field: `spec.advanced.scalingModifiers.${fieldOf(message)}`, message, reason: "scaling-modifiers" };
    }
  }
  const message = formulaFallbackProblem(scaledObject);
  return message === undefined
    ? undefined
    : { field: "spec.fallback.behavior", message, reason: "scaling-modifiers-fallback" };
}

function fieldOf(message: string): "target" | "activationTarget" | "formula" {
  if (message.startsWith("error validating target")) return "target";
  return message.startsWith("scalingModifiers.ActivationTarget") ? "activationTarget" : "formula";
}

/** cpu and memory are compared with what the containers request, and can't tell whether zero pods should be one. */
function resourcesProblem({ spec }: ScaledObject, surroundings: ScaledObjectSurroundings): Problem | undefined {
  const { triggers = [], minReplicaCount } = spec ?? {};
  const { target } = surroundings;
  if (!target || !triggers.some(isResourceTrigger)) return undefined;
  if ("problem" in target) {
    return { field: "spec.scaleTargetRef.name", message: target.problem, reason: "missing-target" };
  }
  for (const [index, trigger] of triggers.entries()) {
    if (!isResourceTrigger(trigger)) continue;
    const { type, metadata } = trigger;
    const missing = target.podSpec.containers.find(
      ({ name, resources }) =>
        (!metadata.containerName || name === metadata.containerName) &&
        !isSet(type, resources?.requests, resources?.limits) &&
        !hasDefault(type, surroundings.limitRanges),
    );
    if (missing) {
      return {
        field: `spec.triggers[${index}]`,
        message: `the scaledobject has a ${type} trigger but the container ${missing.name} doesn't have the ${type} request defined`,
        reason: "missing-requests",
      };
    }
  }
  if (!triggers.every(isResourceTrigger) || (minReplicaCount ?? 0) !== 0) return undefined;
  return {
    field: "spec.minReplicaCount",
    message: "scaledobject has only cpu/memory triggers AND minReplica is 0 (scale to zero doesn't work in this case)",
    reason: "scale-to-zero-requirements-not-met",
  };
}

type Amounts = Readonly<Record<string, string | number>> | null | undefined;

const isSet = (resource: string, ...amounts: readonly Amounts[]): boolean =>
  amounts.some((one) => one?.[resource] !== undefined && quantityOf(one[resource]).toNumber() > 0);

const hasDefault = (resource: string, limitRanges: readonly LimitRange[]): boolean =>
  limitRanges.some(({ spec }) =>
    (spec?.limits ?? []).some((one) => one.type === "Container" && isSet(resource, one.defaultRequest, one.default)),
  );

function warningsOf({ spec }: ScaledObject): readonly string[] {
  const { minReplicaCount = 0, idleReplicaCount, pollingInterval, cooldownPeriod, triggers = [] } = spec ?? {};
  // With idle replicas, or zero, it is the polling that takes the target there and back.
  if (minReplicaCount <= 0 || idleReplicaCount !== undefined) return [];
  const warnings: string[] = [];
  if (pollingInterval !== undefined && !triggers.some(({ useCachedMetrics }) => useCachedMetrics)) {
    warnings.push(
      "PollingInterval is configured but is not relevant. PollingInterval is only relevant when minReplicaCount = 0, idleReplicaCount is set, or useCachedMetrics is enabled",
    );
  }
  if (cooldownPeriod !== undefined) {
    warnings.push(
      "CooldownPeriod is configured but is not relevant. CooldownPeriod is only relevant when minReplicaCount = 0 or idleReplicaCount is set",
    );
  }
  return warnings;
}
