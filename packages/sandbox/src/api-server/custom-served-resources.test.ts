import { describe, expect, test } from "vitest";
import type { ApiObject } from "./api-object.ts";
import type { ApiServerOptions, Network } from "./api-server.ts";
import { testServer } from "./testing-server.ts";

const version = (name: string, storage: boolean) => ({
  name,
  served: true,
  storage,
  schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
});

const definition = (conversion: object) => ({
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    names: { plural: "widgets", kind: "Widget" },
    scope: "Namespaced",
    versions: [version("v1", true), version("v1beta1", false)],
    conversion,
  },
});

const clientConfig = { url: "https://example.com/convert" };
const webhook = { strategy: "Webhook", webhook: { clientConfig, conversionReviewVersions: ["v1"] } };

test("an object is kept in one version and shown in the one that is asked for", async () => {
  const convert = (object: object, apiVersion: string) => {
    const to = apiVersion.endsWith("v1") ? "new" : "old";
    const { [to === "new" ? "old" : "new"]: value, ...rest } = object as ApiObject;
    return { ...rest, apiVersion, [to]: value } as ApiObject;
  };
  const { ask, watch, server, clock } = await testServer({ conversions: { "example.com": convert } });
  await ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition(webhook));
  await clock.run(0);
  const url = (name: string) => `/apis/example.com/${name}/namespaces/default/widgets`;
  const { frames } = await watch(`${url("v1beta1")}?watch=true`);
  const body = { apiVersion: "example.com/v1beta1", kind: "Widget", metadata: { name: "w" }, old: "x" };
  expect((await ask("POST", url("v1beta1"), body)).body).toMatchObject({ apiVersion: "example.com/v1beta1", old: "x" });
  await clock.run(0);
  expect(server.store.collection("example.com/widgets").list()).toMatchObject([
    { apiVersion: "example.com/v1", new: "x" },
  ]);
  expect((await ask("GET", `${url("v1")}/w`)).body).toMatchObject({ apiVersion: "example.com/v1", new: "x" });
  expect((await ask("GET", url("v1beta1"))).body).toMatchObject({ items: [{ old: "x" }] });
  expect(frames).toMatchObject([{ type: "ADDED", object: { apiVersion: "example.com/v1beta1", old: "x" } }]);
});

test.each([
  [{ strategy: "None" }, "v1beta1", 201],
  [webhook, "v1", 201],
  [webhook, "v1beta1", 500],
])("with conversion %j a Widget of %s is answered by %i", async (conversion, name, status) => {
  const { ask, clock } = await testServer();
  await ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition(conversion));
  await clock.run(0);
  const body = { apiVersion: `example.com/${name}`, kind: "Widget", metadata: { name: "w" } };
  const answer = await ask("POST", `/apis/example.com/${name}/namespaces/default/widgets`, body);
  expect(answer.status).toBe(status);
  if (status === 500)
    expect(answer.body).toMatchObject({
      message:
        'conversion webhook for example.com/v1beta1, Kind=Widget failed: Post "https://example.com/convert?timeout=30s": this server reaches no network',
    });
});

describe("a conversion webhook", () => {
  /** Answers reviews as `change` says, and notes what it was asked for. */
  const network = (change: (object: ApiObject, apiVersion: string) => unknown, more: object = {}) => {
    const asked: { desiredAPIVersion: string; objects: ApiObject[] }[] = [];
    const post: Network["post"] = async (_, review) => {
      const { request } = review as { request: { uid: string; desiredAPIVersion: string; objects: ApiObject[] } };
      asked.push(request);
      const convertedObjects = request.objects.map((object) => change(object, request.desiredAPIVersion));
      const response = { uid: request.uid, result: { status: "Success" }, convertedObjects, ...more };
      const answer = { apiVersion: "apiextensions.k8s.io/v1", kind: "ConversionReview", response };
      return { status: 200, text: JSON.stringify(answer) };
    };
    return { asked, network: { post, forward: () => Promise.reject(new Error("not asked")) } };
  };
  const renamed = (object: ApiObject, apiVersion: string) => {
    const { old, new: current, ...rest } = object as ApiObject & { old?: string; new?: string };
    return { ...rest, apiVersion, [apiVersion.endsWith("beta1") ? "old" : "new"]: old ?? current };
  };
  const url = (name: string) => `/apis/example.com/${name}/namespaces/default/widgets`;
  const body = { apiVersion: "example.com/v1beta1", kind: "Widget", metadata: { name: "w" }, old: "x" };
  const serving = async (options: Pick<ApiServerOptions, "network">) => {
    const world = await testServer(options);
    await world.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", definition(webhook));
    await world.clock.run(0);
    return world;
  };

  test("is asked for what is read, written and watched, in order and once for a list", async () => {
    const { asked, network: reached } = network(renamed);
    const { ask, watch, server, clock } = await serving({ network: reached });
    const { frames } = await watch(`${url("v1beta1")}?watch=true`);
    expect((await ask("POST", url("v1beta1"), body)).body).toMatchObject({
      apiVersion: "example.com/v1beta1",
      old: "x",
    });
    await ask("POST", url("v1"), { kind: "Widget", metadata: { name: "other" }, new: "y" });
    await ask("DELETE", `${url("v1")}/w`);
    await clock.run(0);
    expect(server.store.collection("example.com/widgets").list()).toMatchObject([{ new: "y" }]);
    expect(frames).toMatchObject([
      { type: "ADDED", object: { apiVersion: "example.com/v1beta1", old: "x" } },
      { type: "ADDED", object: { apiVersion: "example.com/v1beta1", old: "y" } },
      { type: "DELETED", object: { apiVersion: "example.com/v1beta1", old: "x" } },
    ]);
    await ask("POST", url("v1"), { kind: "Widget", metadata: { name: "third" }, new: "z" });
    await clock.run(0);
    asked.length = 0;
    expect((await ask("GET", url("v1beta1"))).body).toMatchObject({ items: [{ old: "y" }, { old: "z" }] });
    // What the watch has shown is known.
    expect(asked).toEqual([]);
  });

  test.each([
    [{ result: { status: "Failure", message: "too old" } }, renamed, "failed: too old"],
    [{ result: {} }, renamed, "failed: response.result.status was '', not 'Success'"],
    [{ uid: "other" }, renamed, expect.stringMatching(/failed: expected response.uid="[-0-9a-f]{36}", got "other"$/)],
    [{ convertedObjects: [] }, renamed, "returned 0 objects, expected 1"],
    [
      {},
      (object: ApiObject) => object,
      "returned invalid object at index 0: invalid groupVersion (expected example.com/v1, received example.com/v1beta1)",
    ],
    [
      {},
      (object: ApiObject, apiVersion: string) => ({
        ...object,
        apiVersion,
        metadata: { ...object.metadata, name: "y" },
      }),
      "returned invalid object: must have the same name: w != y",
    ],
  ])("that answers %j is told of", async (more, change, why) => {
    const { ask } = await serving({ network: network(change, more).network });
    const message = typeof why === "string" ? `conversion webhook for example.com/v1beta1, Kind=Widget ${why}` : why;
    expect((await ask("POST", url("v1beta1"), body)).body).toMatchObject({ code: 500, message });
  });
});
