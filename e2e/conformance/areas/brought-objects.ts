import type { Json } from "../harness/conversation.ts";

const time = "2026-01-01T00:00:00Z";
const ready = (more: object = {}) => ({
  conditions: [
    { type: "Ready", status: "True", reason: "Fine", message: "all is well", lastTransitionTime: time, ...more },
  ],
});
const nodeClassRef = { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "default" };
const zoneIn = (...values: string[]) => ({ key: "topology.kubernetes.io/zone", operator: "In", values });
const pool = (spec: object) => ({ template: { spec: { nodeClassRef, requirements: [], ...spec } } });
const labelled = (labels: object) => ({
  template: { metadata: { labels }, spec: { nodeClassRef, requirements: [] } },
});
const requiring = (...requirements: Json[]) => pool({ requirements });
const taint = { key: "own", value: "me", effect: "NoSchedule" };
const cron = {
  type: "cron",
  metadata: { timezone: "UTC", start: "0 8 * * *", end: "0 18 * * *", desiredReplicas: "3" },
};
const terms = (more: object) => [{ tags: { team: "a" }, ...more }];
const nodeClass = {
  amiSelectorTerms: [{ alias: "al2023@latest" }],
  subnetSelectorTerms: terms({}),
  securityGroupSelectorTerms: terms({}),
  role: "nodes",
};
const scaleTargetRef = { apiVersion: "apps/v1", kind: "Deployment", name: "web" };
const cpuAt = (target: object) => ({ metrics: [{ type: "Resource", resource: { name: "cpu", target } }] });

/** The least that is accepted of each kind. */
export const bases: Readonly<Record<string, Json>> = {
  ScaledObject: { spec: { scaleTargetRef: { name: "web" }, triggers: [cron] } },
  ScaledJob: {
    spec: {
      jobTargetRef: { template: { spec: { restartPolicy: "Never", containers: [{ name: "c", image: "i" }] } } },
      triggers: [cron],
    },
  },
  TriggerAuthentication: { spec: { secretTargetRef: [{ parameter: "p", name: "s", key: "k" }] } },
  ClusterTriggerAuthentication: { spec: { podIdentity: { provider: "aws" } } },
  CloudEventSource: { spec: { destination: { http: { uri: "http://sink" } } } },
  ClusterCloudEventSource: { spec: { destination: { http: { uri: "http://sink" } } } },
  VerticalPodAutoscaler: { spec: { targetRef: scaleTargetRef } },
  VerticalPodAutoscalerCheckpoint: { spec: { vpaObjectName: "web", containerName: "c" } },
  "horizontalpodautoscalers.autoscaling.bellows.dev": { spec: { scaleTargetRef, maxReplicas: 3 } },
  ClusterProportionalAutoscaler: { spec: { targets: [{ name: "dns" }], linear: { nodesPerReplica: 4 } } },
  LoadProfile: {
    spec: {
      target: { kind: "Deployment", name: "web" },
      cpu: { sine: { mean: "100m", amplitude: "50m", period: "1h" } },
    },
  },
  NodePool: { spec: requiring() },
  NodeClaim: { spec: { nodeClassRef, requirements: [] } },
  NodeOverlay: { spec: { requirements: [zoneIn("a")] } },
  EC2NodeClass: { spec: nodeClass },
  Provisioner: { spec: { providerRef: { name: "default" } } },
  Machine: { spec: { machineTemplateRef: { name: "default" }, requirements: [], resources: {} } },
  AWSNodeTemplate: { spec: { subnetSelector: { team: "a" }, securityGroupSelector: { team: "a" } } },
};

