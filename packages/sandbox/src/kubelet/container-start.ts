import { formatDuration } from "@bellows/api";
import { fullImage, parseImage, taggedImage } from "../usage/image-name.ts";
import type { ContainerRun } from "./container-run.ts";
import { imageBytes, isMissingImage } from "./images.ts";
import { msIn } from "./jitter.ts";
import type { PodRun } from "./pod-run.ts";
import { imagePullFails } from "./sandbox-annotations.ts";

const firstPullBackoffMs = 10_000;
const maxPullBackoffMs = 300_000;

/**
 * Brings a container from waiting to running: image, creation, start, with the Events of each step. Texts are those of
 * the kubelet 1.35 (`images/image_manager.go`, `kuberuntime/kuberuntime_container.go`).
 */
export function startContainer(pod: PodRun, container: ContainerRun): void {
  const image = container.spec.image ?? "";
  container.begun = true;
  container.busy = true;
  if (!parseImage(image)) {
    const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`;
    pod.event(container, "Warning", "InspectFailed", message);
    refuse(pod, container, "InvalidImageName", message);
    return;
  }

  const { images, clock } = pod.host;
  const policy = container.spec.imagePullPolicy ?? (taggedImage(image).endsWith(":latest") ? "Always" : "IfNotPresent");
  const present = images.has(image, clock.now());
  if (present && policy !== "Always") {
    pod.event(
      container,
      "Normal",
      "Pulled",
      `Container image "${image}" already present on machine and can be accessed by the pod`,
    );
    create(pod, container);
    return;
  }
  if (policy === "Never") {
    const message = `Container image "${image}" is not present with pull policy of Never`;
    pod.event(container, "Warning", "ErrImageNeverPull", message);
    refuse(pod, container, "ErrImageNeverPull", message);
    return;
  }
  pull(pod, container, image);
}

function pull(pod: PodRun, container: ContainerRun, image: string): void {
  const { images, clock, timing } = pod.host;
  const jitter = `${pod.pod.metadata.uid}/pull/${container.name}/${container.restartCount}`;
  pod.event(container, "Normal", "Pulling", `Pulling image "${image}"`);
  if (isMissingImage(image) || imagePullFails(pod.pod, container.name)) {
    pod.later(msIn(timing.imageCheck, jitter), () => pullFailed(pod, container, image));
    return;
  }
  const pullMs = images.pull(image, clock.now(), jitter);
  pod.later(pullMs, () => {
    const took = formatDuration(pullMs);
    const message = `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${imageBytes(image)} bytes.`;
    pod.event(container, "Normal", "Pulled", message);
    container.pullBackoffMs = 0;
    create(pod, container);
  });
}

function pullFailed(pod: PodRun, container: ContainerRun, image: string): void {
  const full = fullImage(image);
  const why = `rpc error: code = NotFound desc = failed to pull and unpack image "${full}": failed to resolve image: ${full}: not found`;
  pod.event(container, "Warning", "Failed", `Failed to pull image "${image}": ${why}`);
  pod.event(container, "Warning", "Failed", "Error: ErrImagePull");
  container.pullBackoffMs = Math.min(maxPullBackoffMs, container.pullBackoffMs * 2 || firstPullBackoffMs);
  container.busy = false;
  container.wait("ErrImagePull", why);
  pod.changed();

  // The next look at the pod finds the image in back-off; a failed pull does not hold up the other containers.
  const syncMs = 1_000;
  pod.later(syncMs, () => {
    pod.event(container, "Normal", "BackOff", `Back-off pulling image "${image}"`);
    pod.event(container, "Warning", "Failed", "Error: ImagePullBackOff");
    container.wait("ImagePullBackOff", `Back-off pulling image "${image}": ErrImagePull: ${why}`);
    pod.advanced();
    pod.later(container.pullBackoffMs - syncMs, () => pull(pod, container, image));
  });
}

function refuse(pod: PodRun, container: ContainerRun, reason: string, message: string): void {
  pod.event(container, "Warning", "Failed", `Error: ${reason}`);
  container.busy = false;
  container.wait(reason, message);
  pod.advanced();
}

function create(pod: PodRun, container: ContainerRun): void {
  const jitter = `${pod.pod.metadata.uid}/start/${container.name}/${container.restartCount}`;
  pod.later(msIn(pod.host.timing.containerStart, jitter), () => {
    pod.event(container, "Normal", "Created", "Container created");
    pod.event(container, "Normal", "Started", "Container started");
    pod.running(container);
  });
}
