import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient, kubeconfigTransport, systemClock } from "@bellows/kube";
import type { StartedControlPlane } from "../suite.ts";
import { freePorts } from "./process.ts";
import { untilReady } from "./ready.ts";

/** Kubernetes of the Go driver's version. */
const image = "rancher/k3s:v1.35.4-k3s1";

/**
 * A control plane and nothing else: nodes are the suites' own, so that k3s runs no agent, and what it would install is
 * left out. Its aggregation layer goes to the addresses of endpoints, since no kube-proxy runs.
 */
export const k3sCommand: readonly string[] = [
  "server",
  "--disable-agent",
  "--disable=coredns,local-storage,metrics-server,servicelb,traefik",
  "--disable-cloud-controller",
  "--disable-helm-controller",
  "--disable-network-policy",
  "--flannel-backend=none",
  "--egress-selector-mode=disabled",
  "--kube-apiserver-arg=enable-aggregator-routing=true",
  // In place of what k3s gives the flag itself, which leaves out what a cloud controller would do.
  "--kube-controller-manager-arg=controllers=*,-horizontal-pod-autoscaler-controller",
];

const startLimitMs = 180_000;
/** The name under which containers reach forwarded ports of this machine. */
const hostName = "host.testcontainers.internal";

/** The libraries, which are heavy, and loaded only where Docker is. */
const libraries = async () => {
  const [{ K3sContainer }, { TestContainers, Wait }] = await Promise.all([
    import("@testcontainers/k3s"),
    import("testcontainers"),
  ]);
  return {
    container: (name: string) => new K3sContainer(name),
    exposeHostPorts: TestContainers.exposeHostPorts.bind(TestContainers),
    Wait,
  };
};

export type K3sLibraries = Awaited<ReturnType<typeof libraries>>;

/** k3s in a container, for machines with Docker. */
export async function startK3s({
  folder,
  load = libraries,
  ready = untilReady,
}: {
  /** Where its kubeconfig goes. */
  readonly folder: string;
  readonly load?: () => Promise<K3sLibraries>;
  readonly ready?: typeof untilReady;
}): Promise<StartedControlPlane> {
  const { container: k3s, exposeHostPorts, Wait } = await load();
  // A container knows the way to this machine only if a port was forwarded before it started.
  await exposeHostPorts(...(await freePorts(1)));
  const container = await k3s(image)
    .withCommand([...k3sCommand])
    .withWaitStrategy(Wait.forLogMessage(/k3s is up and running/))
    .withStartupTimeout(startLimitMs)
    .start();
  try {
    const kubeconfig = join(folder, "kubeconfig");
    writeFileSync(kubeconfig, container.getKubeConfig(), { mode: 0o600 });
    const transport = await kubeconfigTransport({ kubeconfig });
    const client = createClient(transport, { clock: systemClock, userAgent: "bellows-e2e" });
    await ready(client, async () => "its log is that of the container");
    const { output } = await container.exec(["cat", "/etc/hosts"]);
    const address = output
      .split("\n")
      .find((line) => line.split(/\s+/).includes(hostName))
      ?.split(/\s+/)[0];
    if (!address) throw new Error(`the container does not know ${hostName}: ${output}`);
    return {
      driver: `docker (${image}, in-tree HPA off)`,
      kubeconfig,
      client,
      async hostAddress(port) {
        await exposeHostPorts(port);
        return address;
      },
      async stop() {
        await transport.close();
        await container.stop();
      },
    };
  } catch (error) {
    await container.stop();
    throw error;
  }
}
