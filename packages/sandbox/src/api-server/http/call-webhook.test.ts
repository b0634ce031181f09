import { type CertificateBundle, renewed, type Serving, serve, silentLogger, systemClock } from "@bellows/kube";
import { afterAll, beforeAll, expect, test } from "vitest";
import { callWebhook } from "./call-webhook.ts";

let certificates: CertificateBundle;
let webhook: Serving;

beforeAll(async () => {
  certificates = await renewed(undefined, systemClock.now(), { names: ["127.0.0.1"] });
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

const review = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request: { uid: "1" } } as const;
const at = (path: string, caBundle: string | undefined = Buffer.from(certificates.caBundle).toString("base64")) => ({
  url: `https://127.0.0.1:${webhook.port}${path}`,
  ...(caBundle && { caBundle }),
});

test("a webhook by its URL is asked over HTTPS, and its answer is read", async () => {
  expect(await callWebhook(at("/mutate"), review, { timeoutSeconds: 5 })).toMatchObject({
    response: { uid: "1", allowed: true },
  });
});

test("what goes wrong is told with the address", async () => {
  const url = `failed to call webhook: Post "https://127.0.0.1:${webhook.port}`;
  await expect(callWebhook(at("/broken"), review, { timeoutSeconds: 5 })).rejects.toThrow(
    `${url}/broken?timeout=5s": 500: out of order`,
  );
  await expect(callWebhook(at("/silent"), review, { timeoutSeconds: 1 })).rejects.toThrow("context deadline exceeded");
  await expect(callWebhook(at("/mutate", ""), review, { timeoutSeconds: 5 })).rejects.toThrow(/certificate/);
});

test("a service says that nothing listens behind it", async () => {
  const service = { namespace: "shop", name: "hook" };
  await expect(callWebhook({ service }, review, { timeoutSeconds: 5 })).rejects.toThrow(
    "service shop/hook: no pod of the sandbox listens",
  );
});
