import { describe, expect, test } from "vitest";
import { nodeClassOfNodeTemplate, nodeClassOfProvisioner } from "../karpenter-aws/node-template-conversion.ts";
import { nodePoolOfProvisioner, provisionerProblems } from "./provisioner-conversion.ts";

const metadata = { name: "default" };
const linuxAmd64OnDemand = [
  { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
  { key: "kubernetes.io/arch", operator: "In", values: ["amd64"] },
  { key: "karpenter.sh/capacity-type", operator: "In", values: ["on-demand"] },
];

describe("the NodePool that a Provisioner stands for", () => {
  test("has what Karpenter filled in, and takes nothing away unless told to", () => {
    const pool = nodePoolOfProvisioner({ metadata, spec: { providerRef: { name: "demo" } } });
    expect(pool.spec).toEqual({
      template: {
        metadata: { labels: { "karpenter.sh/provisioner-name": "default" } },
        spec: {
          nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "demo" },
          requirements: [
            ...linuxAmd64OnDemand,
            { key: "karpenter.k8s.aws/instance-category", operator: "In", values: ["c", "m", "r"] },
            { key: "karpenter.k8s.aws/instance-generation", operator: "Gt", values: ["2"] },
          ],
          expireAfter: "Never",
        },
      },
      disruption: { consolidationPolicy: "WhenEmpty", consolidateAfter: "Never", budgets: [{ nodes: "100%" }] },
    });
  });

  test("keeps the requirements that are given, old labels by their new names", () => {
    const requirements = [
      { key: "beta.kubernetes.io/arch", operator: "In", values: ["arm64"] },
      { key: "karpenter.sh/capacity-type", operator: "In", values: ["spot"] },
      { key: "node.kubernetes.io/instance-type", operator: "In", values: ["c6g.large"] },
    ];
    const pool = nodePoolOfProvisioner({ metadata, spec: { providerRef: { name: "demo" }, requirements } });
    expect(pool.spec.template.spec.requirements).toEqual([
      { key: "kubernetes.io/arch", operator: "In", values: ["arm64"] },
      requirements[1],
      requirements[2],
      { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
    ]);
  });

  test.each([
    [{ ttlSecondsAfterEmpty: 30 }, "WhenEmpty", "30s"],
    [{ consolidation: { enabled: true } }, "WhenEmptyOrUnderutilized", "0s"],
    [{ consolidation: { enabled: false } }, "WhenEmpty", "Never"],
  ])("%j", (spec, consolidationPolicy, consolidateAfter) => {
    const pool = nodePoolOfProvisioner({ metadata, spec: { providerRef: { name: "demo" }, ...spec } });
    expect(pool.spec.disruption).toMatchObject({ consolidationPolicy, consolidateAfter });
  });

  test("takes over labels, taints, limits, weight, age and the kubelet's settings", () => {
    const pool = nodePoolOfProvisioner({
      metadata,
      spec: {
        providerRef: { name: "demo" },
        labels: { team: "a" },
        annotations: { note: "b" },
        taints: [{ key: "team", value: "a", effect: "NoSchedule" }],
        limits: { resources: { cpu: "1000", memory: "1000Gi" } },
        weight: 10,
        ttlSecondsUntilExpired: 2_592_000,
        kubeletConfiguration: { maxPods: 20 },
      },
    });
    expect(pool.spec).toMatchObject({
      limits: { cpu: "1000", memory: "1000Gi" },
      weight: 10,
      template: {
        metadata: { labels: { team: "a" }, annotations: { note: "b" } },
        spec: { expireAfter: "2592000s", taints: [{ key: "team", value: "a", effect: "NoSchedule" }] },
      },
    });
    expect(pool.metadata.annotations).toEqual({
      "bellows.dev/converted-from": "Provisioner.karpenter.sh",
      "compatibility.karpenter.sh/v1beta1-kubelet-conversion": '{"maxPods":20}',
    });
  });
});

test.each([
  [{}, "expected exactly one, got neither: spec.provider, spec.providerRef"],
  [{ provider: {}, providerRef: { name: "a" } }, "expected exactly one, got both: spec.provider, spec.providerRef"],
  [
    { providerRef: { name: "a" }, consolidation: { enabled: true }, ttlSecondsAfterEmpty: 30 },
    "expected exactly one, got both: spec.consolidation.enabled, spec.ttlSecondsAfterEmpty",
  ],
  [
    { providerRef: { name: "a" }, ttlSecondsUntilExpired: -1 },
    "invalid value: cannot be negative: spec.ttlSecondsUntilExpired",
  ],
  [
    { providerRef: { name: "a" }, requirements: [{ key: "cores", operator: "Gt", values: ["x"] }] },
    "invalid value: key cores with operator Gt must have a single positive integer value: spec.requirements[0]",
  ],
])("a Provisioner is refused: %j", (spec, problem) => {
  expect(provisionerProblems({ metadata, spec })).toEqual([problem]);
});

describe("the EC2NodeClass that an AWSNodeTemplate stands for", () => {
  test("finds by tags what the selectors found, and launches from AL2", () => {
    const nodeClass = nodeClassOfNodeTemplate(
      {
        metadata,
        spec: {
          subnetSelector: { "karpenter.sh/discovery": "demo", Name: "a, b" },
          securityGroupSelector: { "aws-ids": "sg-1,sg-2" },
        },
      },
      "KarpenterNodeInstanceProfile-demo",
    );
    expect(nodeClass.spec).toEqual({
      subnetSelectorTerms: [
        { tags: { Name: "a", "karpenter.sh/discovery": "demo" } },
        { tags: { Name: "b", "karpenter.sh/discovery": "demo" } },
      ],
      securityGroupSelectorTerms: [{ id: "sg-1" }, { id: "sg-2" }],
      amiSelectorTerms: [{ alias: "al2@latest" }],
      instanceProfile: "KarpenterNodeInstanceProfile-demo",
      metadataOptions: {
        httpEndpoint: "enabled",
        httpProtocolIPv6: "disabled",
        httpPutResponseHopLimit: 2,
        httpTokens: "required",
      },
    });
  });

  test("takes images by name and owner, and volumes in sizes that v1 knows", () => {
    const nodeClass = nodeClassOfNodeTemplate({
      metadata,
      spec: {
        amiFamily: "Bottlerocket",
        amiSelector: { "aws::name": "my-ami-*", "aws::owners": "self,amazon" },
        instanceProfile: "mine",
        blockDeviceMappings: [
          { deviceName: "/dev/xvda", ebs: { volumeSize: "100Gi", volumeType: "gp3", encrypted: true } },
          { deviceName: "/dev/xvdb", ebs: { volumeSize: "2500Mi" } },
        ],
      },
    });
    expect(nodeClass.spec).toMatchObject({
      amiFamily: "Bottlerocket",
      amiSelectorTerms: [
        { name: "my-ami-*", owner: "self" },
        { name: "my-ami-*", owner: "amazon" },
      ],
      instanceProfile: "mine",
      blockDeviceMappings: [
        { deviceName: "/dev/xvda", ebs: { volumeSize: "100Gi", volumeType: "gp3", encrypted: true } },
        { deviceName: "/dev/xvdb", ebs: { volumeSize: "3Gi" } },
      ],
    });
  });

  test("can't have a launch template of its own", () => {
    expect(() => nodeClassOfNodeTemplate({ metadata, spec: { launchTemplate: "mine" } })).toThrow(
      'spec.launchTemplate: "mine", expected none: can\'t be converted',
    );
  });

  test("may stand in a Provisioner", () => {
    const provisioner = { metadata, spec: { provider: { subnetSelector: { a: "b" }, instanceProfile: "mine" } } };
    expect(nodeClassOfProvisioner(provisioner)).toMatchObject({
      metadata: { name: "default" },
      spec: { subnetSelectorTerms: [{ tags: { a: "b" } }], instanceProfile: "mine" },
    });
    expect(nodePoolOfProvisioner(provisioner).spec.template.spec.nodeClassRef.name).toBe("default");
  });
});