/** What is shown in columns once the controllers have been there. */
export const statuses: Readonly<Record<string, Json>> = {
  ScaledObject: {
    ...ready(),
    scaleTargetKind: "apps/v1.Deployment",
    externalMetricNames: ["s0-cron"],
    triggersTypes: "cron",
    authenticationsTypes: "secret",
    hpaName: "keda-hpa-web",
    originalReplicaCount: 1,
    lastActiveTime: time,
  },
  ScaledJob: { ...ready(), triggersTypes: "cron", lastActiveTime: time },
  TriggerAuthentication: { scaledobjects: "a,b" },
  CloudEventSource: { conditions: [{ type: "Active", status: "True", reason: "Fine", message: "on" }] },
  VerticalPodAutoscaler: {
    conditions: [{ type: "RecommendationProvided", status: "True" }],
    recommendation: { containerRecommendations: [{ containerName: "c", target: { cpu: "25m", memory: "250Mi" } }] },
  },
  "horizontalpodautoscalers.autoscaling.bellows.dev": {
    currentReplicas: 1,
    desiredReplicas: 2,
    currentMetrics: [
      { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 70, averageValue: "7m" } } },
    ],
  },
  ClusterProportionalAutoscaler: { ...ready(), nodes: 3, cores: 12, replicas: 1 },
  LoadProfile: { pods: 2, cpu: "200m", memory: "1Gi" },
  NodePool: { ...ready(), resources: { cpu: "4", nodes: "2" }, nodeClassObservedGeneration: 1 },
  NodeClaim: { ...ready(), nodeName: "ip-10-0-0-1", providerID: "aws:///us-east-1a/i-1", imageID: "ami-1" },
  NodeOverlay: ready(),
  EC2NodeClass: { ...ready(), subnets: [{ id: "subnet-1", zone: "us-east-1a" }] },
  Provisioner: { resources: { cpu: "4" }, conditions: [{ type: "Active", status: "True" }] },
};

