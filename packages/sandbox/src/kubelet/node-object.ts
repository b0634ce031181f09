import type { Node, NodeCondition } from "@bellows/api";
import { resourceList } from "@bellows/aws";
import { type Instant, timestamp } from "@bellows/kube";
import { hexOf } from "./jitter.ts";
import type { Machine, NodeSoftware } from "./machine.ts";

const networkNotReady =
  "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin " +
  "returns error: cni plugin not initialized";

export const notReadyTaint = { key: "node.kubernetes.io/not-ready", effect: "NoSchedule" } as const;

/** Where an API server finds the API of kubelets that have no machine: a name of its own machine, and a port there. */
export interface KubeletEndpoint {
  readonly hostname: string;
  readonly port: number;
}

const kubeletPort = 10250;

/** What of a Node's status says where its kubelet listens. */
export const kubeletAddresses = (machine: Machine, endpoint?: KubeletEndpoint) => ({
  addresses: [
    { type: "InternalIP", address: machine.internalIp },
    ...(machine.externalIp ? [{ type: "ExternalIP", address: machine.externalIp }] : []),
    { type: "InternalDNS", address: machine.nodeName },
    { type: "Hostname", address: machine.nodeName },
    ...(endpoint ? [{ type: "ExternalDNS", address: endpoint.hostname }] : []),
  ],
  daemonEndpoints: { kubeletEndpoint: { Port: endpoint?.port ?? kubeletPort } },
});

/** The Node as a kubelet registers it: not ready until its network plugin is. */
export function registeredNode(
  machine: Machine,
  software: NodeSoftware,
  now: Instant,
  endpoint?: KubeletEndpoint,
): Node {
  const { nodeName, architecture } = machine;
  const taints = [...machine.taints, notReadyTaint];
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: nodeName,
      labels: {
        "beta.kubernetes.io/arch": architecture,
        "beta.kubernetes.io/os": "linux",
        "kubernetes.io/arch": architecture,
        "kubernetes.io/hostname": nodeName,
        "kubernetes.io/os": "linux",
        ...machine.labels,
      },
      annotations: {
        "alpha.kubernetes.io/provided-node-ip": machine.internalIp,
        "node.alpha.kubernetes.io/ttl": "0",
        "volumes.kubernetes.io/controller-managed-attach-detach": "true",
      },
    },
    spec: { ...(machine.providerId && { providerID: machine.providerId }), taints },
    status: {
      capacity: resourceList(machine.capacity),
      allocatable: resourceList(machine.allocatable),
      conditions: nodeConditions(false, now, now),
      ...kubeletAddresses(machine, endpoint),
      nodeInfo: {
        machineID: `ec2${hexOf(`machine/${nodeName}`, 29)}`,
        systemUUID: `ec2${hexOf(`system/${nodeName}`, 5)}-${hexOf(`uuid/${nodeName}`, 4)}-${hexOf(`uuid2/${nodeName}`, 4)}-${hexOf(`uuid3/${nodeName}`, 4)}-${hexOf(`uuid4/${nodeName}`, 12)}`,
        bootID: `${hexOf(`boot/${nodeName}`, 8)}-${hexOf(`boot2/${nodeName}`, 4)}-${hexOf(`boot3/${nodeName}`, 4)}-${hexOf(`boot4/${nodeName}`, 4)}-${hexOf(`boot5/${nodeName}`, 12)}`,
        kernelVersion:
          architecture === "arm64" ? software.kernelVersion.replace("x86_64", "aarch64") : software.kernelVersion,
        osImage: software.osImage,
        containerRuntimeVersion: software.containerRuntimeVersion,
        kubeletVersion: software.kubeletVersion,
        kubeProxyVersion: "",
        operatingSystem: "linux",
        architecture,
      },
    },
  };
}

/** The kubelet's four conditions; `sinceAt` is when readiness last changed, `registeredAt` when the others began. */
export function nodeConditions(
  ready: boolean,
  now: Instant,
  sinceAt: Instant,
  registeredAt: Instant = sinceAt,
): NodeCondition[] {
  const healthy = (type: string, reason: string, message: string): NodeCondition => ({
    type,
    status: "False",
    lastHeartbeatTime: timestamp(now),
    lastTransitionTime: timestamp(registeredAt),
    reason,
    message,
  });
  return [
    healthy("MemoryPressure", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
    healthy("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
    healthy("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
    {
      type: "Ready",
      status: ready ? "True" : "False",
      lastHeartbeatTime: timestamp(now),
      lastTransitionTime: timestamp(sinceAt),
      reason: ready ? "KubeletReady" : "KubeletNotReady",
      message: ready ? "kubelet is posting ready status" : networkNotReady,
    },
  ];
}
