import { type CertificateBundle, renewed, type Serving, serve, silentLogger, systemClock } from "@bellows/kube";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ResolveService } from "../service-target.ts";
import { webhookCaller } from "../webhook-client.ts";
import { postReview } from "./post-review.ts";

let certificates: CertificateBundle;
let webhook: Serving;

beforeAll(async () => {
  certificates = await renewed(undefined, systemClock.now(), { names: ["127.0.0.1", "hook.shop.svc"] });
  const { certificate, key } = certificates;
  webhook = await serve({
    log: silentLogger,
    port: 0,
    tls: { certificate, key },
    routes: (app) => {
      app.post("/mutate", async (asked) => {
        const { request } = asked.body as { request: { uid: string } };
        return {
          apiVersion: "admission.k8s.io/v1",
          kind: "AdmissionReview",
          response: { uid: request.uid, allowed: true },
        };
      });
      app.post("/broken", async (_, reply) => reply.code(500).send("out of order"));
      app.post("/silent", () => new Promise(() => {}));
    },
  });
});

afterAll(() => webhook.close());

const resolve: ResolveService = ({ namespace, name }) => {
  if (name !== "hook") throw new Error(`service "${name}" not found`);
  return { host: "127.0.0.1", port: webhook.port, serverName: `${name}.${namespace}.svc` };
};
const callWebhook = webhookCaller(postReview, resolve);
const review = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request: { uid: "1" } } as const;
const ca = () => Buffer.from(certificates.caBundle).toString("base64");
const at = (path: string, caBundle: string | undefined = ca()) => ({
  url: `https://127.0.0.1:${webhook.port}${path}`,
  ...(caBundle && { caBundle }),
});

test("a webhook by its URL is asked over HTTPS, and its answer is read", async () => {
  expect(await callWebhook(at("/mutate"), review, { timeoutSeconds: 5 })).toMatchObject({
    response: { uid: "1", allowed: true },
  });
});

test("what goes wrong is told with the address", async () => {
  await expect(callWebhook(at("/broken"), review, { timeoutSeconds: 5 })).rejects.toThrow(
    'an error on the server ("out of order") has prevented the request from succeeding',
  );
  await expect(callWebhook(at("/silent"), review, { timeoutSeconds: 1 })).rejects.toThrow(
    `Post "https://127.0.0.1:${webhook.port}/silent?timeout=1s": context deadline exceeded`,
  );
  await expect(callWebhook(at("/mutate", ""), review, { timeoutSeconds: 5 })).rejects.toThrow(/certificate/);
});

test("a webhook by its Service is reached where that leads to, under the Service's name", async () => {
  const service = { namespace: "shop", name: "hook", path: "/mutate" };
  expect(await callWebhook({ service, caBundle: ca() }, review, { timeoutSeconds: 5 })).toMatchObject({
    response: { allowed: true },
  });
  await expect(
    callWebhook({ service: { ...service, name: "none" }, caBundle: ca() }, review, { timeoutSeconds: 5 }),
  ).rejects.toThrow('Post "https://none.shop.svc:443/mutate?timeout=5s": service "none" not found');
});
