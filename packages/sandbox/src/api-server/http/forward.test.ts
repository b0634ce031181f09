import type { TLSSocket } from "node:tls";
import { type CertificateBundle, renewed, type Serving, serve, silentLogger, systemClock } from "@bellows/kube";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ApiRequest, Query } from "../api-request.ts";
import { forwarder } from "./forward.ts";

let frontProxy: CertificateBundle;
let certificates: CertificateBundle;
let server: Serving;

beforeAll(async () => {
  const now = systemClock.now();
  frontProxy = await renewed(undefined, now, { names: ["front-proxy-client"], usage: "client" });
  certificates = await renewed(undefined, now, { names: ["api.shop.svc"] });
  const { certificate, key } = certificates;
  server = await serve({
    log: silentLogger,
    port: 0,
    tls: { certificate, key, clientCa: frontProxy.caBundle },
    routes: (app) => {
      app.get("/apis/shop.example.com/v1/*", async ({ url, headers, socket }) => ({
        url,
        by: (socket as TLSSocket).getPeerCertificate().subject.CN,
        user: headers["x-remote-user"],
        groups: headers["x-remote-group"],
        team: headers["x-remote-extra-example.com%2fteam"],
        authorization: headers.authorization,
      }));
      app.get("/flow", async (_, reply) => reply.type("application/json").send("{}\n{}\n"));
    },
  });
});

afterAll(() => server.close());

const target = () => ({ host: "127.0.0.1", port: server.port, serverName: "api.shop.svc" });
const asked = (path: string, query = ""): ApiRequest => ({
  method: "GET",
  path,
  query: Query.parse(query),
  headers: { authorization: "Bearer secret", accept: "application/json" },
  user: { username: "jane", groups: ["a", "b"], extra: { "example.com/team": ["red"] } },
});
const caBundle = () => Buffer.from(certificates.caBundle).toString("base64");

test("another server is asked by a certificate, on behalf of whoever asks, and never shown the token", async () => {
  const { status, body } = await forwarder(frontProxy)(
    target(),
    asked("/apis/shop.example.com/v1/carts/a b", "labelSelector=x%3Dy"),
    { caBundle: caBundle() },
  );
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      url: "/apis/shop.example.com/v1/carts/a%20b?labelSelector=x%3Dy",
      by: "front-proxy-client",
      user: "jane",
      groups: "a, b",
      team: "red",
    },
  });
});

test("a certificate that is not the Service's is refused, unless any will do", async () => {
  const request = asked("/apis/shop.example.com/v1/carts");
  await expect(forwarder(frontProxy)(target(), request, {})).rejects.toThrow(/failed to verify certificate/);
  expect((await forwarder(frontProxy)(target(), request, { insecure: true })).status).toBe(200);
});

test("what flows is passed on as it comes", async () => {
  const { stream } = await forwarder(frontProxy)(target(), asked("/flow", "watch=true"), { insecure: true });
  const chunks: string[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk.toString());
  expect(chunks.join("")).toBe("{}\n{}\n");
});
