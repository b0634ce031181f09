import type { ClusterSize } from "./cluster-size.ts";
import { type LadderParams, ladderReplicas } from "./ladder.ts";
import { type LinearParams, linearReplicas } from "./linear.ts";

/** How replicas follow the size of the cluster: exactly one control mode. */
export type Params = { readonly ladder: LadderParams } | { readonly linear: LinearParams };

/** Why parameters can't be used, with the place, what was found and what was expected. */
export interface ParamsProblem {
  readonly problem: string;
}

export const replicasFor = (params: Params, size: ClusterSize): number =>
  "ladder" in params ? ladderReplicas(params.ladder, size) : linearReplicas(params.linear, size);

/** Reads the data of the autoscaler's ConfigMap: one entry, named for the control mode, holding JSON. */
export function parseParams(data: Readonly<Record<string, string>> | undefined): Params | ParamsProblem {
  const entries = Object.entries(data ?? {});
  const [entry] = entries;
  if (entries.length !== 1 || !entry) {
    const found =
      entries.length === 0
        ? "no entry"
        : entries
            .map(([key]) => key)
            .sort()
            .join(", ");
    return { problem: `data: ${found}, expected exactly one entry, ladder or linear` };
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
  const fields = value as Record<string, unknown>;
  return mode === "ladder" ? ladderOf(fields) : linearOf(fields);
}

function ladderOf(fields: Record<string, unknown>): Params | ParamsProblem {
  for (const name of ["coresToReplicas", "nodesToReplicas"]) {
    const problem = stepsProblem(`data.ladder.${name}`, fields[name]);
    if (problem) return { problem };
  }
  const problem = booleanProblem("data.ladder.includeUnschedulableNodes", fields["includeUnschedulableNodes"]);
  return problem ? { problem } : { ladder: withoutNulls(fields) as LadderParams };
}

function stepsProblem(path: string, steps: unknown): string | undefined {
  if (steps === undefined || steps === null) return undefined;
  if (!Array.isArray(steps)) return `${path}: ${JSON.stringify(steps)}, expected a list of [from, replicas]`;
  const bad = steps.findIndex(
    (step) => !Array.isArray(step) || step.length !== 2 || step.some((each) => !Number.isInteger(each) || each < 0),
  );
  return bad < 0
    ? undefined
    : `${path}[${bad}]: ${JSON.stringify(steps[bad])}, expected [from, replicas], both integers of 0 or more`;
}

function linearOf(fields: Record<string, unknown>): Params | ParamsProblem {
  for (const [name, integer] of [
    ["coresPerReplica", false],
    ["nodesPerReplica", false],
    ["min", true],
    ["max", true],
  ] as const) {
    const value = fields[name] ?? 0;
    const isFine = typeof value === "number" && value >= 0 && (!integer || Number.isInteger(value));
    if (!isFine) {
      return {
        problem: `data.linear.${name}: ${JSON.stringify(value)}, expected ${integer ? "an integer" : "a number"} of 0 or more`,
      };
    }
  }
  for (const name of ["preventSinglePointFailure", "includeUnschedulableNodes"]) {
    const problem = booleanProblem(`data.linear.${name}`, fields[name]);
    if (problem) return { problem };
  }
  const linear = withoutNulls(fields) as LinearParams;
  const min = linear.min || 1;
  if (linear.max && linear.max < min)
    return { problem: `data.linear.max: ${linear.max}, expected at least min, which is ${min}` };
  if (!linear.coresPerReplica && !linear.nodesPerReplica) {
    return {
      problem: "data.linear: neither coresPerReplica nor nodesPerReplica is above 0, expected at least one of them",
    };
  }
  return { linear };
}

const booleanProblem = (path: string, value: unknown): string | undefined =>
  value === undefined || value === null || typeof value === "boolean"
    ? undefined
    : `${path}: ${JSON.stringify(value)}, expected true or false`;

const withoutNulls = (fields: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
