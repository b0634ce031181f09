import { PersistentVolume, PersistentVolumeClaim, Pod } from "@bellows/api";
import { type ControllerContext, keyOf, type Timer } from "@bellows/kube";
import type { Cluster } from "./engine/cluster.ts";
import type { NodeInfo } from "./engine/node-info.ts";
import type { PodInfo } from "./engine/pod-info.ts";
import { podClaims } from "./engine/volume-plugins.ts";
import { isBound, planVolumes, selectedNodeAnnotation, type VolumePlan } from "./engine/volumes.ts";

/** How long volumes may take to be provisioned before the pod is tried elsewhere (`bindTimeoutSeconds`). */
const bindTimeoutMs = 600_000;

/** Gives a pod its node: first its volumes, then the pod itself. */
export class Binder {
  readonly #context: ControllerContext;
  readonly #cluster: Cluster;
  readonly #waiting = new Set<() => void>();

  constructor(context: ControllerContext, cluster: Cluster) {
    this.#context = context;
    this.#cluster = cluster;
  }

  /** Call when a claim has changed. */
  claimsChanged(): void {
    for (const look of [...this.#waiting]) look();
  }

  async bind(pod: PodInfo, node: NodeInfo): Promise<void> {
    const plan = this.#volumePlan(pod, node);
    if (plan) await this.#bindVolumes(plan, node);
    const { name, namespace = "", uid } = pod.pod.metadata;
    await this.#context.client.createSub(Pod, { namespace, name }, "binding", {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name, namespace, ...(uid && { uid }) },
      target: { apiVersion: "v1", kind: "Node", name: node.name },
    });
  }

  #volumePlan(pod: PodInfo, node: NodeInfo): VolumePlan | undefined {
    if (!pod.pod.spec?.volumes?.length) return undefined;
    const claims = podClaims(pod, this.#cluster);
    if ("reasons" in claims || claims.delayed.length === 0) return undefined;
    return planVolumes(claims.delayed, node, this.#cluster);
  }

  async #bindVolumes({ bindings, provisions }: VolumePlan, node: NodeInfo): Promise<void> {
    const { client } = this.#context;
    for (const { claim, volume } of bindings) {
      const { namespace, name, uid, resourceVersion } = claim.metadata;
      const claimRef = { apiVersion: "v1", kind: "PersistentVolumeClaim", namespace, name, uid, resourceVersion };
      await client.patch(PersistentVolume, keyOf(volume), { type: "merge", body: { spec: { claimRef } } });
    }
    for (const claim of provisions) {
      const annotations = { [selectedNodeAnnotation]: node.name };
      await client.patch(PersistentVolumeClaim, keyOf(claim), { type: "merge", body: { metadata: { annotations } } });
    }
    await this.#untilBound([...bindings.map(({ claim }) => claim), ...provisions], node);
  }

  #untilBound(claims: readonly PersistentVolumeClaim[], node: NodeInfo): Promise<void> {
    const { cache, clock } = this.#context;
    return new Promise((resolve, reject) => {
      let timer: Timer | undefined;
      const finish = (error?: Error) => {
        timer?.cancel();
        this.#waiting.delete(look);
        if (error) reject(error);
        else resolve();
      };
      const look = () => {
        const current = claims.map((claim) => cache.get(PersistentVolumeClaim, keyOf(claim)));
        const gone = claims.find((_, index) => current[index] === undefined);
        if (gone) return finish(new Error(`binding volumes: persistentvolumeclaim "${gone.metadata.name}" not found`));
        if (current.every((claim) => claim && isBound(claim))) return finish();
        // The provisioner gives a claim back where it can't serve the selected node.
        const selected = (claim: PersistentVolumeClaim | undefined) =>
          claim?.metadata.annotations?.[selectedNodeAnnotation];
        const refused = current.some((claim, index) => {
          const wasSelected = selected(claims[index]) !== undefined;
          return claim && !isBound(claim) && wasSelected && selected(claim) !== node.name;
        });
        if (refused) finish(new Error("binding volumes: provisioning failed for the selected node"));
      };
      this.#waiting.add(look);
      timer = clock.after(bindTimeoutMs, () => finish(new Error("binding volumes: context deadline exceeded")));
      look();
    });
  }
}
