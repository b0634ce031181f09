import { Quantity } from "@bellows/api";
import { record } from "../api-object.ts";

interface Container {
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
}

const qosResources = ["cpu", "memory"] as const;

/** Guaranteed, Burstable or BestEffort (`ComputePodQOS`): by requests and limits of CPU and memory of all containers. */
export function qosClass(pod: object): "Guaranteed" | "Burstable" | "BestEffort" {
  const { spec: given } = pod as { readonly spec?: unknown };
  const spec = record(given);
  const podLevel = spec.resources as Container["resources"];
  const containers = podLevel
    ? [{ resources: podLevel }]
    : [
        ...((spec.containers as Container[] | undefined) ?? []),
        ...((spec.initContainers as Container[] | undefined) ?? []),
      ];
  let asks = false;
  let guaranteed = true;
  for (const { resources } of containers) {
    for (const name of qosResources) {
      const request = positive(resources?.requests?.[name]);
      const limit = positive(resources?.limits?.[name]);
      if (request || limit) asks = true;
      if (!limit || (request && request.compare(limit) !== 0)) guaranteed = false;
    }
  }
  if (!asks) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

function positive(text: string | undefined): Quantity | undefined {
  if (text === undefined) return undefined;
  const quantity = Quantity.parse(text);
  return quantity.sign > 0 ? quantity : undefined;
}
