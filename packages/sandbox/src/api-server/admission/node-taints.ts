import type { Node, Pod } from "@bellows/api";
import { type AdmissionPlugin, isFor, typed, untyped } from "./admission-request.ts";

const notReady = "node.kubernetes.io/not-ready";
const unreachable = "node.kubernetes.io/unreachable";
const graceSeconds = 300;

/** Lets a pod stay five minutes on a node that is not ready or can't be reached, unless it says otherwise. */
export const defaultTolerationSeconds: AdmissionPlugin = {
  name: "DefaultTolerationSeconds",
  mutate(request) {
    if (!isFor(request, "/pods") || !request.object) return request.object;
    if (request.operation !== "CREATE" && request.operation !== "UPDATE") return request.object;
    const pod = typed<Pod>(request.object);
    if (!pod.spec) return request.object;
    const tolerations = pod.spec.tolerations ?? [];
    const missing = [notReady, unreachable].filter(
      (key) => !tolerations.some((one) => (one.key === key || !one.key) && (one.effect === "NoExecute" || !one.effect)),
    );
    if (missing.length === 0) return request.object;
    const added = missing.map((key) => ({
      key,
      operator: "Exists",
      effect: "NoExecute",
      tolerationSeconds: graceSeconds,
    }));
    return untyped({ ...pod, spec: { ...pod.spec, tolerations: [...tolerations, ...added] } });
  },
};

/** Keeps pods off a new node until its controller has seen it ready. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: "TaintNodesByCondition",
  mutate(request) {
    if (!isFor(request, "/nodes") || request.operation !== "CREATE" || !request.object) return request.object;
    const node = typed<Node>(request.object);
    const taints = node.spec?.taints ?? [];
    if (taints.some(({ key, effect }) => key === notReady && effect === "NoSchedule")) return request.object;
    return untyped({ ...node, spec: { ...node.spec, taints: [...taints, { key: notReady, effect: "NoSchedule" }] } });
  },
};
