import type { KubernetesObject } from "@bellows/api";
import { isObject } from "../json-value.ts";
import type { FieldError } from "../status-error.ts";
import { invalidValue } from "./field-problem.ts";

/** Where a version keeps its replicas: simple paths such as `.spec.replicas`. */
export interface ScalePaths {
  readonly specReplicasPath: string;
  readonly statusReplicasPath: string;
  readonly labelSelectorPath?: string;
}

/** autoscaling/v1 Scale. */
export interface Scale extends KubernetesObject {
  readonly spec: { readonly replicas?: number };
  readonly status: { readonly replicas: number; readonly selector?: string };
}

const partsOf = (path: string) => path.replace(/^\./, "").split(".");

function read(object: unknown, path: string): unknown {
  return partsOf(path).reduce<unknown>((value, part) => (isObject(value) ? value[part] : undefined), object);
}

function write(object: Record<string, unknown>, [name, ...rest]: string[], value: unknown): Record<string, unknown> {
  if (name === undefined) return object;
  const inner = isObject(object[name]) ? object[name] : {};
  return { ...object, [name]: rest.length === 0 ? value : write(inner, rest, value) };
}

const count = (value: unknown) => (typeof value === "number" ? value : 0);

/** The scale of a custom resource; undefined where it has no replicas to scale, as upstream answers an error for it. */
export function scaleOf(object: KubernetesObject, paths: ScalePaths): Scale | undefined {
  const replicas = read(object, paths.specReplicasPath);
  if (replicas === undefined) return undefined;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = paths.labelSelectorPath ? read(object, paths.labelSelectorPath) : undefined;
  return {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: {
      name,
      ...(namespace && { namespace }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
      ...(creationTimestamp && { creationTimestamp }),
    },
    // A number of zero is left out, as Go leaves it out.
    spec: count(replicas) === 0 ? {} : { replicas: count(replicas) },
    status: {
      replicas: count(read(object, paths.statusReplicasPath)),
      ...(typeof selector === "string" && selector && { selector }),
    },
  };
}

/** The object scaled to `replicas`; nothing else of it changes. */
export function withReplicas<T extends object>(object: T, paths: ScalePaths, replicas: number): T {
  return write(object as Record<string, unknown>, partsOf(paths.specReplicasPath), replicas) as T;
}

const largest = 2 ** 31 - 1;

/** Replica counts must be whole, not negative, and fit 32 bits. */
export function scaleProblems(object: unknown, paths: ScalePaths, statusOnly = false): FieldError[] {
  const checked = statusOnly ? [paths.statusReplicasPath] : [paths.specReplicasPath, paths.statusReplicasPath];
  return checked.flatMap((path) => {
    const blocked = blockedOn(object, path);
    if (blocked) return [invalidValue(path, 0, blocked)];
    const value = read(object, path);
    if (value === undefined) return [];
    if (typeof value !== "number" || !Number.isInteger(value))
      return [
        invalidValue(
          path,
          0,
          `${path} accessor error: ${goText(value)} is of the type ${goType(value)}, expected int64`,
        ),
      ];
    if (value < 0) return [invalidValue(path, value, "should be a non-negative integer")];
    return value > largest ? [invalidValue(path, value, `should be less than or equal to ${largest}`)] : [];
  });
}

/** What is said where something on the way to a path has no fields. */
function blockedOn(object: unknown, path: string): string | undefined {
  const parts = partsOf(path);
  let value = object;
  for (const [at, part] of parts.entries()) {
    if (value === undefined || value === null) return undefined;
    if (!isObject(value))
      return `.${parts.slice(0, at + 1).join(".")} accessor error: ${goText(value)} is of the type ${goType(value)}, expected map[string]interface{}`;
    value = value[part];
  }
  return undefined;
}

/** A JSON value as Go's `%v` prints it. */
function goText(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (!isObject(value)) return String(value);
  const names = Object.keys(value).sort();
  return `map[${names.map((name) => `${name}:${goText(value[name])}`).join(" ")}]`;
}

/** The Go type that holds a JSON value. */
function goType(value: unknown): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  if (typeof value === "boolean") return "bool";
  return typeof value === "string" ? "string" : "map[string]interface {}";
}
