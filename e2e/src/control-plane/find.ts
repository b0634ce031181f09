import { createClient, kubeconfigTransport, systemClock } from "@bellows/kube";
import { type StartedControlPlane, startGoControlPlane } from "./go-driver.ts";
import { has } from "./go-tools.ts";

/** No control plane can be had here; the message says what is missing. */
export class NoControlPlane extends Error {
  override readonly name = "NoControlPlane";
}

/** The control plane of a run: one that is named, or one that is built and started here. */
export async function findControlPlane(options: {
  readonly kubeconfig: string | undefined;
  readonly folder: string;
  readonly print: (line: string) => void;
}): Promise<StartedControlPlane> {
  const { kubeconfig } = options;
  if (kubeconfig) {
    const transport = await kubeconfigTransport({ kubeconfig });
    const client = createClient(transport, { clock: systemClock, userAgent: "bellows-e2e" });
    return { driver: `kubeconfig (${kubeconfig})`, kubeconfig, client, stop: () => transport.close() };
  }
  const missing = [
    ...(has("go", "version") ? [] : ["a Go toolchain (https://go.dev/dl)"]),
    ...(has("etcd", "--version") ? [] : ["etcd (apt-get install etcd-server)"]),
  ];
  if (missing.length === 0) return startGoControlPlane(options);
  throw new NoControlPlane(
    `no control plane: missing ${missing.join(" and ")}; or name one by BELLOWS_E2E_KUBECONFIG or --kubeconfig`,
  );
}
