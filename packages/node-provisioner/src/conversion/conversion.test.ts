import { customResourceDefinitions } from "@bellows/api";
import type { Client } from "@bellows/kube";
import { describe, expect, test } from "vitest";
import { convertedDefinitions, registerConversion } from "./registration.ts";
import { conversionRoutes } from "./serving.ts";

const endpoint = { service: { namespace: "tools", name: "bellows-node-provisioner", port: 8443 }, caBundle: "a CA" };

/** A cluster that holds the definitions, and what was patched. */
function cluster(definitions: readonly object[]) {
  const patched: { name: string; body: object }[] = [];
  const client = {
    find: async (_: unknown, { name }: { name: string }) =>
      definitions.find((each) => (each as { metadata: { name: string } }).metadata.name === name),
    patch: async (_: unknown, { name }: { name: string }, { body }: { body: object }) => patched.push({ name, body }),
  };
  return { client: client as unknown as Client, patched };
}

describe("registering the conversion", () => {
  test("every definition that converts gets the Service and the CA, once", async () => {
    const { client, patched } = cluster(customResourceDefinitions());
    await registerConversion(client, endpoint);
    expect(patched.map(({ name }) => name)).toEqual([...convertedDefinitions]);
    const clientConfig = {
      service: { ...endpoint.service, path: "/convert" },
      caBundle: Buffer.from("a CA").toString("base64"),
    };
    expect(patched[0]?.body).toEqual({ spec: { conversion: { webhook: { clientConfig } } } });

    const known = customResourceDefinitions().map((crd) => ({
      ...crd,
      spec: { ...crd.spec, conversion: { strategy: "Webhook", webhook: { clientConfig } } },
    }));
    const again = cluster(known);
    await registerConversion(again.client, endpoint);
    expect(again.patched).toEqual([]);
  });

  test("a definition that another release brought stays as it is", async () => {
    const webhook = { clientConfig: { service: { namespace: "kube-system", name: "karpenter", path: "/conversion" } } };
    const others = customResourceDefinitions().map((crd, index) => ({
      ...crd,
      spec: { ...crd.spec, conversion: index % 2 === 0 ? undefined : { strategy: "Webhook", webhook } },
    }));
    const { client, patched } = cluster(others);
    await registerConversion(client, endpoint);
    expect(patched).toEqual([]);
  });
});

describe("the conversion that is served", () => {
  type Answer = { response?: object; message?: string };
  async function post(body: unknown) {
    const answered: { status: number; body?: Answer } = { status: 200 };
    const reply = {
      status: (status: number) => Object.assign(reply, void Object.assign(answered, { status })),
      send: (sent: Answer) => Object.assign(answered, { body: sent }),
    };
    const handlers = new Map<string, (request: object, reply: object) => Promise<unknown>>();
    const app = { post: (path: string, _: object, handler: never) => handlers.set(path, handler) };
    await conversionRoutes(app as never);
    await handlers.get("/convert")?.({ body }, reply);
    return answered;
  }
  const review = (objects: readonly object[]) => ({
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "ConversionReview",
    request: { uid: "u", desiredAPIVersion: "karpenter.sh/v1", objects },
  });

  test("answers with every object in the version that was asked for", async () => {
    const pool = {
      apiVersion: "karpenter.sh/v1beta1",
      kind: "NodePool",
      metadata: { name: "default" },
      spec: {
        template: { spec: { requirements: [], nodeClassRef: { name: "default" } } },
        disruption: { consolidationPolicy: "WhenUnderutilized", expireAfter: "720h" },
      },
    };
    const { status, body } = await post(review([pool]));
    expect(status).toBe(200);
    expect(body?.response).toMatchObject({
      uid: "u",
      result: { status: "Success" },
      convertedObjects: [
        {
          apiVersion: "karpenter.sh/v1",
          spec: {
            template: { spec: { expireAfter: "720h" } },
            disruption: { consolidationPolicy: "WhenEmptyOrUnderutilized" },
          },
        },
      ],
    });
  });

  test("answers why an object can't be converted", async () => {
    const { body } = await post(review([{ apiVersion: "karpenter.sh/v1alpha5", kind: "Machine", metadata: {} }]));
    expect(body?.response).toMatchObject({
      convertedObjects: [],
      result: { status: "Failure", message: "karpenter.sh/v1alpha5 Machine: can't be converted to karpenter.sh/v1" },
    });
  });

  test("refuses what is no review", async () => {
    expect(await post({ kind: "Pod" })).toEqual({
      status: 400,
      body: { message: 'kind: "Pod", expected a ConversionReview with a request' },
    });
  });
});
