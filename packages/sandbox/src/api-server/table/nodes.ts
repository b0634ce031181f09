import type { Node } from "@bellows/api";
import { ageColumn, columnsFormat, nameColumn, text, wide } from "./columns.ts";

const rolePrefix = "node-role.kubernetes.io/";

export const nodeFormat = columnsFormat<Node>([
  nameColumn,
  text("Status", nodeStatus),
  text("Roles", (o) => nodeRoles(o.metadata.labels ?? {}).join(",") || "<none>"),
  ageColumn,
  text("Version", (o) => o.status?.nodeInfo?.kubeletVersion ?? ""),
  wide("Internal-IP", (o) => addressOf(o, "InternalIP")),
  wide("External-IP", (o) => addressOf(o, "ExternalIP")),
  wide("OS-Image", (o) => o.status?.nodeInfo?.osImage || "<unknown>"),
  wide("Kernel-Version", (o) => o.status?.nodeInfo?.kernelVersion || "<unknown>"),
  wide("Container-Runtime", (o) => o.status?.nodeInfo?.containerRuntimeVersion || "<unknown>"),
]);

function nodeStatus(node: Node): string {
  const ready = node.status?.conditions?.findLast((condition) => condition.type === "Ready");
  const status = !ready ? "Unknown" : ready.status === "True" ? "Ready" : "NotReady";
  return node.spec?.unschedulable ? `${status},SchedulingDisabled` : status;
}

function nodeRoles(labels: Readonly<Record<string, string>>): string[] {
  const roles = new Set<string>();
  for (const [key, value] of Object.entries(labels)) {
    if (key.startsWith(rolePrefix) && key.length > rolePrefix.length) roles.add(key.slice(rolePrefix.length));
    if (key === "kubernetes.io/role" && value !== "") roles.add(value);
  }
  return [...roles].sort();
}

const addressOf = (node: Node, type: string) =>
  node.status?.addresses?.find((address) => address.type === type)?.address ?? "<none>";
