import type { Instant } from "@bellows/kube";
import { imageName, taggedImage } from "../usage/image-name.ts";
import { imageBytes, preloadedImages } from "./images.ts";
import { msIn } from "./jitter.ts";
import type { KubeletTiming } from "./kubelet-timing.ts";

/** The images of one node. Pulls run side by side; two pods that want one image share its pull. */
export class ImageStore {
  readonly #timing: KubeletTiming;
  /** By tagged name: when the image is, or will be, there. */
  readonly #presentAt = new Map<string, Instant>();

  constructor(timing: KubeletTiming) {
    this.#timing = timing;
  }

  /** Whether `image` needs no pull for the policy `IfNotPresent`. */
  has(image: string, now: Instant): boolean {
    return (
      preloadedImages.includes(imageName(image)) ||
      (this.#presentAt.get(taggedImage(image)) ?? Number.POSITIVE_INFINITY) <= now
    );
  }

  /** Takes an image for present, as it must be where its containers already run. */
  add(image: string, now: Instant): void {
    this.#presentAt.set(taggedImage(image), now);
  }

  /** Begins a pull; `jitter` decides the chance in it. @returns how long it takes */
  pull(image: string, now: Instant, jitter: string): number {
    const key = taggedImage(image);
    const checkMs = msIn(this.#timing.imageCheck, jitter);
    const presentAt = this.#presentAt.get(key);
    if (presentAt !== undefined) return Math.max(checkMs, presentAt - now);
    if (preloadedImages.includes(imageName(image))) return checkMs;
    const pullMs = checkMs + Math.round((imageBytes(image) / this.#timing.pullBytesPerSecond) * 1000);
    this.#presentAt.set(key, now + pullMs);
    return pullMs;
  }

  /** For `status.images` of the node: largest first, at most 50 (the kubelet's `nodeStatusMaxImages`). */
  list(now: Instant): readonly { readonly names: string[]; readonly sizeBytes: number }[] {
    return [...this.#presentAt]
      .filter(([, at]) => at <= now)
      .map(([name]) => ({ names: [name], sizeBytes: imageBytes(name) }))
      .sort((a, b) => b.sizeBytes - a.sizeBytes || ((a.names[0] ?? "") < (b.names[0] ?? "") ? -1 : 1))
      .slice(0, 50);
  }
}
