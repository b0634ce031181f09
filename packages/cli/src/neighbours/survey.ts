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
import { ApiError, type Client, type ListOptions } from "@bellows/kube";
import { inTreeHpaRival, neighbours } from "./catalogue.ts";
import type { Surroundings } from "./find-neighbours.ts";

export interface Survey {
  readonly surroundings: Surroundings;
  /** Kinds that may not be read, or are not served: what they would tell is unknown. */
  readonly unseen: readonly string[];
}

/** What a survey looks at. */
export interface Scope {
  /** Names of Leases; undefined: all of them. */
  readonly leases: readonly string[] | undefined;
  readonly deployments: boolean;
  readonly webhooks: boolean;
  readonly apiServices: boolean;
  readonly autoscalers: boolean;
  readonly serverVersion: boolean;
}

export const everything: Scope = {
  leases: undefined,
  deployments: true,
  webhooks: true,
  apiServices: true,
  autoscalers: true,
  serverVersion: true,
};

/** What gives the rivals of `controllers` away, and no more: each has the right to see just that. */
export function scopeOf(controllers: readonly string[]): Scope {
  const rivals = neighbours.filter((each) => each.rivals.some((rival) => controllers.includes(rival)));
  return {
    leases: rivals.flatMap(({ leases }) => leases),
    deployments: rivals.some(({ image }) => image !== undefined),
    webhooks: rivals.some(({ webhooks }) => webhooks.length > 0),
    apiServices: rivals.some(({ apiServiceBackends }) => apiServiceBackends.length > 0),
    autoscalers: controllers.includes(inTreeHpaRival),
    serverVersion: controllers.includes(inTreeHpaRival),
  };
}

/** Without the kinds of which a cluster may have thousands. */
export const cheap = (scope: Scope): Scope => ({ ...scope, deployments: false, webhooks: false, autoscalers: false });

/** Reads what gives neighbours away. A kind that is refused is named in `unseen`; any other failure is thrown. */
export async function survey(client: Client, scope: Scope): Promise<Survey> {
  const unseen = new Set<string>();
  async function unlessRefused<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof ApiError && (error.code === 403 || error.code === 404))) throw error;
      unseen.add(what);
      return undefined;
    }
  }
  async function all<T extends KubernetesObject>(kind: Kind<T>, options?: ListOptions): Promise<readonly T[]> {
    const name = `${kind.plural}${kind.group ? `.${kind.group}` : ""}`;
    return (await unlessRefused(name, () => client.listAll(kind, options)))?.items ?? [];
  }
  const leases = scope.leases
    ? await Promise.all(scope.leases.map((name) => all(Lease, { fieldSelector: `metadata.name=${name}` })))
    : [await all(Lease)];
  return {
    surroundings: {
      leases: leases.flat(),
      deployments: scope.deployments ? await all(Deployment) : [],
      webhooks: scope.webhooks
        ? [...(await all(ValidatingWebhookConfiguration)), ...(await all(MutatingWebhookConfiguration))]
        : [],
      apiServices: scope.apiServices ? await all(APIService) : [],
      autoscalers: scope.autoscalers ? await all(HorizontalPodAutoscaler) : [],
      serverVersion: scope.serverVersion ? await unlessRefused("/version", () => serverVersion(client)) : undefined,
    },
    unseen: [...unseen],
  };
}

async function serverVersion(client: Client): Promise<string> {
  const { gitVersion = "" } = (await client.raw("/version")) as { readonly gitVersion?: string };
  return gitVersion;
}