/** Objects that use much of what there is. */
export const whole: Readonly<Record<string, { readonly kind: string; readonly body: Json }>> = {
  "with everything that is said of scaling": {
    kind: "ScaledObject",
    body: {
      spec: {
        scaleTargetRef: { name: "web", kind: "StatefulSet", apiVersion: "apps/v1", envSourceContainerName: "c" },
        pollingInterval: 10,
        initialCooldownPeriod: 5,
        cooldownPeriod: 60,
        idleReplicaCount: 0,
        minReplicaCount: 1,
        maxReplicaCount: 7,
        advanced: {
          restoreToOriginalReplicaCount: true,
          horizontalPodAutoscalerConfig: {
            name: "mine",
            behavior: {
              scaleDown: { policies: [{ type: "Percent", value: 50, periodSeconds: 15 }], tolerance: "0.05" },
            },
          },
          scalingModifiers: { formula: "a + b", target: "5", activationTarget: "1", metricType: "AverageValue" },
        },
        fallback: { failureThreshold: 3, replicas: 2, behavior: "currentReplicasIfHigher" },
        triggers: [
          { ...cron, name: "a", useCachedMetrics: true, metricType: "AverageValue", authenticationRef: { name: "t" } },
        ],
      },
    },
  },
  "with a fallback of the default behaviour": {
    kind: "ScaledObject",
    body: {
      spec: { scaleTargetRef: { name: "web" }, triggers: [cron], fallback: { failureThreshold: 3, replicas: 2 } },
    },
  },
  "with its strategies": {
    kind: "ScaledJob",
    body: {
      spec: {
        ...bases["ScaledJob"].spec,
        pollingInterval: 30,
        successfulJobsHistoryLimit: 5,
        failedJobsHistoryLimit: 5,
        minReplicaCount: 1,
        maxReplicaCount: 100,
        rollout: { strategy: "gradual", propagationPolicy: "foreground" },
        scalingStrategy: {
          strategy: "custom",
          customScalingQueueLengthDeduction: 1,
          customScalingRunningJobPercentage: "0.5",
        },
      },
    },
  },
  "with each source of secrets": {
    kind: "TriggerAuthentication",
    body: {
      spec: {
        podIdentity: { provider: "azure-workload", identityId: "i" },
        env: [{ parameter: "a", name: "A", containerName: "c" }],
        configMapTargetRef: [{ parameter: "b", name: "m", key: "k" }],
        hashiCorpVault: {
          address: "http://vault",
          authentication: "token",
          credential: { token: "t" },
          secrets: [{ parameter: "v", path: "secret/data/x", key: "k" }],
        },
      },
    },
  },
  "with policies for its containers": {
    kind: "VerticalPodAutoscaler",
    body: {
      spec: {
        targetRef: scaleTargetRef,
        updatePolicy: { updateMode: "InPlaceOrRecreate", minReplicas: 1, evictAfterOOMSeconds: 60 },
        resourcePolicy: {
          containerPolicies: [
            { containerName: "*", minAllowed: { cpu: 1, memory: "50Mi" }, maxAllowed: { cpu: "2500m" } },
          ],
        },
      },
    },
  },
  "with behaviour": {
    kind: "horizontalpodautoscalers.autoscaling.bellows.dev",
    body: {
      spec: {
        scaleTargetRef,
        minReplicas: 2,
        maxReplicas: 9,
        ...cpuAt({ type: "Utilization", averageUtilization: 60 }),
        behavior: {
          scaleUp: { selectPolicy: "Min", policies: [{ type: "Pods", value: 1, periodSeconds: 60 }] },
          scaleDown: {},
        },
      },
    },
  },
  "with a ladder": {
    kind: "ClusterProportionalAutoscaler",
    body: {
      spec: {
        targets: [{ name: "dns", kind: "ReplicaSet" }],
        ladder: {
          nodesToReplicas: [
            [1, 1],
            [5, 2],
          ],
        },
      },
    },
  },
  "with limits, taints and budgets": {
    kind: "NodePool",
    body: {
      spec: {
        template: {
          metadata: { labels: { team: "a" }, annotations: { note: "1" } },
          spec: {
            nodeClassRef,
            taints: [taint],
            startupTaints: [{ key: "slow", effect: "NoExecute" }],
            expireAfter: "Never",
            terminationGracePeriod: "1h",
            requirements: [zoneIn("a", "b"), { key: "karpenter.sh/capacity-type", operator: "In", values: ["spot"] }],
          },
        },
        limits: { cpu: 1000, memory: "1000Gi" },
        weight: 10,
        disruption: {
          consolidateAfter: "30s",
          consolidationPolicy: "WhenEmpty",
          budgets: [{ nodes: "10%" }, { nodes: "0", schedule: "@daily", duration: "8h", reasons: ["Drifted"] }],
        },
      },
    },
  },
  "that is static": { kind: "NodePool", body: { spec: { ...requiring(), replicas: 3, limits: { nodes: 5 } } } },
  "as a pool makes it": {
    kind: "NodeClaim",
    body: {
      spec: {
        nodeClassRef,
        requirements: [{ ...zoneIn("a", "b"), minValues: 2 }],
        resources: { requests: { cpu: "1", pods: "5" } },
        taints: [taint],
        expireAfter: "720h",
      },
    },
  },
  "with a price": {
    kind: "NodeOverlay",
    body: { spec: { requirements: [zoneIn("a")], priceAdjustment: "-10%", weight: 5 } },
  },
  "with disks, metadata and a kubelet": {
    kind: "EC2NodeClass",
    body: {
      spec: {
        ...nodeClass,
        blockDeviceMappings: [
          {
            deviceName: "/dev/xvda",
            rootVolume: true,
            ebs: { volumeSize: "100Gi", volumeType: "gp3", encrypted: true },
          },
        ],
        metadataOptions: { httpTokens: "optional" },
        kubelet: {
          maxPods: 42,
          systemReserved: { cpu: "100m" },
          evictionSoft: { "memory.available": "5%" },
          evictionSoftGracePeriod: { "memory.available": "1m" },
        },
        tags: { team: "a" },
        detailedMonitoring: true,
        userData: "#!/bin/sh",
      },
    },
  },
  "of the old form": {
    kind: "Provisioner",
    body: {
      spec: {
        providerRef: { name: "default" },
        ttlSecondsAfterEmpty: 30,
        ttlSecondsUntilExpired: 2592000,
        limits: { resources: { cpu: 1000 } },
        requirements: [zoneIn("a")],
        labels: { team: "a" },
        taints: [taint],
        consolidation: { enabled: false },
        weight: 5,
      },
    },
  },
};

