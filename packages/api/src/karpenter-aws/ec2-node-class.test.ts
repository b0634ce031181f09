import { describe, expect, test } from "vitest";
import { formatProblem, readObject } from "../read-object.ts";
import type { StructuralSchema } from "../structural-schema.ts";
import { EC2NodeClass } from "./ec2-node-class.ts";

const terms = [{ tags: { "karpenter.sh/discovery": "demo" } }];
const nodeClass = (spec: object = {}) => ({
  metadata: { name: "default" },
  spec: {
    role: "KarpenterNodeRole-demo",
    amiSelectorTerms: [{ alias: "al2023@latest" }],
    subnetSelectorTerms: terms,
    securityGroupSelectorTerms: terms,
    ...spec,
  },
});
const problems = (object: unknown) => {
  const result = readObject(EC2NodeClass, object);
  return result.ok ? [] : result.problems.map(formatProblem);
};
const volume = (ebs: object) => nodeClass({ blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs }] });

test("an EC2NodeClass gets the metadata options that Karpenter launches with", () => {
  const result = readObject(EC2NodeClass, nodeClass());
  expect(result.ok && result.object.spec?.metadataOptions).toEqual({
    httpEndpoint: "enabled",
    httpProtocolIPv6: "disabled",
    httpPutResponseHopLimit: 1,
    httpTokens: "required",
  });
});

describe("an EC2NodeClass is accepted with", () => {
  test.each([
    ["nothing more", nodeClass()],
    ["any setting of the kubelet", nodeClass({ kubelet: { maxPods: 110, whatever: { is: ["new"] } } })],
    ["a volume of 59000Gi", volume({ volumeSize: "59000Gi" })],
    ["a volume of 58Ti", volume({ volumeSize: "58Ti" })],
    ["an image by id", nodeClass({ amiFamily: "AL2023", amiSelectorTerms: [{ id: "ami-0123" }] })],
    ["an image by SSM parameter", nodeClass({ amiFamily: "Custom", amiSelectorTerms: [{ ssmParameter: "/my/ami" }] })],
    ["a capacity reservation", nodeClass({ capacityReservationSelectorTerms: [{ id: "cr-0123" }] })],
    ["local disks as one", nodeClass({ instanceStorePolicy: "RAID0" })],
    ["no spec at all, as the upstream definition has it", { metadata: { name: "a" } }],
  ])("%s", (_name, object) => {
    expect(problems(object)).toEqual([]);
  });
});

describe("an EC2NodeClass is refused with", () => {
  test.each([
    ["no images", nodeClass({ amiSelectorTerms: [] }), "spec.amiSelectorTerms: [], expected at least 1 items"],
    ["an unknown family", nodeClass({ amiFamily: "Ubuntu" }), /^spec.amiFamily: "Ubuntu", expected one of /],
    [
      "a volume of 59001Gi",
      volume({ volumeSize: "59001Gi" }),
      'spec.blockDeviceMappings[0].ebs.volumeSize: "59001Gi", expected a size of 1 to 59000Gi, 64000G, 58Ti or 64T',
    ],
    [
      "a volume of an unknown kind",
      volume({ volumeSize: "1Gi", volumeType: "gp4" }),
      /^spec.blockDeviceMappings\[0\].ebs.volumeType: "gp4", expected one of /,
    ],
    [
      "65 hops",
      nodeClass({ metadataOptions: { httpPutResponseHopLimit: 65 } }),
      "spec.metadataOptions.httpPutResponseHopLimit: 65, expected at most 64",
    ],
    [
      "a subnet that is none",
      nodeClass({ subnetSelectorTerms: [{ id: "vpc-1" }] }),
      /^spec.subnetSelectorTerms\[0\].id: "vpc-1", expected text that matches /,
    ],
    ["no subnets", nodeClass({ subnetSelectorTerms: undefined }), "spec.subnetSelectorTerms: nothing, expected a list"],
    [
      "an account that is none",
      nodeClass({ capacityReservationSelectorTerms: [{ ownerID: "me" }] }),
      /^spec.capacityReservationSelectorTerms\[0\].ownerID: "me"/,
    ],
  ])("%s", (_name, object, message) => {
    const [problem, ...more] = problems(object);
    expect(more).toEqual([]);
    if (typeof message === "string") expect(problem).toBe(message);
    else expect(problem).toMatch(message);
  });
});

