import { createClient, kubeconfigTransport, systemClock } from "@bellows/kube";
import type { StartedControlPlane } from "../suite.ts";
import { dockerAnswers } from "./docker.ts";
import { startGoControlPlane } from "./go-driver.ts";
import { has } from "./go-tools.ts";
import { startK3s } from "./k3s-driver.ts";

/** No control plane can be had here; the message says what is missing. */
export class NoControlPlane extends Error {
  override readonly name = "NoControlPlane";
}

/** What a machine has of what drivers need. */
export interface Machine {
  dockerAnswers(): Promise<boolean>;
  /** Whether a program answers. */
  has(program: string, ...args: readonly string[]): boolean;
}

export type Driver =
  | { readonly name: "kubeconfig"; readonly kubeconfig: string }
  | { readonly name: "docker" }
  | { readonly name: "go" };

/**
 * Which driver brings the control plane: the one that was named, else Docker, else Go with etcd beside it. A driver that
 * is chosen must work: what fails from then on is a failure, and no reason to try the next.
 * @throws NoControlPlane saying what is missing
 */
export async function chooseDriver(
  kubeconfig: string | undefined,
  machine: Machine = { dockerAnswers, has },
): Promise<Driver> {
  if (kubeconfig) return { name: "kubeconfig", kubeconfig };
  if (await machine.dockerAnswers()) return { name: "docker" };
  const missing = [
    ...(machine.has("go", "version") ? [] : ["a Go toolchain (https://go.dev/dl)"]),
    ...(machine.has("etcd", "--version") ? [] : ["etcd (apt-get install etcd-server)"]),
  ];
  if (missing.length === 0) return { name: "go" };
  throw new NoControlPlane(
    `no control plane: no Docker engine answers, and without one ${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} missing; or name one by BELLOWS_E2E_KUBECONFIG or --kubeconfig`,
  );
}

/** A control plane of its own for every call; a kubeconfig's is the same each time. */
export async function startControlPlane(
  driver: Driver,
  options: { readonly folder: string; readonly print: (line: string) => void },
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
