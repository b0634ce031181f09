import type { Image, ImageSelectorTerm } from "@bellows/aws";
import { hexOf } from "../kubelet/jitter.ts";
import { wildcard } from "./vpc.ts";

/** Two releases of every AMI, so that a newer one can be told from an older one. */
const releases = [
  { version: "20251206", createdAt: Date.parse("2025-12-06T03:12:44Z") },
  { version: "20260105", createdAt: Date.parse("2026-01-05T02:41:09Z") },
];
const bottlerocketVersions: Readonly<Record<string, string>> = { "20251206": "1.50.0", "20260105": "1.52.0" };
const amazonEks = "602401143452";

interface PublicImage extends Image {
  /** SSM parameters that name it, of the newest release also with `recommended` or `latest`. */
  readonly parameters: readonly string[];
}

/** The public AMIs of EKS for one Kubernetes version (`1.35`) in a region, and the SSM parameters that name them. */
export class PublicImages {
  readonly #images: readonly PublicImage[];
  readonly #byParameter: ReadonlyMap<string, string>;

  constructor(region: string, kubernetesVersion: string) {
    this.#images = releases.flatMap(({ version, createdAt }) =>
      familyImages(kubernetesVersion, version, version === releases.at(-1)?.version).map(
        ({ name, architecture, parameters }) => ({
          id: `ami-0${hexOf(`${region}/${name}`, 16)}`,
          name,
          architecture,
          createdAt,
          state: "available" as const,
          owner: amazonEks,
          tags: {},
          parameters,
        }),
      ),
    );
    this.#byParameter = new Map(this.#images.flatMap(({ id, parameters }) => parameters.map((name) => [name, id])));
  }

  /** The image id that an SSM parameter holds. */
  parameter(name: string): string | undefined {
    return this.#byParameter.get(name);
  }

  describe(terms: readonly ImageSelectorTerm[]): readonly Image[] {
    return this.#images
      .filter((image) => terms.some((term) => matches(term, image)))
      .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1))
      .map(({ parameters: _, ...image }) => image);
  }
}

function matches(term: ImageSelectorTerm, image: Image): boolean {
  if (term.id !== undefined && term.id !== image.id) return false;
  if (term.name !== undefined && !wildcard(term.name, image.name)) return false;
  if (term.owner !== undefined && term.owner !== "amazon" && term.owner !== image.owner) return false;
  return Object.entries(term.tags ?? {}).every(([key, value]) =>
    value === "*" ? key in image.tags : image.tags[key] === value,
  );
}

function familyImages(kubernetes: string, version: string, newest: boolean) {
  const images: { name: string; architecture: "x86_64" | "arm64"; parameters: string[] }[] = [];
  const eks = `/aws/service/eks/optimized-ami/${kubernetes}`;
  for (const architecture of ["x86_64", "arm64"] as const) {
    for (const variant of ["standard", "nvidia", ...(architecture === "x86_64" ? ["neuron"] : [])]) {
      const name = `amazon-eks-node-al2023-${architecture}-${variant}-${kubernetes}-v${version}`;
      const path = `${eks}/amazon-linux-2023/${architecture}/${variant}`;
      images.push({ name, architecture, parameters: named(path, [name, ...(newest ? ["recommended"] : [])]) });
    }
    const bottlerocket = bottlerocketVersions[version] ?? version;
    for (const flavour of ["", "-nvidia"]) {
      const path = `/aws/service/bottlerocket/aws-k8s-${kubernetes}${flavour}/${architecture}`;
      images.push({
        name: `bottlerocket-aws-k8s-${kubernetes}${flavour}-${architecture}-v${bottlerocket}`,
        architecture,
        parameters: named(path, [bottlerocket, ...(newest ? ["latest"] : [])]),
      });
    }
    const al2 = architecture === "arm64" ? "amazon-linux-2-arm64" : "amazon-linux-2";
    const al2Name = `amazon-eks-${architecture === "arm64" ? "arm64-" : ""}node-${kubernetes}-v${version}`;
    images.push({
      name: al2Name,
      architecture,
      parameters: named(`${eks}/${al2}`, [al2Name, ...(newest ? ["recommended"] : [])]),
    });
  }
  const gpu = `amazon-eks-gpu-node-${kubernetes}-v${version}`;
  images.push({
    name: gpu,
    architecture: "x86_64",
    parameters: named(`${eks}/amazon-linux-2-gpu`, [gpu, ...(newest ? ["recommended"] : [])]),
  });
  return images;
}

const named = (path: string, names: readonly string[]): string[] => names.map((name) => `${path}/${name}/image_id`);
