import { expect, test } from "vitest";
import type { ApiObject } from "./api-object.ts";
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
      message: expect.stringMatching(
        /^conversion webhook for example.com\/v1beta1, Kind=Widget failed: .* stored, example.com\/v1$/,
      ),
    });
});
