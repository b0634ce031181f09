import type { Controller } from "@bellows/kube";
import {
  type NodeProvisionerSettings,
  nodeProvisionerControllers,
  nodeProvisionerOptions,
} from "@bellows/node-provisioner";
import type { ControllerParts } from "./catalogue.ts";

/** The controllers of Karpenter's kinds, with the cloud that they launch on. */
export async function provisionerControllers(
  parts: ControllerParts,
  settings: NodeProvisionerSettings,
): Promise<readonly Controller[]> {
  const { region, clusterName = "", simulatedCloudUrl } = settings;
  if (simulatedCloudUrl !== undefined) {
    const { cloudAt } = await import("@bellows/sandbox/cloud-http");
    return nodeProvisionerControllers(nodeProvisionerOptions(settings, cloudAt(simulatedCloudUrl, region)));
  }
  const { startStandaloneCloud } = await import("@bellows/sandbox/simulated-cloud");
  const cloud = await startStandaloneCloud({ ...parts, region, clusterName });
  parts.signal.addEventListener("abort", () => cloud.stop(), { once: true });
  return nodeProvisionerControllers(nodeProvisionerOptions(settings, cloud));
}
