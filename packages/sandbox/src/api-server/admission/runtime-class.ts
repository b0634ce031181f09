import type { Pod, RuntimeClass } from "@bellows/api";
import { equalJson } from "../json-value.ts";
import { type AdmissionPlugin, isFor, refuse, typed, untyped } from "./admission-request.ts";

/** Applies the overhead, node selector and tolerations of a pod's runtime class. */
export const runtimeClassAdmission: AdmissionPlugin = {
  name: "RuntimeClass",
  mutate(request, world) {
    if (!isFor(request, "/pods") || request.operation !== "CREATE" || !request.object) return request.object;
    const pod = typed<Pod>(request.object);
    const spec = pod.spec;
    if (!spec) return request.object;
    const name = spec.runtimeClassName;
    if (name === undefined) {
      if (spec.overhead && Object.keys(spec.overhead).length > 0)
        throw refuse(request, "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead");
      return request.object;
    }
    const found = world.get("node.k8s.io/runtimeclasses", undefined, name);
    if (!found) throw refuse(request, `pod rejected: RuntimeClass "${name}" not found`);
    const { overhead, scheduling } = typed<RuntimeClass>(found);
    const fixed = overhead?.podFixed;
    if (spec.overhead && fixed && !equalJson(spec.overhead, fixed))
      throw refuse(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    const selector = scheduling?.nodeSelector;
    for (const [key, value] of Object.entries(selector ?? {})) {
      const own = spec.nodeSelector?.[key];
      if (own !== undefined && own !== value)
        throw refuse(
          request,
          `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
        );
    }
    return untyped({
      ...pod,
      spec: {
        ...spec,
        ...(fixed && { overhead: fixed }),
        ...(selector && { nodeSelector: { ...spec.nodeSelector, ...selector } }),
        ...(scheduling?.tolerations && { tolerations: [...(spec.tolerations ?? []), ...scheduling.tolerations] }),
      },
    });
  },
};