/** The API server evaluates the rules; here they are only listed, by the message that an object is refused with. */
const messages = (schema: StructuralSchema | undefined): string[] =>
  schema === undefined
    ? []
    : [
        ...(schema["x-kubernetes-validations"] ?? []).map(({ message }) => message ?? ""),
        ...Object.values(schema.properties ?? {}).flatMap(messages),
        ...messages(schema.items),
      ];

test("the rules that the API server evaluates", () => {
  expect(messages(EC2NodeClass.custom?.structural)).toMatchInlineSnapshot(`
    [
      "must specify exactly one of ['role', 'instanceProfile']",
      "if set, amiFamily must be 'AL2' or 'Custom' when using an AL2 alias",
      "if set, amiFamily must be 'AL2023' or 'Custom' when using an AL2023 alias",
      "if set, amiFamily must be 'Bottlerocket' or 'Custom' when using a Bottlerocket alias",
      "if set, amiFamily must be 'Windows2019' or 'Custom' when using a Windows2019 alias",
      "if set, amiFamily must be 'Windows2022' or 'Custom' when using a Windows2022 alias",
      "if set, amiFamily must be 'Windows2025' or 'Custom' when using a Windows2025 alias",
      "must specify amiFamily if amiSelectorTerms does not contain an alias",
      "subnetSelectorTerms cannot be empty",
      "expected at least one, got none, ['tags', 'id']",
      "'id' is mutually exclusive, cannot be set with a combination of other fields in a subnet selector term",
      "empty tag keys or values aren't supported",
      "securityGroupSelectorTerms cannot be empty",
      "expected at least one, got none, ['tags', 'id', 'name']",
      "'id' is mutually exclusive, cannot be set with a combination of other fields in a security group selector term",
      "'name' is mutually exclusive, cannot be set with a combination of other fields in a security group selector term",
      "empty tag keys or values aren't supported",
      "expected at least one, got none, ['tags', 'id', 'name', 'alias', 'ssmParameter']",
      "'id' is mutually exclusive, cannot be set with a combination of other fields in amiSelectorTerms",
      "'alias' is mutually exclusive, cannot be set with a combination of other fields in amiSelectorTerms",
      "'alias' is mutually exclusive, cannot be set with a combination of other amiSelectorTerms",
      "'alias' is improperly formatted, must match the format 'family@version'",
      "family is not supported, must be one of the following: 'al2', 'al2023', 'bottlerocket', 'windows2019', 'windows2022', 'windows2025'",
      "windows families may only specify version 'latest'",
      "empty tag keys or values aren't supported",
      "role cannot be empty",
      "instanceProfile cannot be empty",
      "expected at least one, got none, ['tags', 'id', 'instanceMatchCriteria']",
      "'id' is mutually exclusive, cannot be set along with other fields in a capacity reservation selector term",
      "empty tag keys or values aren't supported",
      "expected at least one, got none, ['name', 'id']",
      "'name' and 'id' are mutually exclusive",
      "must have only one blockDeviceMappings with rootVolume",
      "snapshotID or volumeSize must be defined",
      "snapshotID must be set when volumeInitializationRate is set",
      "empty tag keys aren't supported",
      "tag contains a restricted tag matching eks:eks-cluster-name",
      "tag contains a restricted tag matching kubernetes.io/cluster/",
      "tag contains a restricted tag matching karpenter.sh/nodepool",
      "tag contains a restricted tag matching karpenter.sh/nodeclaim",
      "tag contains a restricted tag matching karpenter.k8s.aws/ec2nodeclass",
      "networkInterfaces must include a primary interface with interfaceType='interface'",
      "networkInterfaces must not have duplicate networkCardIndex and deviceIndex pairs, and can have at most one efa device per network card",
      "at least one of tcpEstablishedTimeout, udpStreamTimeout, or udpTimeout must be set",
    ]
  `);
});
