import type { ScaledObject } from "@bellows/api";
import { ApiError, type Client, type Scale } from "@bellows/kube";
import { expect, test } from "vitest";
import { writeReplicas } from "./scale-target.ts";

const object: ScaledObject = {
  metadata: { name: "web", namespace: "shop" },
  spec: { scaleTargetRef: { name: "web" }, triggers: [] },
};

const scaleOf = (replicas: number, resourceVersion: string): Scale =>
  ({ metadata: { name: "web", resourceVersion }, spec: { replicas } }) as Scale;

/** A target that is at `latest`, whatever was read before. */
function target(latest: Scale): { client: Client; writes: string[] } {
  const writes: string[] = [];
  const client = {
    async getScale() {
      return latest;
    },
    async updateScale(_: unknown, replicas: number, version: string) {
      writes.push(`${replicas} by ${version}`);
      if (version !== latest.metadata.resourceVersion) {
        throw new ApiError(409, { reason: "Conflict", message: "the object has been modified" });
      }
      return scaleOf(replicas, "9");
    },
  } as unknown as Client;
  return { client, writes };
}

test("where only the status of a target has changed meanwhile, the count is written all the same", async () => {
  const { client, writes } = target(scaleOf(2, "7"));
  const after = await writeReplicas(client, object, scaleOf(2, "6"), 5);
  expect(after.spec?.replicas).toBe(5);
  expect(writes).toEqual(["5 by 6", "5 by 7"]);
});

test("whoever scaled it meanwhile wins", async () => {
  const { client, writes } = target(scaleOf(3, "7"));
  await expect(writeReplicas(client, object, scaleOf(2, "6"), 5)).rejects.toThrow("the object has been modified");
  expect(writes).toEqual(["5 by 6"]);
});
