import { Deployment } from "@bellows/api";
import type { Cache } from "@bellows/kube";
import { isSameTarget, type Target } from "./engine/target.ts";
import { flagsOfDeployment, installationOf } from "./installation.ts";

interface Running {
  readonly namespace: string;
  readonly targets: readonly Target[];
}

/**
 * Deployments with ready pods that run a cluster-proportional-autoscaler, and what they size. A cluster may have several,
 * such as one for its DNS; only for its own targets is one a rival.
 */
export class RunningAutoscalers {
  readonly #running = new Map<string, Running>();
  readonly #images: "upstream" | "any";

  /** @param images  whose Deployments count */
  constructor(images: "upstream" | "any") {
    this.#images = images;
  }

  /** Looks at a Deployment that has changed. */
  note({ metadata: { namespace = "", name } }: Deployment, cache: Cache): void {
    const id = `${namespace}/${name}`;
    const deployment = cache.get(Deployment, { namespace, name });
    const isReady = (deployment?.status?.readyReplicas ?? 0) > 0;
    const flags = deployment && isReady ? flagsOfDeployment(deployment, this.#images) : undefined;
    const installation = flags && installationOf(flags);
    if (installation && !("problem" in installation)) this.#running.set(id, installation);
    else this.#running.delete(id);
  }

  /** `Deployment NAMESPACE/NAME` that sizes the target; undefined where none does. */
  ownerOf(namespace: string, target: Target): string | undefined {
    for (const [id, running] of this.#running) {
      if (running.namespace === namespace && running.targets.some((each) => isSameTarget(each, target)))
        return `Deployment ${id}`;
    }
    return undefined;
  }
}