/** By kind, what is added to the base to have it refused: one rule of CEL each, and some that go together. */
export const refusals: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  ScaledObject: {
    "more at least than at most": { minReplicaCount: 5, maxReplicaCount: 2 },
    "more at least than the default most": { minReplicaCount: 101 },
  },
  "horizontalpodautoscalers.autoscaling.bellows.dev": {
    "fewer at most than at least": { minReplicas: 5 },
    "a target that is none": cpuAt({ type: "Utilization" }),
    "both kinds of target": cpuAt({ type: "Utilization", averageUtilization: 5, averageValue: "1" }),
    "a metric without its source": { metrics: [{ type: "Pods" }] },
    "zero replicas by a resource": { minReplicas: 0, ...cpuAt({ type: "Utilization", averageUtilization: 60 }) },
    "a target without its group": { scaleTargetRef: { kind: "Deployment", name: "web" } },
  },
  VerticalPodAutoscaler: {
    "a boost by a factor without one": { startupBoost: { cpu: { type: "Factor" } } },
    "a boost of two kinds": { startupBoost: { cpu: { type: "Quantity", factor: 2, quantity: "1" } } },
  },
  ClusterProportionalAutoscaler: {
    "both modes": { ladder: { coresToReplicas: [[1, 1]] } },
    "a proportion to nothing": { linear: {} },
    "more at least than at most": { linear: { nodesPerReplica: 1, min: 5, max: 2 } },
    "an empty ladder": { linear: null, ladder: {} },
    "a rung of three": { linear: null, ladder: { coresToReplicas: [[1, 2, 3]] } },
  },
  LoadProfile: { "neither CPU nor memory": { cpu: null } },
  NodePool: {
    "In of nothing": requiring(zoneIn()),
    "greater than a word": requiring({ key: "example.com/size", operator: "Gt", values: ["big"] }),
    "greater than two": requiring({ key: "example.com/size", operator: "Gt", values: ["1", "2"] }),
    "more minimum values than values": requiring({ ...zoneIn("a"), minValues: 2 }),
    "a restricted domain: karpenter.sh": requiring({ key: "karpenter.sh/mine", operator: "Exists" }),
    "a restricted domain: kubernetes.io": requiring({ key: "kubernetes.io/mine", operator: "Exists" }),
    "a restricted domain: karpenter.k8s.aws": requiring({ key: "karpenter.k8s.aws/mine", operator: "Exists" }),
    "its own label": requiring({ key: "karpenter.sh/nodepool", operator: "In", values: ["x"] }),
    "the hostname": requiring({ key: "kubernetes.io/hostname", operator: "In", values: ["x"] }),
    "an unknown operator": requiring({ key: "example.com/size", operator: "Near", values: ["1"] }),
    "a label of Karpenter's": labelled({ "karpenter.sh/mine": "x" }),
    "a label of the hostname": labelled({ "kubernetes.io/hostname": "x" }),
    "a label's value": labelled({ team: "a b" }),
    "a class without a name": pool({ nodeClassRef: { ...nodeClassRef, name: "" } }),
    "a taint without effect": pool({ taints: [{ key: "own" }] }),
    "an expiry of a wrong form": pool({ expireAfter: "soon" }),
    "a schedule without a duration": {
      disruption: { consolidateAfter: "0s", budgets: [{ nodes: "1", schedule: "@daily" }] },
    },
    "a budget of a wrong form": { disruption: { consolidateAfter: "0s", budgets: [{ nodes: "few" }] } },
    "a reason that is none": { disruption: { consolidateAfter: "0s", budgets: [{ nodes: "1", reasons: ["Mood"] }] } },
    "an unknown policy": { disruption: { consolidateAfter: "0s", consolidationPolicy: "Never" } },
    "a weight beyond": { weight: 101 },
    "a static pool with a weight": { replicas: 1, weight: 5 },
    "a static pool with a limit of CPU": { replicas: 1, limits: { cpu: "5" } },
  },
  NodeClaim: {
    "In of nothing": { requirements: [zoneIn()] },
    "a restricted domain": { requirements: [{ key: "karpenter.sh/mine", operator: "Exists" }] },
    "a kind without a name": { nodeClassRef: { ...nodeClassRef, kind: "" } },
  },
  NodeOverlay: {
    "both a price and a change of it": { price: "1.0", priceAdjustment: "+1" },
    "CPU as an extra": { capacity: { cpu: "1" } },
    "In of nothing": { requirements: [zoneIn()] },
    "NotIn of nothing": { requirements: [{ key: "x", operator: "NotIn", values: [] }] },
  },
  EC2NodeClass: {
    "no subnets": { subnetSelectorTerms: [] },
    "an empty term": { subnetSelectorTerms: [{}] },
    "an id and tags": { subnetSelectorTerms: terms({ id: "subnet-12345749" }) },
    "no security groups": { securityGroupSelectorTerms: [] },
    "a group's name and tags": { securityGroupSelectorTerms: terms({ name: "x" }) },
    "a tag without a value": { subnetSelectorTerms: [{ tags: { team: "" } }] },
    "an alias of a wrong form": { amiSelectorTerms: [{ alias: "al2023" }] },
    "an alias of an unknown family": { amiSelectorTerms: [{ alias: "dos@latest" }] },
    "Windows of a version": { amiSelectorTerms: [{ alias: "windows2022@1" }] },
    "an alias beside others": { amiSelectorTerms: [{ alias: "al2023@latest" }, { id: "ami-12345749" }] },
    "an alias and an id": { amiSelectorTerms: [{ alias: "al2023@latest", id: "ami-12345749" }] },
    "a role and a profile": { instanceProfile: "x" },
    "neither role nor profile": { role: null },
    "an empty role": { role: "" },
    "a disk of no size": { blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: {} }] },
    "two root disks": {
      blockDeviceMappings: ["a", "b"].map((at) => ({
        deviceName: `/dev/xvd${at}`,
        rootVolume: true,
        ebs: { volumeSize: "1Gi" },
      })),
    },
    "tags of Karpenter's": { tags: { "karpenter.sh/nodepool": "x" } },
    "tags of the cluster": { tags: { "kubernetes.io/cluster/x": "owned" } },
    "a family that is not the alias's": { amiFamily: "Bottlerocket" },
  },
};

