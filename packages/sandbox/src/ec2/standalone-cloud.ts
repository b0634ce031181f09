import type { KubernetesObject } from "@bellows/api";
import { type Client, type Clock, type InformerCache, isAlreadyExists, type Logger, type Random } from "@bellows/kube";
import { KubeletFleet } from "../kubelet/index.ts";
import { kindOfObject } from "../simulator/manifests.ts";
import { ec2CustomResourceDefinitions } from "./custom-resources.ts";
import { SimulatedCloud } from "./simulated-cloud.ts";

export interface StandaloneCloudOptions {
  readonly client: Client;
  readonly cache: InformerCache;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly region: string;
  readonly clusterName: string;
}

/**
 * Simulated EC2 and kubelets beside one controller on any API server: nodes join and pods run, without machines. The
 * kinds of its instances are created where the cluster does not have them.
 */
export async function startStandaloneCloud(options: StandaloneCloudOptions): Promise<SimulatedCloud> {
  for (const definition of ec2CustomResourceDefinitions() as readonly KubernetesObject[]) {
    try {
      await options.client.create(await kindOfObject(options.client, definition), definition);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
  return new SimulatedCloud({ ...options, fleet: new KubeletFleet(options) });
}
