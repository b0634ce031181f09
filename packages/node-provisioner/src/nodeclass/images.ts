import type { EC2NodeClass } from "@bellows/api";
import { type Cloud, type Image, type ImageSelectorTerm, NotFoundError } from "@bellows/aws";
import type { Instant } from "@bellows/kube";
import { archLabel } from "../engine/well-known-labels.ts";
import { type Found, found } from "./found.ts";

type Ami = NonNullable<NonNullable<EC2NodeClass["status"]>["amis"]>[number];
type Requirement = Ami["requirements"][number];
type Architecture = "x86_64" | "arm64";

const gpuCount = "karpenter.k8s.aws/instance-gpu-count";
const acceleratorCount = "karpenter.k8s.aws/instance-accelerator-count";
const absent = (key: string): Requirement => ({ key, operator: "DoesNotExist" });
const present = (key: string): Requirement => ({ key, operator: "Exists" });

/** One image of an alias: where its id is written, and the instance types that it is for. */
interface AliasImage {
  readonly parameter: string;
  readonly architecture: Architecture;
  readonly requirements: readonly Requirement[];
}

const plain = [absent(acceleratorCount), absent(gpuCount)];

/** The public images of a family and version (`al2023`, `latest`), by the SSM parameters that EKS keeps. */
function aliasImages(family: string, version: string, kubernetes: string): AliasImage[] {
  const architectures: readonly Architecture[] = ["x86_64", "arm64"];
  const eks = `/aws/service/eks/optimized-ami/${kubernetes}`;
  switch (family.toLowerCase()) {
    case "al2023":
      return architectures.flatMap((architecture) => {
        const path = (variant: string) => {
          const name =
            version === "latest"
              ? "recommended"
              : `amazon-eks-node-al2023-${architecture}-${variant}-${kubernetes}-${version}`;
          return `${eks}/amazon-linux-2023/${architecture}/${variant}/${name}/image_id`;
        };
        const image = (variant: string, requirements: readonly Requirement[]) => ({
          parameter: path(variant),
          architecture,
          requirements,
        });
        return [
          image("standard", plain),
          image("nvidia", [present(gpuCount)]),
          ...(architecture === "x86_64" ? [image("neuron", [present(acceleratorCount)])] : []),
        ];
      });
    case "al2": {
      const image = (path: string, name: string, architecture: Architecture, requirements: readonly Requirement[]) => ({
        parameter: `${eks}/${path}/${version === "latest" ? "recommended" : `${name}-${kubernetes}-${version}`}/image_id`,
        architecture,
        requirements,
      });
      return [
        image("amazon-linux-2", "amazon-eks-node", "x86_64", plain),
        image("amazon-linux-2-arm64", "amazon-eks-arm64-node", "arm64", plain),
        image("amazon-linux-2-gpu", "amazon-eks-gpu-node", "x86_64", [present(gpuCount)]),
        image("amazon-linux-2-gpu", "amazon-eks-gpu-node", "x86_64", [present(acceleratorCount)]),
      ];
    }
    case "bottlerocket":
      return architectures.flatMap((architecture) => {
        const image = (flavour: string, requirements: readonly Requirement[]) => ({
          parameter: `/aws/service/bottlerocket/aws-k8s-${kubernetes}${flavour}/${architecture}/${version.replace(/^v/, "")}/image_id`,
          architecture,
          requirements,
        });
        return [image("", plain), image("-nvidia", [present(gpuCount)])];
      });
    default:
      return [];
  }
}

const kubernetesArch: Readonly<Record<Architecture, string>> = { x86_64: "amd64", arm64: "arm64" };

/** The machine images of a node class, newest first, each with the instance types that it is for. */
export async function findImages(
  cloud: Cloud,
  nodeClass: EC2NodeClass,
  kubernetesVersion: string,
  now: Instant,
): Promise<Found<Ami[]>> {
  const terms = termsOf(nodeClass);
  const alias = terms.find((term) => term.alias)?.alias;
  const items = alias ? await byAlias(cloud, alias, kubernetesVersion, now) : await byTerms(cloud, terms, now);
  return found("AMIsReady", items, "AMINotFound", "AMISelector did not match any AMIs");
}

interface AmiTerm extends ImageSelectorTerm {
  readonly alias?: string;
  readonly ssmParameter?: string;
}

/** A node class from before aliases names its family only: then its images are the newest. */
function termsOf({ spec }: EC2NodeClass): readonly AmiTerm[] {
  const terms = (spec?.amiSelectorTerms ?? []) as readonly AmiTerm[];
  if (terms.length > 0 || !spec?.amiFamily || spec.amiFamily === "Custom") return terms;
  return [{ alias: `${spec.amiFamily.toLowerCase()}@latest` }];
}

async function byAlias(cloud: Cloud, alias: string, kubernetesVersion: string, now: Instant): Promise<Ami[]> {
  const [family = "", version = "latest"] = alias.split("@");
  const wanted: { id: string; image: AliasImage }[] = [];
  for (const image of aliasImages(family, version, kubernetesVersion)) {
    try {
      wanted.push({ id: await cloud.parameters.get(image.parameter), image });
    } catch (error) {
      // Not every variant exists for every version.
      if (!(error instanceof NotFoundError)) throw error;
    }
  }
  const known = await cloud.ec2.describeImages(wanted.map(({ id }) => ({ id })));
  const byId = new Map(known.map((image) => [image.id, image]));
  return wanted.flatMap(({ id, image }) => {
    const described = byId.get(id);
    if (!described) return [];
    return [amiOf(described, [archOf(image.architecture), ...image.requirements], now)];
  });
}

async function byTerms(cloud: Cloud, terms: readonly AmiTerm[], now: Instant): Promise<Ami[]> {
  const selectors: ImageSelectorTerm[] = [];
  for (const { ssmParameter, alias: _, ...term } of terms) {
    if (ssmParameter === undefined) selectors.push(term);
    else selectors.push({ id: await cloud.parameters.get(ssmParameter) });
  }
  const images = (await cloud.ec2.describeImages(selectors)).filter((image) => image.state === "available");
  return [...images]
    .sort((a, b) => Number(isDeprecated(a, now)) - Number(isDeprecated(b, now)) || b.createdAt - a.createdAt)
    .map((image) => amiOf(image, [archOf(image.architecture)], now));
}

const archOf = (architecture: Architecture): Requirement => ({
  key: archLabel,
  operator: "In",
  values: [kubernetesArch[architecture]],
});

const isDeprecated = ({ deprecatedAt }: Image, now: Instant): boolean =>
  deprecatedAt !== undefined && deprecatedAt <= now;

const amiOf = (image: Image, requirements: Requirement[], now: Instant): Ami => ({
  id: image.id,
  name: image.name,
  requirements,
  ...(isDeprecated(image, now) && { deprecated: true }),
});
