import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TriggerAuthenticationSpec } from "@bellows/api";
import { silentLogger, systemClock } from "@bellows/kube";
import { describe, expect, test } from "vitest";
import { type HttpRequest, httpClient } from "../http-client.ts";
import { authentication, FakeCluster, serviceAccount } from "./cluster.fixture.ts";
import { readVault, type VaultSeams } from "./hashicorp-vault.ts";

type HashiCorpVault = NonNullable<TriggerAuthenticationSpec["hashiCorpVault"]>;

const v2 = { data: { data: { user: "u2", port: 5432 }, metadata: { version: 3 } } };
const v1 = { data: { user: "u1", password: "p1" } };
const certificate = { data: { certificate: "PEM", private_key_type: "rsa", ca_chain: ["A", "B"] } };

/** A server that knows one token, one role and three secrets. */
function answer({ method, url, headers, body }: HttpRequest): { status: number; body: string } {
  const path = `${method} ${new URL(url).pathname}`;
  const json = (value: object, status = 200) => ({ status, body: JSON.stringify(value) });
  if (path === "PUT /v1/auth/kubernetes/login") {
    const { jwt, role } = JSON.parse(body ?? "{}");
    return role === "reader" && jwt
      ? json({ auth: { client_token: "root" } })
      : json({ errors: ["invalid role name"] }, 400);
  }
  if (headers["x-vault-token"] !== "root") return json({ errors: ["permission denied"] }, 403);
  switch (path) {
    case "GET /v1/auth/token/lookup-self":
      return json({ data: { renewable: true } });
    case "PUT /v1/auth/token/renew-self":
      return json({ auth: { client_token: "root" } });
    case "GET /v1/secret/data/db":
      return json(v2);
    case "GET /v1/kv/db":
      return json(v1);
    case "PUT /v1/pki/issue/web":
      return json(certificate);
    default:
      return json({ errors: [] }, 404);
  }
}

const vault = (fields: Partial<HashiCorpVault>): HashiCorpVault => ({
  address: "http://vault:8200/",
  authentication: "token",
  credential: { token: "root" },
  secrets: [],
  ...fields,
});

function seams(fields: Partial<VaultSeams> = {}) {
  const requests: HttpRequest[] = [];
  const warnings: string[] = [];
  const http = async (request: HttpRequest) => {
    requests.push(request);
    return answer(request);
  };
  const log = { ...silentLogger, warn: (_: string, fields?: object) => void warnings.push(JSON.stringify(fields)) };
  return { requests, warnings, http, log, boundToken: async (name: string) => `jwt-of-${name}`, ...fields };
}

