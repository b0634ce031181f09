import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient, kubeconfigTransport, systemClock } from "@bellows/kube";
import type { StartedControlPlane } from "../suite.ts";
import { reachesThisMachine } from "./host-service.ts";
import { untilReady } from "./ready.ts";

/** Kubernetes of the Go driver's version. */
export const k3sImage = "rancher/k3s:v1.35.4-k3s1";

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
/** The name under which the container knows this machine. */
const hostName = "host.docker.internal";

/** The libraries, which are heavy, and loaded only where Docker is. */
const libraries = async () => {
  // The reaper is a container of another image, for runs that do not clear up: this one does.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] ??= "true";
  const [{ K3sContainer }, { Wait }] = await Promise.all([import("@testcontainers/k3s"), import("testcontainers")]);
  return { container: (name: string) => new K3sContainer(name), Wait };
};

export type K3sLibraries = Awaited<ReturnType<typeof libraries>>;

/** Containers that run. */
const running = new Set<string>();
// A run that is cut short leaves none behind.
process.once("exit", () => {
  if (running.size > 0) spawnSync("docker", ["rm", "--force", "--volumes", ...running], { stdio: "ignore" });
});

/** k3s in a container, for machines with Docker. */
export async function startK3s({
  folder,
  load = libraries,
  ready = untilReady,
  reaches = reachesThisMachine,
}: {
  /** Where its kubeconfig goes. */
  readonly folder: string;
  readonly load?: () => Promise<K3sLibraries>;
  readonly ready?: typeof untilReady;
  readonly reaches?: typeof reachesThisMachine;
}): Promise<StartedControlPlane> {
  const { container: k3s, Wait } = await load();
  const container = await k3s(k3sImage)
    .withCommand([...k3sCommand])
    .withExtraHosts([{ host: hostName, ipAddress: "host-gateway" }])
    .withWaitStrategy(Wait.forLogMessage(/k3s is up and running/))
    .withStartupTimeout(startLimitMs)
    .start();
  const id = container.getId();
  running.add(id);
  const remove = async () => {
    await container.stop();
    running.delete(id);
  };
  try {
    const kubeconfig = join(folder, "kubeconfig");
    writeFileSync(kubeconfig, container.getKubeConfig(), { mode: 0o600 });
    const transport = await kubeconfigTransport({ kubeconfig });
    const client = createClient(transport, { clock: systemClock, userAgent: "bellows-e2e" });
    await ready(client, async () => `see: docker logs ${id.slice(0, 12)}`);
    const { output } = await container.exec(["cat", "/etc/hosts"]);
    const address = output
      .split("\n")
      .find((line) => line.split(/\s+/).includes(hostName))
      ?.split(/\s+/)[0];
    if (!address) throw new Error(`the container does not know ${hostName}: ${output}`);
    if (!(await reaches(client, address)))
      throw new Error(
        `the container does not reach this machine at ${address}: a firewall lets nothing in from it, or the engine runs without root or elsewhere; --driver go does without Docker`,
      );
    return {
      driver: `docker (${k3sImage}, in-tree HPA off)`,
      kubeconfig,
      client,
      hostAddress: address,
      async stop() {
        await transport.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}
