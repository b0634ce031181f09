import { InsufficientCapacityError, NotFoundError, ServiceError } from "@bellows/aws";
import { type Serving, silentLogger } from "@bellows/kube";
import { afterEach, expect, test } from "vitest";
import { cloudAt, serveCloud } from "./cloud-http.ts";
import { answerCall } from "./cloud-wire.ts";
import { parameterNotFound } from "./ec2-errors.ts";

let serving: Serving | undefined;
afterEach(async () => {
  await serving?.close();
  serving = undefined;
});

/** A cloud elsewhere that has only what a test asks for. */
async function elsewhere(parts: object) {
  serving = await serveCloud(parts as never, { log: silentLogger });
  return cloudAt(`http://127.0.0.1:${serving.port}`, "us-east-1");
}

test("calls reach the cloud with their parameters, and answers come back as they were", async () => {
  const calls: unknown[] = [];
  const cloud = await elsewhere({
    ec2: {
      createTags: async (...parameters: unknown[]) => void calls.push(parameters),
      describeInstances: async () => [{ id: "i-1", tags: { a: "b" } }],
    },
    pricing: { onDemandPrices: async () => new Map([["m5.large", 0.096]]) },
  });
  expect(await cloud.ec2.createTags(["i-1"], { a: "b" })).toBeUndefined();
  expect(calls).toEqual([[["i-1"], { a: "b" }]]);
  expect(await cloud.ec2.describeInstances({})).toEqual([{ id: "i-1", tags: { a: "b" } }]);
  expect(await cloud.pricing.onDemandPrices()).toEqual(new Map([["m5.large", 0.096]]));
});

test("an error keeps its class, its code and its text", async () => {
  const error = parameterNotFound("/aws/x");
  const fails = async () => {
    throw error;
  };
  const cloud = await elsewhere({ parameters: { get: fails } });
  const failure = await cloud.parameters.get("/aws/x").catch((reason: unknown) => reason);
  expect(failure).toBeInstanceOf(NotFoundError);
  expect(failure).not.toBeInstanceOf(InsufficientCapacityError);
  expect((failure as Error).message).toBe(error.message);
});

test("what is no operation of a cloud is not called", async () => {
  const cloud = { ec2: {}, region: "us-east-1" } as never;
  for (const call of [
    { part: "ec2", operation: "constructor" },
    { part: "__proto__", operation: "get" },
    { part: "region", operation: "trim" },
  ])
    expect(await answerCall(cloud, { ...call, parameters: [] })).toBeUndefined();
});

test("a cloud that is away is a service that is away", async () => {
  const cloud = cloudAt("http://127.0.0.1:1", "us-east-1");
  await expect(cloud.ec2.describeImages([])).rejects.toBeInstanceOf(ServiceError);
  await expect(cloud.ec2.describeImages([])).rejects.toThrow(/the simulated cloud at http:\/\/127\.0\.0\.1:1: /);
});