describe("secrets", () => {
  test.each([
    { name: "version 2, found out", secret: { path: "secret/data/db", key: "user" }, is: "u2" },
    { name: "version 2", secret: { path: "secret/data/db", key: "user", type: "secretV2" }, is: "u2" },
    { name: "version 1, found out", secret: { path: "kv/db", key: "password" }, is: "p1" },
    { name: "version 1", secret: { path: "kv/db", key: "user", type: "secret" }, is: "u1" },
    {
      name: "a certificate",
      secret: { path: "pki/issue/web", key: "certificate", type: "pki", pkiData: { commonName: "web" } },
      is: "PEM",
    },
    { name: "what kind of key", secret: { path: "pki/issue/web", key: "private_key_type", type: "pki" }, is: "rsa" },
    { name: "a chain of certificates", secret: { path: "pki/issue/web", key: "ca_chain", type: "pki" }, is: "A\nB" },
    { name: "empty: no such path", secret: { path: "kv/none", key: "user" }, is: "" },
    {
      name: "empty: no such path of version 2",
      secret: { path: "secret/data/no", key: "user", type: "secretV2" },
      is: "",
    },
    { name: "empty: no such key", secret: { path: "kv/db", key: "none" }, is: "" },
    {
      name: "empty: no such key of version 2",
      secret: { path: "secret/data/db", key: "no", type: "secretV2" },
      is: "",
    },
    { name: "empty: no such key of a certificate", secret: { path: "pki/issue/web", key: "no", type: "pki" }, is: "" },
    { name: "empty: no such type", secret: { path: "kv/db", key: "user", type: "other" as "secret" }, is: "" },
    { name: "empty: no text", secret: { path: "secret/data/db", key: "port" }, is: "" },
    { name: "empty: the other version", secret: { path: "kv/db", key: "user", type: "secretV2" }, is: "" },
  ] as const)("$name", async ({ secret, is }) => {
    const parameters = await readVault(vault({ secrets: [{ parameter: "x", ...secret }] }), seams());
    expect(parameters).toEqual({ x: is });
  });

  test("each path is read once, and a renewable token is renewed", async () => {
    const secrets = ["user", "password", "none"].map((key) => ({ parameter: key, path: "kv/db", key }));
    const seen = seams();
    expect(await readVault(vault({ secrets, namespace: "team" }), seen)).toEqual({
      user: "u1",
      password: "p1",
      none: "",
    });
    expect(seen.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "GET http://vault:8200/v1/auth/token/lookup-self",
      "PUT http://vault:8200/v1/auth/token/renew-self",
      "GET http://vault:8200/v1/kv/db",
    ]);
    expect(seen.requests.every(({ headers }) => headers["x-vault-namespace"] === "team")).toBe(true);
    expect(seen.warnings).toEqual(['{"parameter":"none","path":"kv/db","error":"key \'none\' not found"}']);
  });

  test("a token that lives for ever is not renewed", async () => {
    const seen = seams({
      http: async (request) =>
        request.url.endsWith("/lookup-self") ? { status: 200, body: '{"data": {"ttl": 0}}' } : answer(request),
    });
    expect(await readVault(vault({ secrets: [{ parameter: "x", path: "kv/db", key: "user" }] }), seen)).toEqual({
      x: "u1",
    });
  });

  test("a certificate that several parameters come from is made once", async () => {
    const seen = seams();
    const one = { path: "pki/issue/web", type: "pki" as const, pkiData: { commonName: "web" } };
    const secrets = [
      { parameter: "certificate", key: "certificate", ...one },
      { parameter: "chain", key: "ca_chain", ...one },
      { parameter: "other", key: "certificate", ...one, pkiData: { commonName: "other" } },
    ];
    expect(await readVault(vault({ secrets }), seen)).toEqual({ certificate: "PEM", chain: "A\nB", other: "PEM" });
    const made = seen.requests.filter(({ url }) => url.endsWith("/pki/issue/web"));
    expect(made.map(({ body }) => body)).toEqual(['{"common_name":"web"}', '{"common_name":"other"}']);
  });

  test("a certificate is asked for with all that is given of it", async () => {
    const pkiData = {
      commonName: "web",
      altNames: "a,b",
      ipSans: "10.0.0.1",
      uriSans: "spiffe://web",
      otherSans: "x",
      ttl: "1h",
      format: "pem",
    };
    const seen = seams();
    await readVault(
      vault({ secrets: [{ parameter: "x", path: "pki/issue/web", key: "certificate", type: "pki", pkiData }] }),
      seen,
    );
    expect(JSON.parse(seen.requests.at(-1)?.body ?? "")).toEqual({
      common_name: "web",
      alt_names: "a,b",
      ip_sans: "10.0.0.1",
      uri_sans: "spiffe://web",
      other_sans: "x",
      ttl: "1h",
      format: "pem",
    });
  });
});

