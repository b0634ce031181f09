/** A workload whose replicas are kept proportional, as `--target` names it. */
export interface Target {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

const kinds: Readonly<Record<string, Omit<Target, "name">>> = {
  deployment: { apiVersion: "apps/v1", kind: "Deployment" },
  replicaset: { apiVersion: "apps/v1", kind: "ReplicaSet" },
  statefulset: { apiVersion: "apps/v1", kind: "StatefulSet" },
  replicationcontroller: { apiVersion: "v1", kind: "ReplicationController" },
};

/** Whether both name one workload, whatever versions of its API they name. */
export const isSameTarget = (one: Target, other: Target): boolean =>
  one.kind === other.kind && one.name === other.name && groupOf(one) === groupOf(other);

const groupOf = ({ apiVersion }: Target): string => (apiVersion.includes("/") ? (apiVersion.split("/")[0] ?? "") : "");

/**
 * Reads `deployment/web, replicaset/old`: in any case, kinds singular or plural, separated by commas.
 * @returns the problem where a part can't be read
 */
export function parseTargets(text: string): readonly Target[] | { readonly problem: string } {
  const targets: Target[] = [];
  for (const part of text.split(",").map((each) => each.trim())) {
    const [kind = "", name, ...rest] = part.toLowerCase().split("/");
    const known = kinds[kind.replace(/s$/, "")];
    if (!known || !name || rest.length > 0) {
      const expected = `KIND/NAME with KIND one of ${Object.keys(kinds).join(", ")}`;
      return { problem: `target: ${JSON.stringify(part)}, expected ${expected}` };
    }
    targets.push({ ...known, name });
  }
  return targets;
}
