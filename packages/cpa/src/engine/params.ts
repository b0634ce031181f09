import type { ClusterSize } from "./cluster-size.ts";
import { type LadderParams, ladderReplicas } from "./ladder.ts";
import { type LinearParams, linearReplicas } from "./linear.ts";
import type { Proportion } from "./proportion.ts";

/** How replicas follow the size of the cluster: exactly one control mode. */
export type Params = { readonly ladder: LadderParams } | { readonly linear: LinearParams };

/** Parameters that can be used. */
export interface ReadParams {
  readonly params: Params;
  /** Fields that mean nothing, with their path and what is known there: most likely misspelt. */
  readonly unknown: readonly string[];
}

/** Why parameters can't be used, with the place, what was found and what was expected. */
export interface ParamsProblem {
  readonly problem: string;
}

export const replicasFor = (params: Params, size: ClusterSize): Proportion =>
  "ladder" in params ? ladderReplicas(params.ladder, size) : linearReplicas(params.linear, size);

/** The fields of each control mode, and what each takes. */
const fieldsOf = {
  ladder: { coresToReplicas: "steps", nodesToReplicas: "steps", includeUnschedulableNodes: "boolean" },
  linear: {
    coresPerReplica: "number",
    nodesPerReplica: "number",
    min: "integer",
    max: "integer",
    preventSinglePointFailure: "boolean",
    includeUnschedulableNodes: "boolean",
  },
} as const;

/** Reads the data of the autoscaler's ConfigMap: one entry, named for the control mode, holding JSON. */
export function parseParams(data: Readonly<Record<string, string>> | undefined): ReadParams | ParamsProblem {
  const entries = Object.entries(data ?? {});
  const [entry] = entries;
  if (entries.length !== 1 || !entry) {
    const names = entries.map(([key]) => key).sort();
    return { problem: `data: ${names.join(", ") || "no entry"}, expected exactly one entry, ladder or linear` };
  }
  const [mode, text] = entry;
  if (mode !== "ladder" && mode !== "linear")
    return { problem: `data.${mode}: not a control mode, expected ladder or linear` };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `data.${mode}: not JSON (${(error as Error).message}), expected an object` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { problem: `data.${mode}: ${JSON.stringify(value)}, expected an object` };
  }
  const { fields, unknown } = known(mode, value as Record<string, unknown>);
  for (const [name, type] of Object.entries(fieldsOf[mode])) {
    const problem = fieldProblem(`data.${mode}.${name}`, type, fields[name]);
    if (problem) return { problem };
  }
  const problem = mode === "ladder" ? ladderProblem(fields) : linearProblem(fields);
  if (problem) return { problem };
  return { params: { [mode]: fields } as unknown as Params, unknown };
}

/** Fields by the names that are known; case counts as little as it does in Go's JSON, and null is as if left out. */
function known(
  mode: keyof typeof fieldsOf,
  value: Record<string, unknown>,
): { fields: Record<string, unknown>; unknown: string[] } {
  const names = Object.keys(fieldsOf[mode]);
  const fields: Record<string, unknown> = {};
  const unknown: string[] = [];
  for (const [key, each] of Object.entries(value)) {
    const name = names.find((one) => one.toLowerCase() === key.toLowerCase());
    if (name === undefined) unknown.push(`data.${mode}.${key}: unknown, expected any of ${names.join(", ")}`);
    else if (each !== null) fields[name] = each;
  }
  return { fields, unknown };
}

function fieldProblem(path: string, type: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (type === "steps") return stepsProblem(path, value);
  if (type === "boolean")
    return typeof value === "boolean" ? undefined : `${path}: ${JSON.stringify(value)}, expected true or false`;
  const isFine = typeof value === "number" && value >= 0 && (type === "number" || Number.isInteger(value));
  return isFine
    ? undefined
    : `${path}: ${JSON.stringify(value)}, expected ${type === "integer" ? "an integer" : "a number"} of 0 or more`;
}

function stepsProblem(path: string, steps: unknown): string | undefined {
  if (!Array.isArray(steps)) return `${path}: ${JSON.stringify(steps)}, expected a list of [from, replicas]`;
  const bad = steps.findIndex(
    (step) => !Array.isArray(step) || step.length !== 2 || step.some((each) => !Number.isInteger(each) || each < 0),
  );
  return bad < 0
    ? undefined
    : `${path}[${bad}]: ${JSON.stringify(steps[bad])}, expected [from, replicas], both integers of 0 or more`;
}

/** Upstream reads a ladder without steps as 0 replicas; a misspelt field must not take a workload away. */
const ladderProblem = ({ coresToReplicas = [], nodesToReplicas = [] }: LadderParams): string | undefined =>
  coresToReplicas.length + nodesToReplicas.length > 0
    ? undefined
    : "data.ladder: neither coresToReplicas nor nodesToReplicas has a step, expected at least one";

function linearProblem({ min, max, coresPerReplica, nodesPerReplica }: LinearParams): string | undefined {
  const lowest = min || 1;
  if (max && max < lowest) return `data.linear.max: ${max}, expected at least min, which is ${lowest}`;
  return coresPerReplica || nodesPerReplica
    ? undefined
    : "data.linear: neither coresPerReplica nor nodesPerReplica is above 0, expected at least one of them";
}