describe("login", () => {
  const secrets = [{ parameter: "x", path: "kv/db", key: "user" }];
  const kubernetes = { authentication: "kubernetes" as const, mount: "kubernetes", role: "reader", secrets };
  const claims = (sub: string) => `e30.${btoa(JSON.stringify({ sub }))}.c2ln`;

  test("by the token of a service account", async () => {
    const seen = seams();
    const credential = { serviceAccountName: "worker" };
    expect(await readVault(vault({ ...kubernetes, credential }), seen)).toEqual({ x: "u1" });
    expect(seen.requests[0]?.body).toBe('{"jwt":"jwt-of-worker","role":"reader"}');
  });

  test("by the token of this process where nothing is said", async () => {
    const paths: string[] = [];
    const readFile = async (path: string) => {
      paths.push(path);
      return claims("system:serviceaccount:keda:keda-operator");
    };
    const { credential: _, ...none } = vault(kubernetes);
    expect(await readVault(none, seams({ readFile }))).toEqual({ x: "u1" });
    expect(paths).toEqual(["/var/run/secrets/kubernetes.io/serviceaccount/token"]);
  });

  test.each([
    { of: {}, own: "team", sent: "team" },
    { of: { namespace: "admin" }, own: "team", sent: "admin" },
    { of: {}, own: undefined, sent: undefined },
  ])("$of with namespace $own of this process asks in $sent", async ({ of, own, sent }) => {
    const seen = seams({ vaultNamespace: own });
    expect(await readVault(vault({ ...of, secrets }), seen)).toEqual({ x: "u1" });
    expect(new Set(seen.requests.map(({ headers }) => headers["x-vault-namespace"]))).toEqual(new Set([sent]));
  });

  test("the token of this process goes before that of the object", async () => {
    const wrong = vault({ credential: { token: "wrong" }, secrets });
    expect(await readVault(wrong, seams({ vaultToken: "root" }))).toEqual({ x: "u1" });
  });

  test.each([
    { name: "no token", of: { credential: {} }, says: "could not get Vault token" },
    {
      name: "a wrong token",
      of: { credential: { token: "hush" } },
      says: /^Vault: GET http:\/\/vault:8200\/v1\/auth\/token\/lookup-self answered 403: permission denied$/,
    },
    { name: "no mount", of: { ...kubernetes, mount: "" }, says: "auth mount not in config" },
    { name: "no role", of: { ...kubernetes, role: "" }, says: "k8s role not in config" },
    {
      name: "a wrong role",
      of: { ...kubernetes, role: "none", credential: { serviceAccountName: "w" } },
      says: "answered 400: invalid role name",
    },
    {
      name: "no account",
      of: { ...kubernetes, credential: {} },
      says: "k8s SA file not in config or serviceAccountName not supplied",
    },
    {
      name: "another file",
      of: { ...kubernetes, credential: { serviceAccount: "/etc/shadow" } },
      says: "the file holds no JSON web token",
    },
    {
      name: "another token",
      of: { ...kubernetes, credential: { serviceAccount: "/user" } },
      says: "subject isn't a service account",
    },
    {
      name: "a file that is not there",
      of: { ...kubernetes, credential: { serviceAccount: "/none" } },
      says: "/none: no such file",
    },
    {
      name: "a file that is too long",
      of: { ...kubernetes, credential: { serviceAccount: "/long" } },
      says: "/long exceeds maximum size of 1048576 bytes",
    },
    {
      name: "another method",
      of: { authentication: "ldap" as never },
      says: "vault auth method ldap is not supported",
    },
  ])("is refused with $name", async ({ of, says }) => {
    const files: Readonly<Record<string, string>> = {
      "/user": claims("someone"),
      "/etc/shadow": "root:x:1",
      "/long": "x".repeat((1 << 20) + 1),
    };
    const readFile = async (path: string) => files[path] ?? Promise.reject(new Error(`${path}: no such file`));
    await expect(readVault(vault({ secrets, ...of }), seams({ readFile }))).rejects.toThrow(says);
  });
});

test("Vault is reached by HTTP, with a token of the service account in the object's namespace", async () => {
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const headers = request.headers as Record<string, string>;
    const method = request.method as "GET" | "PUT";
    const { status, body: text } = answer({ method, url: `http://vault${request.url}`, headers, body });
    response.writeHead(status).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const spec = {
      hashiCorpVault: vault({
        address,
        authentication: "kubernetes",
        mount: "kubernetes",
        role: "reader",
        credential: { serviceAccountName: "worker" },
        secrets: [{ parameter: "password", path: "kv/db", key: "password" }],
      }),
    };
    const cluster = new FakeCluster([authentication(spec), serviceAccount("worker")]);
    expect((await cluster.resolve({ name: "login" })).authParams).toEqual({ password: "p1" });
    const request = cluster.requests.find(({ method }) => method === "POST");
    expect(request?.path).toBe("/api/v1/namespaces/shop/serviceaccounts/worker/token");
    expect(request?.body).toMatchObject({ spec: { expirationSeconds: 3600 } });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

test("a Vault that isn't there is named", async () => {
  const request = { method: "GET" as const, url: "http://127.0.0.1:9/v1/x", headers: {} };
  await expect(httpClient("Vault", systemClock, 60_000)(request)).rejects.toThrow(
    /^Vault: GET http:\/\/127.0.0.1:9\/v1\/x: /,
  );
});
