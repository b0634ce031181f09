import { ConfigMap, type DecisionSubject, Deployment, type KubernetesObject } from "@bellows/api";
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
import { Corrections } from "./corrections.ts";
import { type Params, parseParams } from "./engine/params.ts";
import type { Target } from "./engine/target.ts";
import { decide, explainer, withAction } from "./explain.ts";
import { flagsOfDeployment, type Installation, installationOf } from "./installation.ts";
import { nodesThatCount } from "./node-watch.ts";
import { observeSize, sizeTargets } from "./proportional.ts";
import { RunningAutoscalers } from "./running-autoscalers.ts";

export interface ConfigMapControllerOptions {
  /** Autoscalers that this process was started for. */
  readonly installations?: readonly Installation[];
  /**
   * Takes Deployments of the upstream image, and of this chart, for installations, by their flags: only where nothing
   * else runs them, as in the sandbox.
   */
  readonly adoptDeployments?: boolean;
  /** Longest time until a target that somebody else scaled is put right; default 10 s, as upstream's poll period. */
  readonly pollPeriodMs?: number;
  /** Size targets that a Deployment of upstream's image sizes, too. */
  readonly ignoreNeighbours?: boolean;
  /** Called with the outcome of each sync: what went wrong, or nothing. */
  readonly onSync?: (problem: string | undefined) => void;
}

/**
 * Keeps workloads at replicas proportional to the cluster, by upstream's ConfigMap. Acts on the node event itself, and on
 * a change of the ConfigMap; while that can't be used, what it said last counts. Writes: the targets' scale, the
 * ConfigMap where default parameters are given and it is missing, Events.
 */
