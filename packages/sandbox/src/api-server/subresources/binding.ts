import { timestamp } from "@bellows/kube";
import { type ApiObject, record } from "../api-object.ts";
import { bodyOf } from "../rest/body.ts";
import type { RequestScope } from "../rest/request-scope.ts";
import { updateObject } from "../rest/write-object.ts";
import { badRequest, conflict, type Status, StatusError } from "../status-error.ts";
import { withPodCondition } from "./pod-conditions.ts";

interface Binding {
  readonly metadata?: { readonly name?: string; readonly uid?: string; readonly annotations?: Record<string, string> };
  readonly target?: { readonly kind?: string; readonly name?: string };
}

/** POST of a v1 Binding: gives an unassigned Pod its node. */
export async function bind(scope: RequestScope): Promise<Status> {
  const binding = bodyOf(scope.request, { group: "core", version: "v1", kind: "Binding" }) as Binding;
  const name = scope.name ?? binding.metadata?.name ?? "";
  if (binding.metadata?.name !== undefined && binding.metadata.name !== name)
    throw badRequest("name in URL does not match name in Binding object");
  const pods = scope.parts.registry.find("", "v1", "pods");
  if (!pods) throw badRequest("pods are not served");
  check(binding);
  const node = binding.target?.name as string;
  const now = timestamp(scope.parts.clock.now());
  await updateObject(
    { ...scope, resource: pods, name },
    {
      subresource: "binding",
      applied: true,
      prepare: (next) => next,
      change: (pod) => {
        refuseAssigned(pod, binding);
        const { annotations } = binding.metadata ?? {};
        const assigned: ApiObject = {
          ...pod,
          ...(annotations && {
            metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, ...annotations } },
          }),
          spec: { ...record(pod.spec), nodeName: node },
        };
        return withPodCondition(assigned, { type: "PodScheduled", status: "True" }, now);
      },
    },
  );
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", code: 201 };
}

/** These two come out of the registry as they are, which makes them 500s. */
function check({ target }: Binding): void {
  if (target?.kind && target.kind !== "Node" && target.kind !== "<none>")
    throw new StatusError(
      500,
      "",
      `target.kind: Unsupported value: ${JSON.stringify(target.kind)}: supported values: "Node", "<empty>"`,
    );
  if (!target?.name) throw new StatusError(500, "", "target.name: Required value");
}

function refuseAssigned(pod: ApiObject, binding: Binding): void {
  const { name, uid, deletionTimestamp } = pod.metadata;
  const refuse = (why: string) => conflict({ group: "", resource: "pods/binding" }, name, why);
  const spec = record(pod.spec);
  if (binding.metadata?.uid && binding.metadata.uid !== uid)
    throw refuse(`Precondition failed: UID in precondition: ${binding.metadata.uid}, UID in object meta: ${uid}`);
  if (deletionTimestamp) throw refuse(`pod ${name} is being deleted, cannot be assigned to a host`);
  if (spec.nodeName) throw refuse(`pod ${name} is already assigned to node ${JSON.stringify(spec.nodeName)}`);
  if (Array.isArray(spec.schedulingGates) && spec.schedulingGates.length > 0)
    throw refuse(`pod ${name} has non-empty .spec.schedulingGates`);
}
