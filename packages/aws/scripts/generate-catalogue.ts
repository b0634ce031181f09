// Makes src/instance-types/catalogue.generated.json, the compact table that catalogue.ts reads.
//
//   node packages/aws/scripts/generate-catalogue.ts <ec2-catalog.json.gz> [instance-types.md]
//
// The first file holds EC2's own facts and us-east-1 list prices of Linux instances, one object a type. The second,
// optional, is the instance type page of Karpenter's reference: it adds what EC2's short description leaves out (the
// greatest EBS bandwidth, the clock speed, branch network interfaces, Neuron cores).
import { readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

interface Source {
  readonly pricesAsOf: string;
  readonly regions: readonly string[];
  readonly instanceTypes: readonly SourceType[];
}

interface SourceType {
  readonly name: string;
  readonly arch: readonly string[];
  readonly manufacturer: string;
  readonly vcpu: number;
  readonly memoryMiB: number;
  readonly hypervisor: string;
  readonly enis: number;
  readonly ipv4PerEni: number;
  readonly networkGbps: number | null;
  readonly ebsMbps: number | null;
  readonly encryptionInTransit: boolean;
  readonly efas: number;
  readonly usageClasses: readonly string[];
  readonly nvmeGB: number;
  readonly gpus: readonly { name: string; manufacturer: string; count: number; memoryMiB: number }[];
  readonly accelerators: readonly { name: string; manufacturer: string; count: number }[];
  readonly onDemandUsdPerHour: Readonly<Record<string, number>>;
  readonly zones: Readonly<Record<string, readonly string[]>>;
}

const [cataloguePath, referencePath] = process.argv.slice(2);
if (!cataloguePath) throw new Error("expected the path of ec2-catalog.json.gz as the first argument");
const source = JSON.parse(gunzipSync(readFileSync(cataloguePath)).toString()) as Source;
const reference = referencePath
  ? readReference(readFileSync(referencePath, "utf8"))
  : new Map<string, Map<string, string>>();

/** `### `c5.large`` headings, each with tables of `|key|value|`. */
function readReference(markdown: string): Map<string, Map<string, string>> {
  const types = new Map<string, Map<string, string>>();
  let current = new Map<string, string>();
  for (const line of markdown.split("\n")) {
    const heading = /^### `(.+)`/.exec(line)?.[1];
    if (heading) {
      current = new Map();
      types.set(heading, current);
    }
    const row = /^\s*\|([^|]+)\|([^|]*)\|$/.exec(line);
    if (row) current.set(row[1] as string, row[2] as string);
  }
  return types;
}

const numberOf = (facts: Map<string, string> | undefined, key: string): number | null => {
  const text = facts?.get(key);
  return text ? Number(text) : null;
};

/** EC2's accelerators, or where it lists none the Neuron devices of the reference. */
function acceleratorsOf(type: SourceType, facts: Map<string, string> | undefined) {
  const count = numberOf(facts, "karpenter.k8s.aws/instance-accelerator-count");
  const name = facts?.get("karpenter.k8s.aws/instance-accelerator-name");
  if (type.accelerators.length === 0 && name && count) return [[name, "AWS", count]];
  return type.accelerators.map((accelerator) => [accelerator.name, accelerator.manufacturer, accelerator.count]);
}

const rows = source.instanceTypes
  .filter((type) => type.onDemandUsdPerHour["us-east-1"] !== undefined)
  .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  .map((type) => {
    const facts = reference.get(type.name);
    return [
      type.name,
      type.arch[0],
      type.manufacturer.toLowerCase(),
      type.vcpu,
      type.memoryMiB,
      type.hypervisor,
      type.enis,
      type.ipv4PerEni,
      facts
        ? numberOf(facts, "karpenter.k8s.aws/instance-network-bandwidth")
        : type.networkGbps && Math.round(type.networkGbps * 1000),
      facts ? numberOf(facts, "karpenter.k8s.aws/instance-ebs-bandwidth") : type.ebsMbps,
      numberOf(facts, "karpenter.k8s.aws/instance-cpu-sustained-clock-speed-mhz"),
      type.encryptionInTransit ? 1 : 0,
      type.efas,
      (type.usageClasses.includes("on-demand") ? 1 : 0) + (type.usageClasses.includes("spot") ? 2 : 0),
      type.nvmeGB,
      type.gpus.map((gpu) => [gpu.name, gpu.manufacturer, gpu.count, gpu.memoryMiB]),
      acceleratorsOf(type, facts),
      numberOf(facts, "aws.amazon.com/neuroncore") ?? 0,
      numberOf(facts, "vpc.amazonaws.com/pod-eni") ?? 0,
      type.onDemandUsdPerHour["us-east-1"],
      source.regions.map((region) => (type.zones[region] ?? []).join("")).join(","),
    ];
  });

const columns =
  "name arch cpuManufacturer vcpus memoryMiB hypervisor enis ipv4PerEni networkMbps ebsMbps clockMhz " +
  "encryptionInTransit efas usageClasses nvmeGB gpus accelerators neuronCores branchInterfaces usdPerHour zones";
const header = {
  generated: "by packages/aws/scripts/generate-catalogue.ts from EC2's public facts; do not edit",
  pricesAsOf: source.pricesAsOf,
  priceRegion: "us-east-1",
  regions: source.regions,
  columns: columns.split(" "),
};
const out = new URL("../src/instance-types/catalogue.generated.json", import.meta.url);
writeFileSync(
  out,
  `${JSON.stringify(header).slice(0, -1)},"rows":[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]}\n`,
);
process.stdout.write(
  `${rows.length} instance types, ${rows.filter((row) => reference.has(row[0] as string)).length} with reference facts\n`,
);
