import { createClient, kubeconfigTransport, systemClock } from "@bellows/kube";
import type { StartedControlPlane } from "../suite.ts";
import { startGoControlPlane } from "./go-driver.ts";
import { has } from "./go-tools.ts";
import { startK3s, whyNoK3s } from "./k3s-driver.ts";

/** No control plane can be had here; the message says what is missing. */
export class NoControlPlane extends Error {
  override readonly name = "NoControlPlane";
}

/** What a machine has of what drivers need. */
export interface Machine {
  /** Why k3s cannot run in a container; undefined where it can. */
  whyNoK3s(print: (line: string) => void): Promise<string | undefined>;
  /** Whether a program answers. */
  has(program: string, ...args: readonly string[]): boolean;
}

const thisMachine: Machine = { whyNoK3s: (print) => whyNoK3s(print), has };

export type Driver =
  | { readonly name: "kubeconfig"; readonly kubeconfig: string }
  | { readonly name: "docker" }
  | { readonly name: "go" };

export const driverNames = ["docker", "go"] as const;
export type DriverName = (typeof driverNames)[number];

/**
 * Which driver brings the control plane: the kubeconfig that was named, else Docker if it has k3s or can pull it, else Go
 * with etcd beside it. A driver that is chosen must work: what fails from then on is a failure, and no reason to try the
 * next.
 * @param only  the driver that was named: no other is looked for
 * @throws NoControlPlane saying what is missing
 */
export async function chooseDriver({
  kubeconfig,
  only,
  print,
  machine = thisMachine,
}: {
  readonly kubeconfig?: string | undefined;
  readonly only?: DriverName | undefined;
  readonly print: (line: string) => void;
  readonly machine?: Machine;
}): Promise<Driver> {
  if (kubeconfig) return { name: "kubeconfig", kubeconfig };
  const whyNoDocker = only === "go" ? "it was not asked for" : await machine.whyNoK3s(print);
  if (!whyNoDocker) return { name: "docker" };
  if (only === "docker") throw new NoControlPlane(`no control plane: ${whyNoDocker}`);
  const missing = [
    ...(machine.has("go", "version") ? [] : ["a Go toolchain (https://go.dev/dl)"]),
    ...(machine.has("etcd", "--version") ? [] : ["etcd (apt-get install etcd-server)"]),
  ];
  if (missing.length === 0) {
    if (!only) print(`not by Docker: ${whyNoDocker}`);
    return { name: "go" };
  }
  const lacks = `${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} missing`;
  const why = only ? lacks : `${whyNoDocker}, and without one ${lacks}`;
  throw new NoControlPlane(`no control plane: ${why}; or name one by BELLOWS_E2E_KUBECONFIG or --kubeconfig`);
}

/** A control plane of its own for every call; a kubeconfig's is the same each time. */
export async function startControlPlane(
  driver: Driver,
  options: {
    readonly folder: string;
    readonly print: (line: string) => void;
    /** Aborts when the run is to end: what starts slowly is given up, and taken away. */
    readonly signal: AbortSignal;
  },
): Promise<StartedControlPlane> {
  switch (driver.name) {
    case "kubeconfig": {
      const { kubeconfig } = driver;
      const transport = await kubeconfigTransport({ kubeconfig });
      const client = createClient(transport, { clock: systemClock, userAgent: "bellows-e2e" });
      return { driver: `kubeconfig (${kubeconfig})`, kubeconfig, client, stop: () => transport.close() };
    }
    case "docker":
      return startK3s(options);
    case "go":
      return startGoControlPlane(options);
  }
}
