import { fullImage, imageName, parseImage } from "../usage/image-name.ts";
import { fractionOf, hexOf } from "./jitter.ts";

/** Compressed sizes in bytes, as the runtime reports them, of images that examples use. */
const sizes: Readonly<Record<string, number>> = {
  "hpa-example": 164_896_850,
  pause: 268_051,
  nginx: 72_324_501,
  httpd: 58_675_122,
  busybox: 2_156_519,
  alpine: 3_806_831,
  "ubuntu-slim": 14_557_471,
  ubuntu: 29_727_061,
  perl: 336_374_010,
  redis: 45_006_722,
  stress: 4_041_495,
  "amazon-k8s-cni": 50_246_112,
  "amazon-k8s-cni-init": 63_021_402,
  "aws-network-policy-agent": 43_008_117,
  "kube-proxy": 34_002_501,
  coredns: 22_391_310,
  "metrics-server": 21_210_043,
};
const smallestUnknown = 20_000_000;
const largestUnknown = 140_000_000;

/** The compressed size of an image in bytes: known, or made up from its name. */
export function imageBytes(image: string): number {
  const name = imageName(image);
  return sizes[name] ?? Math.round(smallestUnknown + (largestUnknown - smallestUnknown) * fractionOf(name));
}

/** What `status.containerStatuses[].imageID` shows: the repository and a digest that the reference decides. */
export function imageId(image: string): string {
  const full = fullImage(image);
  const { repository, digest } = parseImage(full) ?? { repository: full, digest: undefined };
  return `${repository}@${digest ?? `sha256:${hexOf(full, 64)}`}`;
}

/** Images that come with the node: their pods start at once. */
export const preloadedImages: readonly string[] = [
  "pause",
  "amazon-k8s-cni",
  "amazon-k8s-cni-init",
  "aws-network-policy-agent",
  "kube-proxy",
];

/** Names that stand for images nobody has pushed, so that a failing pull can be shown without a registry. */
const missing = /(?:does-?not-?exist|non-?existent|no-such-image|not-found)/;

export const isMissingImage = (image: string): boolean => missing.test(image);
