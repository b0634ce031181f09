import {
  aliasVersionAnnotation,
  storedVersionMigratedAnnotation,
  ubuntuAnnotation,
} from "../../karpenter/v1beta1/annotations.ts";
import type { ObjectMeta } from "../../kind.ts";
import type { EC2NodeClass } from "../ec2-node-class.ts";
import type { EC2NodeClassV1Beta1 } from "./ec2-node-class.ts";

type Spec = NonNullable<EC2NodeClass["spec"]>;
type OldSpec = NonNullable<EC2NodeClassV1Beta1["spec"]>;

/** v1 wants a term, even where Ubuntu's images can't be named; nothing is launched from it. */
const placeholderTerms = [{ id: "ami-placeholder" }];
const ubuntuVolumes = [
  {
    deviceName: "/dev/sda1",
    rootVolume: true,
    ebs: { encrypted: true, volumeType: "gp3" as const, volumeSize: "20Gi" },
  },
];

/** A v1beta1 EC2NodeClass as v1: a family without terms becomes an alias, Ubuntu becomes AL2 with Ubuntu's volumes. */
export function nodeClassFromV1Beta1(nodeClass: EC2NodeClassV1Beta1): EC2NodeClass {
  const { metadata, spec, status } = nodeClass;
  const converted = { apiVersion: "karpenter.k8s.aws/v1", kind: "EC2NodeClass", ...(status ? { status } : {}) };
  if (!spec) return { ...converted, metadata: withAnnotations(metadata, {}, [aliasVersionAnnotation]) };
  const { amiFamily, amiSelectorTerms: terms = [], ...rest } = spec;
  const version = metadata.annotations?.[aliasVersionAnnotation] ?? "latest";
  if (amiFamily === "Ubuntu") {
    const added = [
      "amiFamily",
      ...(rest.blockDeviceMappings ? [] : ["blockDeviceMappings"]),
      ...(terms.length === 0 ? ["incompatible"] : []),
    ];
    return {
      ...converted,
      metadata: withAnnotations(metadata, { [ubuntuAnnotation]: added.join(",") }, [aliasVersionAnnotation]),
      spec: {
        blockDeviceMappings: ubuntuVolumes,
        ...rest,
        amiFamily: "AL2",
        amiSelectorTerms: terms.length === 0 ? placeholderTerms : terms,
      },
    };
  }
  const images: Pick<Spec, "amiFamily" | "amiSelectorTerms"> =
    terms.length === 0 && amiFamily !== "Custom"
      ? { amiSelectorTerms: [{ alias: `${amiFamily.toLowerCase()}@${version}` }] }
      : { amiFamily, amiSelectorTerms: terms };
  return {
    ...converted,
    metadata: withAnnotations(metadata, {}, [aliasVersionAnnotation]),
    spec: { ...rest, ...images },
  };
}

/** A v1 EC2NodeClass as v1beta1. What v1beta1 does not know is lost. */
export function nodeClassToV1Beta1(nodeClass: EC2NodeClass): EC2NodeClassV1Beta1 {
  const { metadata, spec, status } = nodeClass;
  const ubuntu = metadata.annotations?.[ubuntuAnnotation]?.split(",");
  const alias = spec?.amiSelectorTerms.find((term) => term.alias !== undefined)?.alias?.split("@");
  const version = alias?.[1];
  const added: Record<string, string> =
    version !== undefined && version !== "latest" ? { [aliasVersionAnnotation]: version } : {};
  return {
    apiVersion: "karpenter.k8s.aws/v1beta1",
    kind: "EC2NodeClass",
    metadata: withAnnotations(metadata, added, [ubuntuAnnotation, storedVersionMigratedAnnotation]),
    ...(spec ? { spec: specToV1Beta1(spec, ubuntu, alias?.[0]) } : {}),
    ...(status ? { status: statusToV1Beta1(status) } : {}),
  };
}

function specToV1Beta1(spec: Spec, ubuntu: readonly string[] | undefined, aliasFamily: string | undefined): OldSpec {
  const terms = ubuntu?.includes("incompatible")
    ? []
    : spec.amiSelectorTerms
        .filter(({ alias }) => alias === undefined)
        .map(({ alias: _none, ssmParameter: _unknown, ...term }) => term);
  const volumes = ubuntu?.includes("blockDeviceMappings") ? undefined : spec.blockDeviceMappings;
  const family = ubuntu ? "Ubuntu" : (spec.amiFamily ?? familyOfAlias(aliasFamily));
  return {
    amiFamily: family as OldSpec["amiFamily"],
    ...(terms.length > 0 ? { amiSelectorTerms: terms } : {}),
    ...(volumes ? { blockDeviceMappings: volumes.map(withoutRate) } : {}),
    subnetSelectorTerms: spec.subnetSelectorTerms,
    securityGroupSelectorTerms: spec.securityGroupSelectorTerms,
    metadataOptions: spec.metadataOptions,
    ...pickGiven(spec, [
      "associatePublicIPAddress",
      "context",
      "detailedMonitoring",
      "role",
      "instanceProfile",
      "instanceStorePolicy",
      "tags",
      "userData",
    ]),
  };
}

function withoutRate(device: NonNullable<Spec["blockDeviceMappings"]>[number]) {
  if (!device.ebs) return device as NonNullable<OldSpec["blockDeviceMappings"]>[number];
  const { volumeInitializationRate: _unknown, ...ebs } = device.ebs;
  return { ...device, ebs };
}

function statusToV1Beta1(status: NonNullable<EC2NodeClass["status"]>): NonNullable<EC2NodeClassV1Beta1["status"]> {
  const { capacityReservations: _unknown, amis, ...rest } = status;
  return { ...rest, ...(amis ? { amis: amis.map(({ deprecated: _later, ...ami }) => ami) } : {}) };
}

/** `al2023` is AL2023. An alias without a family we know is somebody's own image. */
function familyOfAlias(alias: string | undefined): string {
  const families = ["AL2", "AL2023", "Bottlerocket", "Windows2019", "Windows2022", "Windows2025"];
  return families.find((family) => family.toLowerCase() === alias) ?? "Custom";
}

function pickGiven<T extends object, K extends keyof T>(object: T, keys: readonly K[]): Pick<T, K> {
  return Object.fromEntries(keys.flatMap((key) => (object[key] === undefined ? [] : [[key, object[key]]]))) as Pick<
    T,
    K
  >;
}

function withAnnotations(metadata: ObjectMeta, added: Record<string, string>, removed: readonly string[]): ObjectMeta {
  const { annotations: before, ...rest } = metadata;
  const kept = Object.entries(before ?? {}).filter(([key]) => !removed.includes(key));
  const annotations = { ...Object.fromEntries(kept), ...added };
  return Object.keys(annotations).length > 0 ? { ...rest, annotations } : rest;
}