export function configMapController(options: ConfigMapControllerOptions = {}): Controller {
  const { installations = [], adoptDeployments = false, pollPeriodMs = 10_000, onSync = () => {} } = options;
  // Those that are adopted are no rivals.
  const ignoreNeighbours = options.ignoreNeighbours ?? adoptDeployments;
  const others = new RunningAutoscalers("upstream");
  const explain = explainer();
  const corrections = new Corrections(pollPeriodMs);
  /** The last parameters that could be used, by the ConfigMap's key. */
  const lastGood = new Map<string, Params>();
  const missing = new Set<string>();

  const adopted = ({ cache }: ControllerContext) =>
    adoptDeployments
      ? cache.list(Deployment).flatMap((deployment) => {
          const flags = flagsOfDeployment(deployment);
          const installation = flags && installationOf(flags);
          return installation && !("problem" in installation) ? [installation] : [];
        })
      : [];

  const all = (context: ControllerContext): Installation[] => [...installations, ...adopted(context)];

  /** A Deployment matters as an installation, and as a target. */
  function keysOfDeployment(deployment: Deployment, context: ControllerContext): ObjectKey[] {
    others.note(deployment, context.cache);
    const { name, namespace } = deployment.metadata;
    const flags = adoptDeployments ? flagsOfDeployment(deployment) : undefined;
    const installation = flags && installationOf(flags);
    if (installation && "problem" in installation)
      context.events.record(deployment, { type: "Warning", reason: "InvalidFlags", message: installation.problem });
    const asTarget = all(context).filter(
      (each) =>
        each.namespace === namespace &&
        each.targets.some((target) => target.kind === Deployment.kind && target.name === name),
    );
    return [...(installation && !("problem" in installation) ? [installation] : []), ...asTarget].map(keyOf);
  }

  /** What the ConfigMap says; where that can't be used, what it said before. */
  function paramsOf(
    configMap: ConfigMap,
    id: string,
    { events }: ControllerContext,
  ): { params?: Params; problem?: string } {
    const read = parseParams(configMap.data);
    const warn = (reason: string, message: string) => events.record(configMap, { type: "Warning", reason, message });
    if ("problem" in read) {
      const params = lastGood.get(id);
      const then = params ? "the parameters before it stay in force" : "the targets' replicas are left as they are";
      warn("InvalidParams", `${read.problem}; ${then}`);
      return { ...(params && { params }), problem: read.problem };
    }
    for (const message of read.unknown) warn("UnknownParam", message);
    lastGood.set(id, read.params);
    return { params: read.params };
  }

  /** Leaves out what an autoscaler of upstream's sizes: two would undo each other's work for ever. */
  function shareOut(configMap: ConfigMap, namespace: string, named: readonly Target[], { events }: ControllerContext) {
    const taken: string[] = [];
    const targets = named.filter((target) => {
      const owner = ignoreNeighbours ? undefined : others.ownerOf(namespace, target);
      if (owner === undefined) return true;
      const message = `${target.kind}/${target.name} is a target of ${owner}, too; scale that to 0`;
      events.record(configMap, { type: "Warning", reason: "AmbiguousTarget", message });
      taken.push(message);
      return false;
    });
    return { targets, taken };
  }

  async function sync(own: readonly Installation[], key: ObjectKey, context: ControllerContext): Promise<string[]> {
    const id = `${key.namespace}/${key.name}`;
    const configMap = context.cache.get(ConfigMap, key) ?? (await createDefault(own, context));
    if (!configMap) {
      if (!missing.has(id)) context.log.warn("configmap not found", { ConfigMap: id });
      missing.add(id);
      lastGood.delete(id);
      return [`configmaps "${key.name}" not found`];
    }
    missing.delete(id);
    const { params, problem } = paramsOf(configMap, id, context);
    const problems = problem === undefined ? [] : [problem];
    if (!params) return problems;
    for (const { namespace, targets: named, nodes } of own) {
      const size = observeSize(context, nodes);
      const { targets, taken } = shareOut(configMap, namespace, named, context);
      problems.push(...taken);
      const { record, replicas } = decide(subjectOf(key, configMap), undefined, params, size, context.clock.now());
      const sizing = { subject: configMap as KubernetesObject, decisionId: record.id, namespace, targets, replicas };
      const sized = await sizeTargets({ ...sizing, size, cached: [Deployment], corrections }, context);
      explain(withAction(record, replicas, sized), configMap, context);
      const failed = sized.filter(({ reason }) => reason !== "ScaledByAnother");
      problems.push(...failed.flatMap((each) => each.problem ?? []));
    }
    return problems;
  }

  return controller({
    name: "cluster-proportional-autoscaler",
    watches: [
      self(ConfigMap),
      nodesThatCount((context) => all(context).map(keyOf)),
      mapped(Deployment, keysOfDeployment),
    ],
    start(context) {
      for (const installation of installations) context.enqueue(keyOf(installation));
    },
    async reconcile(key, context) {
      const own = all(context).filter((each) => each.namespace === key.namespace && each.configMap === key.name);
      if (own.length === 0) return;
      try {
        const problems = await sync(own, key, context);
        if (context.signal.aborted) return;
        onSync(problems.length === 0 ? undefined : problems.join("; "));
      } catch (error) {
        onSync(error instanceof Error ? error.message : String(error));
        throw error;
      }
      return lookAgainAt(context.clock.now() + pollPeriodMs);
    },
  });
}

const keyOf = ({ namespace, configMap }: Installation): ObjectKey => ({ namespace, name: configMap });

const subjectOf = (key: ObjectKey, { metadata: { uid } }: ConfigMap): DecisionSubject => ({
  apiVersion: ConfigMap.apiVersion,
  kind: ConfigMap.kind,
  ...key,
  ...(uid && { uid }),
});

/** Makes the ConfigMap that is missing, as upstream does with `--default-params`. */
async function createDefault(
  own: readonly Installation[],
  { client, log }: ControllerContext,
): Promise<ConfigMap | undefined> {
  const installation = own.find(({ defaultParams }) => defaultParams !== undefined);
  if (!installation?.defaultParams) return undefined;
  const { namespace, configMap: name, defaultParams } = installation;
  try {
    const created = await client.create(ConfigMap, { metadata: { namespace, name }, data: { ...defaultParams } });
    log.info("created configmap with default params", { ConfigMap: `${namespace}/${name}` });
    return created;
  } catch (error) {
    if (isAlreadyExists(error)) return client.find(ConfigMap, { namespace, name });
    throw error;
  }
}
