import { convertedFromAnnotation } from "../karpenter/provisioner-conversion.ts";
import type { Provisioner } from "../karpenter/v1alpha5/provisioner.ts";
import { bytesOf, formatBytes, type QuantityText } from "../quantity.ts";
import type { EC2NodeClass } from "./ec2-node-class.ts";
import type { AWSNodeTemplate } from "./v1alpha1/aws-node-template.ts";

type NodeClassSpec = NonNullable<EC2NodeClass["spec"]>;
type AmiTerm = NodeClassSpec["amiSelectorTerms"][number];
type AmiFamily = NonNullable<NodeClassSpec["amiFamily"]>;
type BlockDevice = NonNullable<NodeClassSpec["blockDeviceMappings"]>[number];
type Ebs = NonNullable<BlockDevice["ebs"]>;
type MetadataOptions = NodeClassSpec["metadataOptions"];
type TemplateSpec = NonNullable<AWSNodeTemplate["spec"]>;

/** An object that has no counterpart in the newer API. */
export class ConversionError extends Error {
  override readonly name = "ConversionError";
}

const familiesWithAlias = ["AL2", "AL2023", "Bottlerocket", "Windows2019", "Windows2022"];

/**
 * The EC2NodeClass that a v1alpha1 AWSNodeTemplate stands for. A selector of tags becomes terms, one for each
 * combination of its comma-separated values; `aws-ids` and `aws::ids` become ids, `aws::name` and `aws::owners` those of images.
 * @param defaultInstanceProfile  for a template that names none: what the installation's settings say
 * @throws ConversionError for one with a launch template of its own
 */
export function nodeClassOfNodeTemplate(template: AWSNodeTemplate, defaultInstanceProfile?: string): EC2NodeClass {
  const { spec = {}, metadata } = template;
  if (spec.launchTemplate !== undefined) {
    throw new ConversionError(
      `spec.launchTemplate: ${JSON.stringify(spec.launchTemplate)}, expected none: can't be converted`,
    );
  }
  const instanceProfile = spec.instanceProfile ?? defaultInstanceProfile;
  return {
    apiVersion: "karpenter.k8s.aws/v1",
    kind: "EC2NodeClass",
    metadata: {
      ...metadata,
      annotations: { ...metadata.annotations, [convertedFromAnnotation]: "AWSNodeTemplate.karpenter.k8s.aws" },
    },
    spec: {
      subnetSelectorTerms: selectorTerms(spec.subnetSelector, idKeys),
      securityGroupSelectorTerms: selectorTerms(spec.securityGroupSelector, idKeys),
      ...amiFields(spec),
      ...(instanceProfile === undefined ? {} : { instanceProfile }),
      ...(spec.blockDeviceMappings ? { blockDeviceMappings: spec.blockDeviceMappings.map(blockDevice) } : {}),
      metadataOptions: metadataOptions(spec),
      ...(spec.userData === undefined ? {} : { userData: spec.userData }),
      ...(spec.tags ? { tags: spec.tags } : {}),
      ...(spec.context === undefined ? {} : { context: spec.context }),
      ...(spec.detailedMonitoring === undefined ? {} : { detailedMonitoring: spec.detailedMonitoring }),
    },
  };
}

/** The EC2NodeClass of a Provisioner that has its node template in place (`spec.provider`); undefined for one that has not. */
export function nodeClassOfProvisioner(
  provisioner: Provisioner,
  defaultInstanceProfile?: string,
): EC2NodeClass | undefined {
  const provider = provisioner.spec?.provider;
  if (!provider) return undefined;
  const { name, uid } = provisioner.metadata;
  const template: AWSNodeTemplate = {
    metadata: { name, ...(uid === undefined ? {} : { uid }) },
    spec: provider as TemplateSpec,
  };
  return nodeClassOfNodeTemplate(template, defaultInstanceProfile);
}

const idKeys: Readonly<Record<string, "id">> = { "aws-ids": "id", "aws::ids": "id" };
const amiKeys: Readonly<Record<string, "id" | "name" | "owner">> = {
  ...idKeys,
  "aws::name": "name",
  "aws::owners": "owner",
};

/** A term for each combination of the values; keys in alphabetical order, so that equal selectors give equal terms. */
function selectorTerms<Field extends string>(
  selector: Readonly<Record<string, string>> = {},
  fields: Readonly<Record<string, Field>>,
): ({ tags?: Record<string, string> } & { [F in Field]?: string })[] {
  let terms: { tags?: Record<string, string> }[] = [];
  for (const key of Object.keys(selector).sort()) {
    const values = (selector[key] ?? "").split(",").map((value) => value.trim());
    const field = fields[key];
    const before = terms.length === 0 ? [{}] : terms;
    terms = values.flatMap((value) =>
      before.map((term: { tags?: Record<string, string> }) =>
        field === undefined ? { ...term, tags: { ...term.tags, [key]: value } } : { ...term, [field]: value },
      ),
    );
  }
  return terms as ({ tags?: Record<string, string> } & { [F in Field]?: string })[];
}

function amiFields({
  amiFamily = "AL2",
  amiSelector,
}: TemplateSpec): Pick<NodeClassSpec, "amiFamily" | "amiSelectorTerms"> {
  const terms: AmiTerm[] = selectorTerms(amiSelector, amiKeys);
  if (terms.length > 0 || !familiesWithAlias.includes(amiFamily)) {
    // Ubuntu takes the user data of AL2; v1 does not know it by name.
    return { amiFamily: (amiFamily === "Ubuntu" ? "AL2" : amiFamily) as AmiFamily, amiSelectorTerms: terms };
  }
  return { amiSelectorTerms: [{ alias: `${amiFamily.toLowerCase()}@latest` }] };
}

function blockDevice({ deviceName, ebs }: NonNullable<TemplateSpec["blockDeviceMappings"]>[number]): BlockDevice {
  return {
    ...(deviceName === undefined ? {} : { deviceName }),
    ...(ebs ? { ebs: { ...ebs, ...volumeSize(ebs.volumeSize) } as Ebs } : {}),
  };
}

/** v1 wants a size in G, T, Gi or Ti; others are rounded up to Gi. */
function volumeSize(size: QuantityText | undefined): { volumeSize?: string } {
  if (size === undefined) return {};
  if (/^[1-9][0-9]*(G|T)i?$/.test(String(size))) return { volumeSize: String(size) };
  const gib = 2 ** 30;
  const rounded = formatBytes(Math.ceil(bytesOf(size) / gib) * gib);
  return { volumeSize: rounded };
}

/** What Karpenter 0.27 launched with where the template said nothing. */
function metadataOptions({ metadataOptions: given }: TemplateSpec): MetadataOptions {
  return {
    httpEndpoint: "enabled",
    httpProtocolIPv6: "disabled",
    httpPutResponseHopLimit: 2,
    httpTokens: "required",
    ...(given as Partial<MetadataOptions>),
  };
}
