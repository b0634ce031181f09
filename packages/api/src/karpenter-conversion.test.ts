import { expect, test } from "vitest";
import { answerConversionReview, convertKarpenter } from "./karpenter-conversion.ts";
import type { KubernetesObject } from "./kind.ts";

const oldPool = {
  apiVersion: "karpenter.sh/v1beta1",
  kind: "NodePool",
  metadata: { name: "default", labels: { a: "b" } },
  spec: {
    template: {
      metadata: { labels: { team: "a" } },
      spec: {
        kubelet: { maxPods: 20 },
        nodeClassRef: { apiVersion: "karpenter.k8s.aws/v1beta1", kind: "EC2NodeClass", name: "default" },
        requirements: [{ key: "kubernetes.io/arch", operator: "In", values: ["amd64"] }],
        taints: [{ key: "a", effect: "NoSchedule" }],
      },
    },
    disruption: { consolidationPolicy: "WhenUnderutilized", expireAfter: "720h", budgets: [{ nodes: "10%" }] },
    limits: { cpu: 10 },
    weight: 3,
  },
};

test("a NodePool becomes v1, and what v1 has no field for becomes annotations", () => {
  expect(convertKarpenter(oldPool, "karpenter.sh/v1")).toEqual({
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: {
      name: "default",
      labels: { a: "b" },
      annotations: {
        "compatibility.karpenter.sh/v1beta1-kubelet-conversion": '{"maxPods":20}',
        "compatibility.karpenter.sh/v1beta1-nodeclass-reference":
          '{"apiVersion":"karpenter.k8s.aws/v1beta1","kind":"EC2NodeClass","name":"default"}',
      },
    },
    spec: {
      template: {
        metadata: { labels: { team: "a" } },
        spec: {
          nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "default" },
          requirements: [{ key: "kubernetes.io/arch", operator: "In", values: ["amd64"] }],
          taints: [{ key: "a", effect: "NoSchedule" }],
          expireAfter: "720h",
        },
      },
      disruption: {
        consolidationPolicy: "WhenEmptyOrUnderutilized",
        consolidateAfter: "0s",
        budgets: [{ nodes: "10%" }],
      },
      limits: { cpu: 10 },
      weight: 3,
    },
  });
});

const claim = (disruption: object) => ({ ...oldPool, spec: { ...oldPool.spec, disruption } });

type Versioned = KubernetesObject & { apiVersion: string; spec: unknown; status?: unknown };

const roundTrips: [string, Versioned][] = [
  ["a NodePool", oldPool],
  [
    "a NodePool of empty nodes",
    claim({ consolidationPolicy: "WhenEmpty", consolidateAfter: "30s", expireAfter: "Never", budgets: [] }),
  ],
  [
    "a NodeClaim",
    {
      apiVersion: "karpenter.sh/v1beta1",
      kind: "NodeClaim",
      metadata: { name: "default-x7k2p" },
      spec: { nodeClassRef: { name: "default" }, requirements: [], resources: { requests: { cpu: "1" } } },
      status: { nodeName: "n1", providerID: "aws:///us-east-1a/i-1" },
    },
  ],
  ...[
    { amiFamily: "AL2" },
    { amiFamily: "Custom", amiSelectorTerms: [{ id: "ami-1" }] },
    { amiFamily: "AL2023", amiSelectorTerms: [{ tags: { a: "b" } }] },
    { amiFamily: "Ubuntu" },
    {
      amiFamily: "Ubuntu",
      amiSelectorTerms: [{ name: "ubuntu-*" }],
      blockDeviceMappings: [{ deviceName: "/dev/sda1" }],
    },
  ].map((spec): [string, Versioned] => [
    `an EC2NodeClass with ${JSON.stringify(spec)}`,
    {
      apiVersion: "karpenter.k8s.aws/v1beta1",
      kind: "EC2NodeClass",
      metadata: { name: "default" },
      spec: {
        ...spec,
        role: "r",
        subnetSelectorTerms: [{ id: "subnet-1" }],
        securityGroupSelectorTerms: [{ name: "nodes" }],
        metadataOptions: {
          httpEndpoint: "enabled",
          httpProtocolIPv6: "disabled",
          httpPutResponseHopLimit: 2,
          httpTokens: "required",
        },
        tags: { a: "b" },
      },
    },
  ]),
];

test.each(roundTrips)("%s comes back from v1 as it was", (_name, object) => {
  const v1 = object.apiVersion.replace("v1beta1", "v1");
  expect(convertKarpenter(convertKarpenter(object, v1), object.apiVersion)).toEqual(object);
});

test("an alias of a version comes back from v1beta1", () => {
  const nodeClass = {
    apiVersion: "karpenter.k8s.aws/v1",
    kind: "EC2NodeClass",
    metadata: { name: "default" },
    spec: {
      amiSelectorTerms: [{ alias: "al2023@v20250505" }],
      role: "r",
      subnetSelectorTerms: [{ id: "subnet-1" }],
      securityGroupSelectorTerms: [{ id: "sg-1" }],
      metadataOptions: {},
    },
  };
  const old = convertKarpenter(nodeClass, "karpenter.k8s.aws/v1beta1");
  expect(old.metadata.annotations).toEqual({ "compatibility.karpenter.k8s.aws/v1-alias-version": "v20250505" });
  expect(convertKarpenter(old, "karpenter.k8s.aws/v1")).toEqual(nodeClass);
});

test("a version that is not known is refused", () => {
  expect(() => convertKarpenter(oldPool, "karpenter.sh/v2")).toThrow(
    "karpenter.sh/v1beta1 NodePool: can't be converted to karpenter.sh/v2",
  );
  expect(convertKarpenter(oldPool, "karpenter.sh/v1beta1")).toBe(oldPool);
});

test("a ConversionReview is answered with all objects, or with what went wrong", () => {
  const review = (desiredAPIVersion: string) =>
    answerConversionReview({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "ConversionReview",
      request: { uid: "u", desiredAPIVersion, objects: [oldPool, oldPool] },
    }).response;
  expect(review("karpenter.sh/v1")).toMatchObject({
    uid: "u",
    convertedObjects: [{ apiVersion: "karpenter.sh/v1" }, { apiVersion: "karpenter.sh/v1" }],
    result: { status: "Success" },
  });
  expect(review("karpenter.sh/v9")).toEqual({
    uid: "u",
    convertedObjects: [],
    result: { status: "Failure", message: "karpenter.sh/v1beta1 NodePool: can't be converted to karpenter.sh/v9" },
  });
});

test("what the API server has not filled in yet is not missed", () => {
  const { disruption: _none, ...spec } = oldPool.spec;
  expect(convertKarpenter({ ...oldPool, spec } as Versioned, "karpenter.sh/v1")).toMatchObject({
    spec: {
      template: { spec: { expireAfter: "720h" } },
      disruption: { consolidationPolicy: "WhenEmptyOrUnderutilized", budgets: [{ nodes: "10%" }] },
    },
  });
});
