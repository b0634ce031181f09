import { expect, test } from "vitest";
import { catalogueRegions, instanceTypeOf, instanceTypes, instanceTypesIn } from "./catalogue.ts";
import { instanceTypeLabels } from "./labels.ts";
import { offeringsOf } from "./offerings.ts";
import { zoneId } from "./zones.ts";

test("labels of c5a.2xlarge are those a Karpenter node carries", () => {
  const info = instanceTypeOf("c5a.2xlarge");
  expect(info && instanceTypeLabels(info)).toEqual({
    "karpenter.k8s.aws/instance-capability-flex": "false",
    "karpenter.k8s.aws/instance-category": "c",
    "karpenter.k8s.aws/instance-cpu": "8",
    "karpenter.k8s.aws/instance-cpu-manufacturer": "amd",
    "karpenter.k8s.aws/instance-cpu-sustained-clock-speed-mhz": "3300",
    "karpenter.k8s.aws/instance-ebs-bandwidth": "3170",
    "karpenter.k8s.aws/instance-encryption-in-transit-supported": "true",
    "karpenter.k8s.aws/instance-family": "c5a",
    "karpenter.k8s.aws/instance-generation": "5",
    "karpenter.k8s.aws/instance-hypervisor": "nitro",
    "karpenter.k8s.aws/instance-memory": "16384",
    "karpenter.k8s.aws/instance-network-bandwidth": "2500",
    "karpenter.k8s.aws/instance-size": "2xlarge",
    "kubernetes.io/arch": "amd64",
    "kubernetes.io/os": "linux",
    "node.kubernetes.io/instance-type": "c5a.2xlarge",
  });
});

test.each([
  [
    "g5.12xlarge",
    { "gpu-name": "a10g", "gpu-count": "4", "gpu-memory": "22888", "gpu-manufacturer": "nvidia", "local-nvme": "3800" },
  ],
  ["inf2.xlarge", { "accelerator-name": "inferentia2", "accelerator-manufacturer": "aws", "accelerator-count": "1" }],
  ["m7i-flex.large", { "capability-flex": "true", category: "m", generation: "7", family: "m7i-flex" }],
  ["u-6tb1.56xlarge", { category: "u", generation: "1" }],
])("labels of %s", (name, expected) => {
  const info = instanceTypeOf(name);
  const prefixed = Object.entries(expected).map(([label, value]) => [`karpenter.k8s.aws/instance-${label}`, value]);
  expect(info && instanceTypeLabels(info)).toMatchObject(Object.fromEntries(prefixed));
});

test("every family that EKS users start with is there, with a price and zones", () => {
  const families = new Set([...instanceTypes().values()].map((entry) => entry.name[0]));
  expect([..."cmrtigp"].every((letter) => families.has(letter))).toBe(true);
  for (const entry of instanceTypes().values()) expect(entry.onDemandUsdPerHour, entry.name).toBeGreaterThan(0);
  for (const region of catalogueRegions()) expect(instanceTypesIn(region).length, region).toBeGreaterThan(500);
});

test("offerings list each zone with on-demand before a cheaper spot price, the same every time", () => {
  const entry = instanceTypeOf("m5.large");
  const offerings = entry ? offeringsOf(entry, "ap-northeast-2") : [];
  expect(
    offerings.map((offering) => `${offering.zone} ${offering.zoneId} ${offering.capacityType}`).slice(0, 3),
  ).toEqual([
    "ap-northeast-2a apne2-az1 on-demand",
    "ap-northeast-2a apne2-az1 spot",
    "ap-northeast-2b apne2-az2 on-demand",
  ]);
  for (const { capacityType, usdPerHour } of offerings) {
    if (capacityType === "on-demand") expect(usdPerHour).toBe(0.096);
    else expect(usdPerHour / 0.096).toSatisfy((share: number) => share > 0.27 && share < 0.49);
  }
  expect(entry && offeringsOf(entry, "ap-northeast-2")).toEqual(offerings);
  expect(entry && offeringsOf(entry, "mars-north-1")).toEqual([]);
});

test.each([
  ["ap-northeast-2b", "apne2-az2"],
  ["us-east-1f", "use1-az6"],
  ["eu-central-1a", "euc1-az1"],
  ["us-gov-west-1a", "usgw1-az1"],
])("the id of %s is %s", (zone, id) => {
  expect(zoneId(zone)).toBe(id);
});
