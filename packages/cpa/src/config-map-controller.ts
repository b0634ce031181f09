import { ConfigMap, Deployment, Node } from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  controller,
  isAlreadyExists,
  lookAgainAt,
  mapped,
  type ObjectKey,
  self,
} from "@bellows/kube";
import { parseParams, replicasFor } from "./engine/params.ts";
import { flagsOfDeployment, type Installation, installationOf } from "./installation.ts";
import { observeSize, sizeTargets } from "./proportional.ts";

export interface ConfigMapControllerOptions {
  /** Autoscalers that this process was started for. */
  readonly installations?: readonly Installation[];
  /**
   * Takes Deployments of the upstream image for installations, by their flags: only where nothing else runs them, as in
   * the sandbox.
   */
  readonly adoptDeployments?: boolean;
  /** Longest time until a target that somebody else scaled is put right; default 10 s, as upstream's poll period. */
  readonly pollPeriodMs?: number;
}

/**
 * Keeps workloads at replicas proportional to the cluster, by upstream's ConfigMap. Acts on the node event itself.
 * Writes: the targets' scale, the ConfigMap where default parameters are given and it is missing, Events.
 */
export function configMapController(options: ConfigMapControllerOptions = {}): Controller {
  const { installations = [], adoptDeployments = false, pollPeriodMs = 10_000 } = options;

  const adopted = ({ cache }: ControllerContext) =>
    adoptDeployments
      ? cache.list(Deployment).flatMap((deployment) => {
          const flags = flagsOfDeployment(deployment);
          return flags ? [{ deployment, installation: installationOf(flags) }] : [];
        })
      : [];

  const allKeys = (context: ControllerContext): ObjectKey[] => [
    ...installations.map(keyOf),
    ...adopted(context).flatMap(({ installation }) => ("problem" in installation ? [] : [keyOf(installation)])),
  ];

  /** A Deployment matters as an installation, and as a target. */
  function keysOfDeployment(deployment: Deployment, context: ControllerContext): ObjectKey[] {
    const flags = adoptDeployments ? flagsOfDeployment(deployment) : undefined;
    if (!flags) return allKeys(context).filter((key) => key.namespace === deployment.metadata.namespace);
    const installation = installationOf(flags);
    if (!("problem" in installation)) return [keyOf(installation)];
    context.events.record(deployment, { type: "Warning", reason: "InvalidFlags", message: installation.problem });
    return [];
  }

  return controller({
    name: "cluster-proportional-autoscaler",
    watches: [self(ConfigMap), mapped(Node, (_, context) => allKeys(context)), mapped(Deployment, keysOfDeployment)],
    start(context) {
      for (const installation of installations) context.enqueue(keyOf(installation));
    },
    async reconcile(key, context) {
      const own = [
        ...installations,
        ...adopted(context).flatMap(({ installation }) => ("problem" in installation ? [] : [installation])),
      ].filter((each) => each.namespace === key.namespace && each.configMap === key.name);
      const [first] = own;
      if (!first) return;
      const configMap = context.cache.get(ConfigMap, key) ?? (await createDefault(first, context));
      if (!configMap) {
        context.log.warn("configmap not found", { ConfigMap: `${key.namespace}/${key.name}` });
        return;
      }
      const params = parseParams(configMap.data);
      if ("problem" in params) {
        const message = `${params.problem}; the targets' replicas are left as they are`;
        context.events.record(configMap, { type: "Warning", reason: "InvalidParams", message });
        return;
      }
      for (const { namespace, targets, nodes } of own) {
        const size = observeSize(context, nodes);
        await sizeTargets(configMap, namespace, targets, replicasFor(params, size), size, context);
      }
      return lookAgainAt(context.clock.now() + pollPeriodMs);
    },
  });
}

const keyOf = ({ namespace, configMap }: Installation): ObjectKey => ({ namespace, name: configMap });

async function createDefault(
  installation: Installation,
  { client }: ControllerContext,
): Promise<ConfigMap | undefined> {
  const { namespace, configMap: name, defaultParams } = installation;
  if (!defaultParams) return undefined;
  try {
    return await client.create(ConfigMap, { metadata: { namespace, name }, data: { ...defaultParams } });
  } catch (error) {
    if (isAlreadyExists(error)) return client.find(ConfigMap, { namespace, name });
    throw error;
  }
}
