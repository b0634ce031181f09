import { ConfigMap, Deployment, EC2NodeClass, HorizontalPodAutoscaler, Node, ScaledObject } from "@bellows/api";
import type { Client } from "@bellows/kube";
import type { SuiteContext } from "../suite.ts";
import { waitFor } from "../suites/waiting.ts";

export const namespace = "default";

/** A controller as a process, with something small that shows that it acts. */
export interface Subject {
  readonly controller: string;
  readonly args: readonly string[];
  /** What it acts on. */
  readonly prepare?: (client: Client) => Promise<void>;
  /** Changes something, each time something else; throws where the controller does not follow. */
  readonly acts: (context: SuiteContext) => Promise<void>;
  /** What must be there with it; the same after `acts` has run. */
  readonly clear: (client: Client) => Promise<void>;
}

const common = ["--leader-elect=false", "--ignore-neighbours"];

const workload = (name: string): Deployment => {
  const labels = { app: name };
  return {
    metadata: { name, namespace },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: "pause", image: "registry.k8s.io/pause:3.10" }] },
      },
    },
  } as Deployment;
};

const replicasAre = (name: string, wanted: number, context: SuiteContext) =>
  waitFor(
    `replicas of ${name}`,
    async () => {
      const { spec } = await context.controlPlane.client.get(Deployment, { namespace, name });
      return spec?.replicas === wanted || `${spec?.replicas}, expected ${wanted}`;
    },
    context,
    120_000,
  );

/** A node more is a replica more; only nodes that nobody else makes are counted. */
function cpa(): Subject {
  const name = "bellows-e2e-proportional";
  const labels = { "bellows-e2e/robustness": "true" };
  const nodes: string[] = [];
  return {
    controller: "cpa",
    args: [
      ...common,
      `--target=deployment/${name}`,
      `--configmap=${name}`,
      `--namespace=${namespace}`,
      "--nodelabels=bellows-e2e/robustness=true",
    ],
    async prepare(client) {
      await client.create(Deployment, workload(name));
      const linear = JSON.stringify({ nodesPerReplica: 1, min: 0, includeUnschedulableNodes: true });
      await client.create(ConfigMap, { metadata: { name, namespace }, data: { linear } });
    },
    async acts(context) {
      const node = `bellows-e2e-${nodes.length + 1}`;
      nodes.push(node);
      await context.controlPlane.client.create(Node, { metadata: { name: node, labels } } as Node);
      await replicasAre(name, nodes.length, context);
    },
    async clear(client) {
      await client.delete(Deployment, { namespace, name });
      await client.delete(ConfigMap, { namespace, name });
      for (const node of nodes) await client.delete(Node, { name: node });
    },
  };
}

/** Replicas follow `minReplicas`. */
function hpa(): Subject {
  const name = "bellows-e2e-hpa";
  let least = 1;
  return {
    controller: "hpa",
    args: [...common, "--horizontal-pod-autoscaler-sync-period=1s"],
    async prepare(client) {
      await client.create(Deployment, {
        ...workload(name),
        spec: { ...workload(name).spec, replicas: 1 },
      } as Deployment);
      const target = { type: "Utilization", averageUtilization: 50 };
      await client.create(HorizontalPodAutoscaler, {
        metadata: { name, namespace },
        spec: {
          scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
          minReplicas: 1,
          maxReplicas: 30,
          metrics: [{ type: "Resource", resource: { name: "cpu", target } }],
        },
      } as HorizontalPodAutoscaler);
    },
    async acts(context) {
      const body = { spec: { minReplicas: ++least } };
      await context.controlPlane.client.patch(HorizontalPodAutoscaler, { namespace, name }, { type: "merge", body });
      await replicasAre(name, least, context);
    },
    async clear(client) {
      await client.delete(HorizontalPodAutoscaler, { namespace, name });
      await client.delete(Deployment, { namespace, name });
    },
  };
}

/** The HPA of a ScaledObject follows its `maxReplicaCount`. */
function eventScaler(): Subject {
  const name = "bellows-e2e-events";
  let most = 5;
  return {
    controller: "event-scaler",
    args: [...common, "--secure-port=0", "--register-api-service=false", "--register-webhooks=false"],
    async prepare(client) {
      await client.create(Deployment, workload(name));
      const metadata = { timezone: "UTC", start: "0 0 * * *", end: "1 0 * * *", desiredReplicas: "1" };
      await client.create(ScaledObject, {
        metadata: { name, namespace },
        spec: {
          scaleTargetRef: { name },
          minReplicaCount: 1,
          maxReplicaCount: most,
          triggers: [{ type: "cron", metadata }],
        },
      } as ScaledObject);
    },
    async acts(context) {
      const { client } = context.controlPlane;
      const body = { spec: { maxReplicaCount: ++most } };
      await client.patch(ScaledObject, { namespace, name }, { type: "merge", body });
      await waitFor(
        "the HPA of the ScaledObject",
        async () => {
          const found = await client.find(HorizontalPodAutoscaler, { namespace, name: `keda-hpa-${name}` });
          return found?.spec?.maxReplicas === most || `maxReplicas ${found?.spec?.maxReplicas}, expected ${most}`;
        },
        context,
        120_000,
      );
    },
    async clear(client) {
      await client.patch(
        ScaledObject,
        { namespace, name },
        { type: "merge", body: { metadata: { finalizers: null } } },
      );
      await client.delete(ScaledObject, { namespace, name });
      await client.delete(Deployment, { namespace, name });
    },
  };
}

/** An EC2NodeClass that is new gets its conditions. */
function nodeProvisioner(): Subject {
  const names: string[] = [];
  const terms = [{ tags: { "karpenter.sh/discovery": "bellows-e2e" } }];
  return {
    controller: "node-provisioner",
    args: [
      ...common,
      "--cloud=simulated",
      "--cluster-name=bellows-e2e",
      "--webhook-port=0",
      "--register-conversion=false",
    ],
    async acts(context) {
      const { client } = context.controlPlane;
      const name = `bellows-e2e-${names.length + 1}`;
      names.push(name);
      await client.create(EC2NodeClass, {
        metadata: { name },
        spec: {
          role: "node",
          amiSelectorTerms: [{ alias: "al2023@latest" }],
          subnetSelectorTerms: terms,
          securityGroupSelectorTerms: terms,
        },
      } as unknown as EC2NodeClass);
      await waitFor(
        `the conditions of EC2NodeClass ${name}`,
        async () => {
          const { status } = await client.get(EC2NodeClass, { name });
          return status?.conditions?.some(({ type }) => type === "Ready") || "none";
        },
        context,
        120_000,
      );
    },
    async clear(client) {
      for (const name of names) {
        await client.patch(EC2NodeClass, { name }, { type: "merge", body: { metadata: { finalizers: null } } });
        await client.delete(EC2NodeClass, { name });
      }
    },
  };
}

/** Every controller that writes to the cluster. */
export const subjects: readonly Subject[] = [cpa(), hpa(), eventScaler(), nodeProvisioner()];
