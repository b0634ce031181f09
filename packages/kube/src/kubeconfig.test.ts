import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { inClusterTransport, kubeconfigTransport } from "./kubeconfig.ts";

let folder: string;
let server: Server;
let url: string;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
  server = createServer((request, response) =>
    response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ authorization: request.headers.authorization })),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

function kubeconfig(user: object): string {
  const path = join(folder, "config");
  const config = {
    "current-context": "here",
    clusters: [{ name: "c", cluster: { server: url } }],
    users: [{ name: "u", user }],
    contexts: [
      { name: "here", context: { cluster: "c", user: "u", namespace: "team" } },
      { name: "other", context: { cluster: "c", user: "u" } },
    ],
  };
  writeFileSync(join(folder, "token"), "from-file\n");
  writeFileSync(path, JSON.stringify(config));
  return path;
}

const plugin = [
  "-e",
  `console.log(JSON.stringify({ apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token: "from-plugin" } }))`,
];

test.each([
  { name: "a token", user: { token: "abc" }, authorization: "Bearer abc" },
  { name: "a name and a password", user: { username: "me", password: "pw" }, authorization: `Basic ${btoa("me:pw")}` },
  { name: "a file with a token", user: { tokenFile: "token", token: "old" }, authorization: "Bearer from-file" },
  {
    name: "an exec plugin",
    user: { exec: { apiVersion: "client.authentication.k8s.io/v1", command: process.execPath, args: plugin } },
    authorization: "Bearer from-plugin",
  },
])("authenticates by $name", async ({ user, authorization }) => {
  const transport = await kubeconfigTransport({ kubeconfig: kubeconfig(user) });
  const { body } = await transport.request({ method: "GET", path: "/version" });
  expect(body).toEqual({ authorization });
  expect(transport.namespace).toBe("team");
  await transport.close();
});

test("takes the context that was asked for", async () => {
  const transport = await kubeconfigTransport({ kubeconfig: kubeconfig({ token: "abc" }), context: "other" });
  expect(transport.namespace).toBe("default");
  await transport.close();
});

test.each([
  { name: "a file that is not there", options: () => ({ kubeconfig: "/nowhere/config" }), message: "no such file" },
  {
    name: "a context that is not there",
    options: () => ({ kubeconfig: kubeconfig({}), context: "prod" }),
    message: 'context: "prod", expected one of here, other',
  },
])("says what is wrong with $name", async ({ options, message }) => {
  await expect(kubeconfigTransport(options())).rejects.toThrow(message);
});

test("says what is missing outside of a pod", async () => {
  const { KUBERNETES_SERVICE_HOST: host } = process.env;
  delete process.env.KUBERNETES_SERVICE_HOST;
  await expect(inClusterTransport()).rejects.toThrow("KUBERNETES_SERVICE_HOST");
  if (host !== undefined) process.env.KUBERNETES_SERVICE_HOST = host;
});
