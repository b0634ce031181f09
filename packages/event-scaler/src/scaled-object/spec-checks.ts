import type { ScaledObject, ScaledObjectTrigger } from "@bellows/api";
import { hpaMaxReplicas, hpaMinReplicas } from "./hpa.ts";

/** What is wrong with the idle, least and most replicas, in upstream's words. */
export function boundsProblem(scaledObject: ScaledObject): string | undefined {
  const { minReplicaCount, idleReplicaCount } = scaledObject.spec ?? {};
  const min = minReplicaCount === undefined ? 0 : hpaMinReplicas(scaledObject);
  const max = hpaMaxReplicas(scaledObject);
  if (min > max) return `MinReplicaCount=${min} must be less than MaxReplicaCount=${max}`;
  if (idleReplicaCount !== undefined && idleReplicaCount >= min) {
    return `IdleReplicaCount=${idleReplicaCount} must be less than MinReplicaCount=${min}`;
  }
  return undefined;
}

const uncachedTypes: ReadonlySet<string> = new Set(["cpu", "memory", "cron"]);

/** What is wrong with the list of triggers as such, in upstream's words. */
export function triggersProblem(triggers: readonly ScaledObjectTrigger[]): string | undefined {
  if (triggers.length === 0) return "no triggers defined in the ScaledObject/ScaledJob";
  const names = new Set<string>();
  for (const { type, name = "", useCachedMetrics } of triggers) {
    if (useCachedMetrics && uncachedTypes.has(type)) {
      return `property "useCachedMetrics" is not supported for ${JSON.stringify(type)} scaler`;
    }
    if (names.has(name)) {
      return `triggerName ${JSON.stringify(name)} is defined multiple times in the ScaledObject/ScaledJob, but it must be unique`;
    }
    if (name !== "") names.add(name);
  }
  return undefined;
}

/** What is wrong with a fallback that leaves it to a formula. */
export function formulaFallbackProblem({ spec }: ScaledObject): string | undefined {
  const { fallback, advanced } = spec ?? {};
  if (fallback?.behavior !== "scalingModifiers" || advanced?.scalingModifiers?.formula) return undefined;
  return "scalingModifiers fallback behavior requires scalingModifiers.formula to be defined";
}

/** The columns that list the triggers and their authentications. */
export function triggersTypesOf(triggers: readonly ScaledObjectTrigger[]): {
  triggersTypes: string;
  authenticationsTypes: string;
} {
  const authentications = triggers.flatMap(({ authenticationRef }) => authenticationRef?.name ?? []);
  return {
    triggersTypes: [...new Set(triggers.map(({ type }) => type))].join(","),
    authenticationsTypes: [...new Set(authentications)].join(","),
  };
}