/** Changes of an object, in which rules look at what was before. */
export const changes: Readonly<
  Record<string, { readonly kind: string; readonly from?: object; readonly to: readonly Json[] }>
> = {
  "its spec stays as it is": { kind: "NodeClaim", to: [{ expireAfter: "1h" }, { requirements: [zoneIn("a")] }, {}] },
  "it stays static": { kind: "NodePool", from: { replicas: 1 }, to: [{ replicas: 2 }, { replicas: null }] },
  "it stays dynamic": { kind: "NodePool", to: [{ replicas: 2 }, { weight: 7 }] },
  "its class may be another, not of another kind": {
    kind: "NodePool",
    to: [{ name: "b" }, { kind: "Other" }, { group: "other.example.com" }].map((to) => ({
      template: { spec: { nodeClassRef: { ...nodeClassRef, ...to } } },
    })),
  },
  "a role may change, not into a profile": {
    kind: "EC2NodeClass",
    to: [{ role: "others" }, { role: null, instanceProfile: "x" }],
  },
  "what is null goes back to its default": {
    kind: "ClusterProportionalAutoscaler",
    from: { linear: { nodesPerReplica: 4, min: 3 } },
    to: [{ linear: { min: null } }, { linear: null }, { targets: [] }],
  },
  "bounds are compared as they become": {
    kind: "ScaledObject",
    from: { minReplicaCount: 2, maxReplicaCount: 5 },
    to: [
      { minReplicaCount: 6 },
      { minReplicaCount: 6, maxReplicaCount: 8 },
      { maxReplicaCount: null, minReplicaCount: 99 },
    ],
  },
};
