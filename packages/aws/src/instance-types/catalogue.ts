import { readFileSync } from "node:fs";

/** The facts of one EC2 instance type that decide what a node of it offers. */
export interface InstanceTypeInfo {
  /** `c5a.2xlarge` */
  readonly name: string;
  /** `c5a` */
  readonly family: string;
  /** `2xlarge` */
  readonly size: string;
  readonly architecture: "amd64" | "arm64" | "i386";
  readonly cpuManufacturer: "intel" | "amd" | "aws";
  readonly vcpus: number;
  readonly memoryMiB: number;
  readonly hypervisor: string;
  /** Network interfaces of the default network card, and IPv4 addresses of each: what bounds the pods of a node. */
  readonly enis: number;
  readonly ipv4PerEni: number;
  readonly networkMbps: number | undefined;
  /** The greatest throughput of EBS volumes; undefined where the type is not EBS-optimized by default. */
  readonly ebsMbps: number | undefined;
  readonly clockMhz: number;
  readonly encryptionInTransit: boolean;
  readonly efas: number;
  readonly capacityTypes: readonly ("on-demand" | "spot")[];
  /** Local NVMe disks in GB (10^9 bytes), all together; 0 for none. */
  readonly nvmeGB: number;
  readonly gpus: readonly Gpu[];
  readonly accelerators: readonly Accelerator[];
  readonly neuronCores: number;
  /** Branch network interfaces for pods with their own security groups; 0 where trunking is not supported. */
  readonly branchInterfaces: number;
}

export interface Gpu {
  readonly name: string;
  readonly manufacturer: string;
  readonly count: number;
  readonly memoryMiB: number;
}

export interface Accelerator {
  readonly name: string;
  readonly manufacturer: string;
  readonly count: number;
}

/** An instance type of the catalogue: with where it is sold, and for how much. */
export interface CatalogueEntry extends InstanceTypeInfo {
  /** Linux, on demand, us-east-1 list price; the catalogue holds no other region's prices. */
  readonly onDemandUsdPerHour: number;
  /** Letters of the zones by region: `{"us-east-1": "abcdf"}`. */
  readonly zoneLetters: Readonly<Record<string, string>>;
}

interface CatalogueFile {
  readonly pricesAsOf: string;
  readonly regions: readonly string[];
  readonly rows: readonly CatalogueRow[];
}

type CatalogueRow = readonly [
  name: string,
  architecture: InstanceTypeInfo["architecture"],
  cpuManufacturer: InstanceTypeInfo["cpuManufacturer"],
  vcpus: number,
  memoryMiB: number,
  hypervisor: string,
  enis: number,
  ipv4PerEni: number,
  networkMbps: number | null,
  ebsMbps: number | null,
  clockMhz: number | null,
  encryptionInTransit: 0 | 1,
  efas: number,
  /** Bit 0: on-demand, bit 1: spot. */
  usageClasses: number,
  nvmeGB: number,
  gpus: readonly (readonly [name: string, manufacturer: string, count: number, memoryMiB: number])[],
  accelerators: readonly (readonly [name: string, manufacturer: string, count: number])[],
  neuronCores: number,
  branchInterfaces: number,
  usdPerHour: number,
  /** The zone letters of each region of the header, joined by commas. */
  zones: string,
];

let loaded: { file: CatalogueFile; byName: ReadonlyMap<string, CatalogueEntry> } | undefined;

/** Reads the table on first use: a process that needs no instance types does not pay for them. */
function catalogue() {
  if (loaded) return loaded;
  const text = readFileSync(new URL("./catalogue.generated.json", import.meta.url), "utf8");
  const file = JSON.parse(text) as CatalogueFile;
  const byName = new Map(file.rows.map((row) => [row[0], entryOf(row, file.regions)]));
  loaded = { file, byName };
  return loaded;
}

/** Every instance type, by name. */
export const instanceTypes = (): ReadonlyMap<string, CatalogueEntry> => catalogue().byName;

export const instanceTypeOf = (name: string): CatalogueEntry | undefined => catalogue().byName.get(name);

/** The regions of which the catalogue knows the zones. */
export const catalogueRegions = (): readonly string[] => catalogue().file.regions;

/** The date of the price list: `2026-07-20`. */
export const pricesAsOf = (): string => catalogue().file.pricesAsOf;

/** The instance types that are sold in any zone of `region`, by name. */
export function instanceTypesIn(region: string): readonly CatalogueEntry[] {
  return [...catalogue().byName.values()].filter((entry) => entry.zoneLetters[region]);
}

function entryOf(row: CatalogueRow, regions: readonly string[]): CatalogueEntry {
  const [name, architecture, cpuManufacturer, vcpus, memoryMiB, hypervisor, enis, ipv4PerEni, network, ebs, clock] =
    row;
  const [
    ,
    ,
    ,
    ,
    ,
    ,
    ,
    ,
    ,
    ,
    ,
    encryption,
    efas,
    classes,
    nvmeGB,
    gpus,
    accelerators,
    neuronCores,
    branches,
    usd,
    zones,
  ] = row;
  const dot = name.indexOf(".");
  const letters = zones.split(",");
  return {
    name,
    family: name.slice(0, dot),
    size: name.slice(dot + 1),
    architecture,
    cpuManufacturer,
    vcpus,
    memoryMiB,
    hypervisor,
    enis,
    ipv4PerEni,
    networkMbps: network ?? undefined,
    ebsMbps: ebs ?? undefined,
    clockMhz: clock ?? 0,
    encryptionInTransit: encryption === 1,
    efas,
    capacityTypes: capacityTypesOf(classes),
    nvmeGB,
    gpus:
      gpus.length === 0
        ? none
        : gpus.map(([name, manufacturer, count, memoryMiB]) => ({ name, manufacturer, count, memoryMiB })),
    accelerators:
      accelerators.length === 0
        ? none
        : accelerators.map(([name, manufacturer, count]) => ({ name, manufacturer, count })),
    neuronCores,
    branchInterfaces: branches,
    onDemandUsdPerHour: usd,
    zoneLetters: Object.fromEntries(regions.map((region, index) => [region, letters[index] ?? ""])),
  };
}

const none: readonly never[] = [];
const both = ["on-demand", "spot"] as const;
const onlyOnDemand = ["on-demand"] as const;
const onlySpot = ["spot"] as const;
const capacityTypesOf = (classes: number) => [none, onlyOnDemand, onlySpot, both][classes & 3] ?? none;
