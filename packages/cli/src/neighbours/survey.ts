import {
  APIService,
  Deployment,
  HorizontalPodAutoscaler,
  type Kind,
  type KubernetesObject,
  Lease,
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from "@bellows/api";
import { ApiError, type Client } from "@bellows/kube";
import type { Surroundings } from "./find-neighbours.ts";

export interface Survey {
  readonly surroundings: Surroundings;
  /** Kinds that may not be listed, or are not served: what they would tell is unknown. */
  readonly unseen: readonly string[];
}

/** Reads what gives neighbours away. A kind that is refused is named in `unseen`; any other failure is thrown. */
export async function survey(client: Client): Promise<Survey> {
  const unseen: string[] = [];
  async function all<T extends KubernetesObject>(kind: Kind<T>): Promise<readonly T[]> {
    try {
      return (await client.listAll(kind)).items;
    } catch (error) {
      if (!(error instanceof ApiError && (error.code === 403 || error.code === 404))) throw error;
      unseen.push(`${kind.plural}${kind.group ? `.${kind.group}` : ""}`);
      return [];
    }
  }
  return {
    surroundings: {
      leases: await all(Lease),
      deployments: await all(Deployment),
      webhooks: [...(await all(ValidatingWebhookConfiguration)), ...(await all(MutatingWebhookConfiguration))],
      apiServices: await all(APIService),
      autoscalers: await all(HorizontalPodAutoscaler),
    },
    unseen,
  };
}
