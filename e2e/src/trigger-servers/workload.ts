import { Pod } from "@bellows/api";
import { keyOf } from "@bellows/kube";
import type { TriggerSource } from "./trigger-source.ts";

const labels = { app: "producer" };

/** Pods of another workload of the namespace; a watch tells of them. */
export const kubernetesWorkload: TriggerSource = {
  name: "kubernetes-workload: pods",
  pushes: true,
  async start(_, { client, namespace }) {
    let generation = 0;
    const setWork = async (pieces: number) => {
      generation++;
      const { items } = await client.listAll(Pod, { namespace, labelSelector: "app=producer" });
      for (const pod of items) await client.delete(Pod, keyOf(pod), { gracePeriodSeconds: 0 });
      for (let piece = 0; piece < pieces; piece++) {
        const metadata = { namespace, name: `producer-${generation}-${piece}`, labels };
        const spec = { containers: [{ name: "producer", image: "registry.k8s.io/pause:3.10" }] };
        await client.create(Pod, { metadata, spec });
      }
    };
    const metadata = { podSelector: "app=producer", value: "1" };
    return { trigger: { type: "kubernetes-workload", metadata }, setWork, stop: async () => {} };
  },
};
