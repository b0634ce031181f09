import type { KubernetesObject } from "@bellows/api";
import { type Client, isAlreadyExists } from "@bellows/kube";
import { kindOfObject } from "../simulator/manifests.ts";

/** Creates what is not there yet; a restart leaves what has been changed as it is. */
export async function ensureAll(client: Client, objects: readonly KubernetesObject[]): Promise<void> {
  for (const object of objects) {
    try {
      await client.create(await kindOfObject(client, object), object);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}
