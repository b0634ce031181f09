import type { Kind, KubernetesObject } from "./kind.ts";
import { formatProblem, readObject } from "./read-object.ts";

type Specified = KubernetesObject & { readonly spec?: unknown };

/** What was found of a spec; objects that are read from a cache share what has not changed. */
const found = new WeakMap<object, string>();
const fine = "";

/**
 * What of an object's spec is not as its kind says: objects that were stored under another schema are served as they are,
 * and one whose shape nobody expects must hurt nobody but itself. Looks at each spec once.
 * @returns such as `spec.triggers[0].metadata: nothing, expected an object`; undefined where all is well
 */
export function specProblem<T extends Specified>(kind: Kind<T>, { spec }: T): string | undefined {
  if (typeof spec !== "object" || spec === null) return problemOf(kind, spec) || undefined;
  let problem = found.get(spec);
  if (problem === undefined) {
    problem = problemOf(kind, spec);
    found.set(spec, problem);
  }
  return problem || undefined;
}

/** For the objects of others, which are to be looked through. */
export const isWellFormed = <T extends Specified>(kind: Kind<T>, object: T): boolean =>
  specProblem(kind, object) === undefined;

function problemOf<T extends Specified>(kind: Kind<T>, spec: unknown): string {
  const result = readObject(kind, { metadata: {}, ...(spec !== undefined && { spec }) });
  return result.ok ? fine : result.problems.map(formatProblem).join("; ");
}
