import { spawnSync } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { isIPv4 } from "node:net";
import { join } from "node:path";
import { createClient, kubeconfigTransport, systemClock } from "@bellows/kube";
import type { K3sContainer as K3s } from "@testcontainers/k3s";
import type { Wait as WaitFor } from "testcontainers";
import type { StartedControlPlane } from "../suite.ts";
import { whyNoImage } from "./docker.ts";
import { whyNotReached } from "./host-service.ts";
import { lastLines } from "./process.ts";
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
const stoppedEarly = "stopped while a control plane was starting";
/** The name under which the container knows this machine. */
const hostName = "host.docker.internal";

export interface K3sLibraries {
  /** @param created  is told the container's id before it starts, and so also where it does not */
  container(image: string, created: (id: string) => void): K3s;
  /** Where ports of containers are reached: not at this machine's own name where it is a container itself. */
  host(): Promise<string>;
  /** Ends a container, and takes it away with its data. One that is gone is no failure. */
  remove(id: string): Promise<void>;
  readonly Wait: typeof WaitFor;
}

/** The libraries, which are heavy, and loaded only where Docker may be. */
const libraries = async (): Promise<K3sLibraries> => {
  // The reaper is a container of another image, for runs that do not clear up: this one does.
  process.env["TESTCONTAINERS_RYUK_DISABLED"] ??= "true";
  const [{ K3sContainer }, { getContainerRuntimeClient, Wait }] = await Promise.all([
    import("@testcontainers/k3s"),
    import("testcontainers"),
  ]);

  /** Without what only an agent needs: k3s asks for no rights then, and runs where an engine gives none. */
  class Agentless extends K3sContainer {
    readonly #created: (id: string) => void;

    constructor(image: string, created: (id: string) => void) {
      super(image);
      this.#created = created;
      Object.assign(this.hostConfig, { Privileged: false, Binds: [], CgroupnsMode: "private" });
    }

    protected override async containerCreated(id: string): Promise<void> {
      this.#created(id);
    }
  }

  return {
    container: (image, created) => new Agentless(image, created),
    async host() {
      const { info } = await getContainerRuntimeClient();
      return info.containerRuntime.host;
    },
    async remove(id) {
      const { container } = await getContainerRuntimeClient();
      await container
        .getById(id)
        .remove({ force: true, v: true })
        .catch((error: { readonly statusCode?: number }) => {
          if (error.statusCode !== 404) throw error;
        });
    },
    Wait,
  };
};

/**
 * Why k3s cannot run in a container here; undefined where it can.
 * @param print  gets a line before what takes long
 */
export async function whyNoK3s(
  print: (line: string) => void,
  load: () => Promise<unknown> = libraries,
  whyNot = whyNoImage,
): Promise<string | undefined> {
  try {
    await load();
  } catch (error) {
    return `testcontainers cannot be loaded (${messageOf(error).split("\n")[0]})`;
  }
  return whyNot(k3sImage, print);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).trim();

/** Containers that are there. */
const there = new Set<string>();
// A run that is cut short leaves none behind.
process.once("exit", () => {
  if (there.size > 0) spawnSync("docker", ["rm", "--force", "--volumes", ...there], { stdio: "ignore" });
});

/**
 * k3s in a container, for machines with Docker.
 * @throws as soon as `signal` aborts, when the container that was being made is gone
 */
export async function startK3s({
  folder,
  signal,
  load = libraries,
  ready = untilReady,
  whyNot = whyNotReached,
}: {
  /** Where its kubeconfig and its log go. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly load?: () => Promise<K3sLibraries>;
  readonly ready?: typeof untilReady;
  readonly whyNot?: typeof whyNotReached;
}): Promise<StartedControlPlane> {
  const { container: k3s, host, remove, Wait } = await load();
  if (signal?.aborted) throw new Error(stoppedEarly);
  const log = join(folder, "k3s.log");
  writeFileSync(log, "");
  let id: string | undefined;
  const end = async () => {
    if (!id) return;
    await remove(id);
    there.delete(id);
  };
  const stopped = Promise.withResolvers<never>();
  // Whoever asked for it hears of it below.
  stopped.promise.catch(() => undefined);
  const stop = () => stopped.reject(new Error(stoppedEarly));
  const created = (its: string) => {
    id = its;
    there.add(its);
    // Not before: what the engine is making cannot be taken away yet.
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  };
  try {
    const starting = k3s(k3sImage, created)
      .withCommand([...k3sCommand, `--tls-san=${await host()}`])
      .withExtraHosts([{ host: hostName, ipAddress: "host-gateway" }])
      .withLogConsumer((stream) => stream.on("data", (text: Buffer | string) => appendFileSync(log, text)))
      .withWaitStrategy(Wait.forLogMessage(/k3s is up and running/))
      .withStartupTimeout(startLimitMs)
      .start()
      .catch((error: unknown) => {
        const said = lastLines(log);
        throw said ? new Error(`${messageOf(error)}; it said:\n${said}`, { cause: error }) : error;
      });
    const container = await Promise.race([starting, stopped.promise]);
    const kubeconfig = join(folder, "kubeconfig");
    writeFileSync(kubeconfig, container.getKubeConfig(), { mode: 0o600 });
    const transport = await kubeconfigTransport({ kubeconfig });
    const client = createClient(transport, { clock: systemClock, userAgent: "bellows-e2e" });
    await ready(client, async () => lastLines(log));
    const { output } = await container.exec(["cat", "/etc/hosts"]);
    const address = addressOf(hostName, output);
    if (!address) throw new Error(`the container does not know ${hostName}: ${output}`);
    const why = await whyNot(client, address);
    if (why !== undefined)
      throw new Error(
        `the container does not reach this machine at ${address} (${why}): a firewall lets nothing in from it, or the engine runs without root or elsewhere; --driver go does without Docker`,
      );
    return {
      driver: `docker (${k3sImage}, in-tree HPA off)`,
      kubeconfig,
      client,
      hostAddress: address,
      async stop() {
        await transport.close();
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}

/** The IPv4 address of a name in a file of hosts, in which it may have one of IPv6 too. */
function addressOf(name: string, hosts: string): string | undefined {
  const lines = hosts.split("\n").map((line) => line.trim().split(/\s+/));
  return lines.find(([address = "", ...names]) => isIPv4(address) && names.includes(name))?.[0];
}
