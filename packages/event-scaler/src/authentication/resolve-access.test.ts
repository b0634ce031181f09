import type { Deployment } from "@bellows/api";
import { silentLogger, systemClock } from "@bellows/kube";
import { describe, expect, test } from "vitest";
import type { SecretsManagerLogin } from "./aws-secret-manager.ts";
import {
  authentication,
  clusterAuthentication,
  configMap,
  FakeCluster,
  secret,
  serviceAccount,
} from "./cluster.fixture.ts";
import { createResolveAccess } from "./resolve-access.ts";

const login = { name: "login" };
const clusterLogin = { name: "login", kind: "ClusterTriggerAuthentication" as const };

describe("parameters", () => {
  const ofSecret = { secretTargetRef: [{ parameter: "host", name: "db", key: "url" }] };
  const ofConfigMap = { configMapTargetRef: [{ parameter: "host", name: "db", key: "url" }] };

  test.each([
    { name: "nothing without a reference", ref: undefined, objects: [], is: {} },
    {
      name: "nothing where the authentication is missing",
      ref: login,
      objects: [],
      is: {},
      missing: 'TriggerAuthentication "login" not found',
    },
    {
      name: "a Secret",
      ref: login,
      objects: [authentication(ofSecret), secret("db", { url: "s" })],
      is: { host: "s" },
    },
    {
      name: "an empty text for a missing Secret",
      ref: login,
      objects: [authentication(ofSecret)],
      is: { host: "" },
      missing: 'parameter host: no Secret "db" of namespace shop',
    },
    {
      name: "an empty text for a missing key",
      ref: login,
      objects: [authentication(ofSecret), secret("db", {})],
      is: { host: "" },
      missing: 'parameter host: no key "url" in Secret "db" of namespace shop',
    },
    {
      name: "a ConfigMap",
      ref: login,
      objects: [authentication(ofConfigMap), configMap("db", { url: "c" })],
      is: { host: "c" },
    },
    {
      name: "a Secret goes before a ConfigMap",
      ref: login,
      objects: [
        authentication({ ...ofSecret, ...ofConfigMap }),
        secret("db", { url: "s" }),
        configMap("db", { url: "c" }),
      ],
      is: { host: "s" },
    },
    {
      name: "of a ClusterTriggerAuthentication: from the operator's namespace",
      ref: clusterLogin,
      objects: [clusterAuthentication(ofSecret), secret("db", { url: "shop" }), secret("db", { url: "keda" }, "keda")],
      is: { host: "keda" },
    },
    {
      name: "of a ClusterTriggerAuthentication: an empty text for a Secret of another namespace",
      ref: clusterLogin,
      objects: [clusterAuthentication(ofSecret), secret("db", { url: "shop" })],
      is: { host: "" },
      missing: 'parameter host: no Secret "db" of namespace keda',
    },
    {
      name: "of a ClusterTriggerAuthentication: no token of a service account of another namespace",
      ref: clusterLogin,
      objects: [
        clusterAuthentication({ boundServiceAccountToken: [{ parameter: "token", serviceAccountName: "worker" }] }),
        serviceAccount("worker"),
      ],
      is: { token: "" },
      missing: 'token of ServiceAccount "worker": /api/v1/namespaces/keda/serviceaccounts/worker/token not found',
    },
    {
      name: "of a ClusterTriggerAuthentication: a token of a service account of the operator's namespace",
      ref: clusterLogin,
      objects: [
        clusterAuthentication({ boundServiceAccountToken: [{ parameter: "token", serviceAccountName: "worker" }] }),
        { ...serviceAccount("worker"), metadata: { name: "worker", namespace: "keda" } },
      ],
      is: { token: "token-of-worker" },
    },
    {
      name: "a Secret and a ConfigMap",
      ref: login,
      objects: [
        authentication({ ...ofSecret, configMapTargetRef: [{ parameter: "user", name: "settings", key: "user" }] }),
        secret("db", { url: "s" }),
        configMap("settings", { user: "u" }),
      ],
      is: { host: "s", user: "u" },
    },
    {
      name: "an empty text for a variable where the target has no pods that are known",
      ref: login,
      objects: [authentication({ env: [{ parameter: "a", name: "A" }] })],
      podSpec: { containers: [] },
      is: { a: "" },
    },
    {
      name: "a token of a service account",
      ref: login,
      objects: [
        authentication({ boundServiceAccountToken: [{ parameter: "token", serviceAccountName: "worker" }] }),
        serviceAccount("worker"),
      ],
      is: { token: "token-of-worker" },
    },
    {
      name: "an empty token where the service account is missing",
      ref: login,
      objects: [authentication({ boundServiceAccountToken: [{ parameter: "token", serviceAccountName: "worker" }] })],
      is: { token: "" },
      missing: 'token of ServiceAccount "worker": /api/v1/namespaces/shop/serviceaccounts/worker/token not found',
    },
  ])("$name", async ({ ref, objects, is, missing, podSpec }) => {
    const access = await new FakeCluster(objects).resolve(ref, {}, podSpec);
    const noted = missing === undefined ? {} : { missing: [missing] };
    expect(access).toEqual({ authParams: is, podIdentity: { provider: "none" }, resolvedEnv: {}, ...noted });
  });

  test("what is missing is logged with its name, and what is there is never logged", async () => {
    const spec = {
      secretTargetRef: [
        { parameter: "a", name: "db", key: "url" },
        { parameter: "b", name: "db", key: "nothing" },
      ],
    };
    const cluster = new FakeCluster([authentication(spec), secret("db", { url: "hush" })]);
    await cluster.resolve(login);
    expect(cluster.warnings).toEqual([
      {
        message: "parameter of a trigger not found",
        fields: { kind: "Secret", namespace: "shop", name: "db", key: "nothing", found: "no such key" },
      },
    ]);
  });

  test("what is missing in the operator's namespace is not looked for elsewhere where access is restricted", async () => {
    const cluster = new FakeCluster([authentication(ofSecret), secret("db", { url: "shop" })]);
    const restricted = { restrictSecretAccess: true, clusterObjectNamespace: "ops" };
    expect(await cluster.resolve(login, restricted)).toMatchObject({
      authParams: { host: "" },
      missing: ['parameter host: no Secret "db" of namespace ops'],
    });
  });

  test("Secrets come from the operator's namespace alone where access is restricted", async () => {
    const objects = [authentication(ofSecret), secret("db", { url: "shop" }), secret("db", { url: "ops" }, "ops")];
    const restricted = { restrictSecretAccess: true, clusterObjectNamespace: "ops" };
    expect((await new FakeCluster(objects).resolve(login, restricted)).authParams).toEqual({ host: "ops" });
  });

  test("come from the environment of the target's containers", async () => {
    const spec = {
      env: [
        { parameter: "a", name: "A" },
        { parameter: "b", name: "B", containerName: "side" },
        { parameter: "c", name: "C", containerName: "none" },
      ],
    };
    const podSpec = {
      containers: [
        { name: "main", env: [{ name: "A", value: "1" }] },
        { name: "side", env: [{ name: "B", value: "2" }] },
      ],
    };
    const access = await new FakeCluster([authentication(spec)]).resolve(login, {}, podSpec);
    expect(access.authParams).toEqual({ a: "1", b: "2", c: "" });
    expect(access.resolvedEnv).toEqual({ A: "1" });
  });

  test("the environment of a ScaledJob is that of the container it names, and must be complete", async () => {
    const podSpec = {
      containers: [
        { name: "main", envFrom: [{ secretRef: { name: "no" } }] },
        { name: "side", env: [{ name: "B", value: "2" }] },
      ],
    };
    const cluster = new FakeCluster([]);
    const side = await cluster.resolve(undefined, {}, podSpec, { envSourceContainerName: "side" });
    expect(side.resolvedEnv).toEqual({ B: "2" });
    await expect(cluster.resolve(undefined, {}, podSpec)).rejects.toThrow(
      'error resolving secrets for ScaleTarget: envFrom: Secret "no" not found in namespace "shop"',
    );
  });

  test("an OAuth2 client", async () => {
    const spec = {
      oauth2: {
        type: "clientCredentials",
        clientId: "me",
        clientSecret: { valueFrom: { secretKeyRef: { name: "client", key: "secret" } } },
        tokenUrl: "https://id/token",
        scopes: ["a", "b"],
        tokenUrlParams: { resource: "x y", audience: "z" },
      },
    };
    const access = await new FakeCluster([authentication(spec), secret("client", { secret: "hush" })]).resolve(login);
    expect(access.authParams).toEqual({
      oauthTokenURI: "https://id/token",
      clientID: "me",
      clientSecret: "hush",
      scopes: "a,b",
      endpointParams: "audience=z&resource=x+y",
    });
  });
});

describe("a file", () => {
  const files = (text: string) => ({
    filePathAuthRootPath: "/mnt/auth/",
    readFile: async (path: string) => (path === "/mnt/auth/a/b.json" ? text : Promise.reject(new Error("ENOENT"))),
  });
  const of = (filePath: string, text: string) =>
    new FakeCluster([
      clusterAuthentication({ filePath, secretTargetRef: [{ parameter: "x", name: "n", key: "k" }] }),
    ]).resolve(clusterLogin, files(text));

  test("holds all parameters, and nothing else is looked for", async () => {
    expect((await of("a/b.json", '{"user": "u", "password": "p"}')).authParams).toEqual({ user: "u", password: "p" });
  });

  test.each([
    { path: "/etc/passwd", says: "filePath must be relative and not contain '..'" },
    { path: "a/../../etc/passwd", says: "filePath must be relative and not contain '..'" },
    { path: "none.json", says: "failed to read auth file /mnt/auth/none.json: ENOENT" },
    {
      path: "a/b.json",
      text: "hush",
      says: /^failed to unmarshal auth params from \/mnt\/auth\/a\/b.json: no JSON, expected an object of texts$/,
    },
    { path: "a/b.json", text: '{"port": 1}', says: "port is number, expected a text" },
  ])("$path $text is refused", async ({ path, text = "{}", says }) => {
    await expect(of(path, text)).rejects.toThrow(says);
  });

  test("is refused of a TriggerAuthentication, and where no folder is set up", async () => {
    const objects = [authentication({ filePath: "a/b.json" }), clusterAuthentication({ filePath: "a/b.json" })];
    await expect(new FakeCluster(objects).resolve(login, files("{}"))).rejects.toThrow(
      "filePath is only supported for ClusterTriggerAuthentication",
    );
    await expect(new FakeCluster(objects).resolve(clusterLogin)).rejects.toThrow(
      "filepath-auth-root-path not configured",
    );
  });
});

describe("pod identity", () => {
  const role = { "eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/work" };
  const podSpec = (serviceAccountName?: string) => ({ containers: [{ name: "main" }], serviceAccountName });
  const of = (podIdentity: object, account?: string) =>
    new FakeCluster([
      authentication({ podIdentity }),
      serviceAccount("worker", role),
      serviceAccount("plain"),
      serviceAccount("default", { "eks.amazonaws.com/role-arn": "arn:default" }),
    ]).resolve(login, {}, podSpec(account));

  test.each([
    {
      name: "the role that is given",
      identity: { provider: "aws", roleArn: "arn:given" },
      is: { awsRoleArn: "arn:given" },
    },
    { name: "no role", identity: { provider: "aws" }, is: {} },
    {
      name: "the role of the workload",
      identity: { provider: "aws", identityOwner: "workload" },
      account: "worker",
      is: { awsRoleArn: "arn:aws:iam::1:role/work" },
    },
    {
      name: "the role of the default account",
      identity: { provider: "aws", identityOwner: "workload" },
      is: { awsRoleArn: "arn:default" },
    },
    {
      name: "the old provider, without a role",
      identity: { provider: "aws-eks" },
      account: "plain",
      is: { awsRoleArn: "" },
    },
    { name: "others give nothing", identity: { provider: "gcp" }, is: {} },
  ])("$name", async ({ identity, account, is }) => {
    const access = await of(identity, account);
    expect(access.authParams).toEqual(is);
    expect(access.podIdentity).toEqual(identity);
  });

  test.each([
    {
      identity: { provider: "aws", identityOwner: "workload", roleArn: "arn" },
      account: "worker",
      says: "roleArn can't be set if KEDA isn't identity owner, current value: 'workload'",
    },
    {
      identity: { provider: "aws", identityOwner: "workload" },
      account: "plain",
      says: "error getting service account: 'plain', error: annotation 'eks.amazonaws.com/role-arn' not found",
    },
    {
      identity: { provider: "aws-eks" },
      account: "gone",
      says: `error getting service account: 'gone', error: not found in namespace "shop"`,
    },
    {
      identity: { provider: "azure-workload", identityId: "" },
      account: "plain",
      says: "IdentityID of PodIdentity should not be empty",
    },
  ])("$says", async ({ identity, account, says }) => {
    await expect(of(identity, account)).rejects.toThrow(says);
  });
});

describe("AWS Secrets Manager", () => {
  const key = (name: string) => ({ valueFrom: { secretKeyRef: { name: "aws", key: name } } });
  const secrets = [
    { parameter: "whole", name: "plain" },
    { parameter: "part", name: "json", secretKey: "password", versionStage: "AWSPREVIOUS" },
    { parameter: "missing", name: "json", secretKey: "none" },
    { parameter: "wrong", name: "plain", secretKey: "x" },
  ];
  const texts: Record<string, string> = { plain: "hush", json: '{"password": "p"}' };

  async function of(manager: object, objects: readonly Parameters<typeof Object.keys>[0][] = []) {
    const logins: SecretsManagerLogin[] = [];
    const cluster = new FakeCluster([authentication({ awsSecretManager: manager }), ...(objects as never[])]);
    const access = await cluster.resolve(login, {
      openSecretsManager: async (login) => {
        logins.push(login);
        return { getSecretValue: async (name) => texts[name] as string, close() {} };
      },
    });
    return { params: access.authParams, logins, warnings: cluster.warnings };
  }

  test("gives whole secrets and keys of them; what can't be read is left out and logged without its text", async () => {
    const credentials = { accessKey: key("id"), accessSecretKey: key("secret") };
    const { params, logins, warnings } = await of({ region: "eu-west-1", credentials, secrets }, [
      secret("aws", { id: "AKIA", secret: "s" }),
    ]);
    expect(params).toEqual({ whole: "hush", part: "p" });
    expect(logins).toEqual([{ region: "eu-west-1", accessKeyId: "AKIA", secretAccessKey: "s" }]);
    expect(warnings.map(({ fields }) => (fields as { parameter: string }).parameter)).toEqual(["missing", "wrong"]);
    expect(JSON.stringify(warnings)).not.toContain("hush");
  });

  test("is opened by the identity of the pod, or with the role that is given", async () => {
    const podIdentity = { provider: "aws", roleArn: "arn:role", externalID: "x" };
    expect((await of({ podIdentity, secrets })).logins).toEqual([
      { region: undefined, roleArn: "arn:role", externalId: "x" },
    ]);
  });

  test.each([
    { of: {}, says: "AccessKeyID and AccessSecretKey are expected when not using a pod identity provider" },
    { of: { podIdentity: { provider: "none" } }, says: "AccessKeyID and AccessSecretKey are expected" },
    {
      of: { credentials: { accessKey: key("id"), accessSecretKey: key("none") } },
      says: "AccessKeyID and AccessSecretKey are expected",
    },
    { of: { podIdentity: { provider: "aws-eks" } }, says: "pod identity provider aws-eks not supported" },
    { of: { podIdentity: { provider: "azure-workload" } }, says: "pod identity provider azure-workload not supported" },
    { of: { podIdentity: { provider: "gcp" } }, says: "pod identity provider gcp not supported" },
  ])("gives nothing with $of, and says so", async ({ of: manager, says }) => {
    const { params, logins, warnings } = await of({ ...manager, secrets }, [secret("aws", { id: "AKIA" })]);
    expect({ params, logins }).toEqual({ params: {}, logins: [] });
    expect(JSON.stringify(warnings)).toContain(says);
  });
});

test("other clouds' secrets are refused by name", async () => {
  const spec = { azureKeyVault: { vaultUri: "u", secrets: [{ parameter: "p", name: "n" }] } };
  await expect(new FakeCluster([authentication(spec)]).resolve(login)).rejects.toThrow(
    "spec.azureKeyVault: not supported",
  );
});

describe("the target of a ScaledObject", () => {
  const deployment: Deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "shop" },
    spec: {
      selector: {},
      template: { spec: { containers: [{ name: "main", env: [{ name: "A", value: "1" }] }] } },
    },
  };
  const of = (scaleTargetRef: object, objects: readonly Deployment[]) => {
    const { client } = new FakeCluster(objects);
    const trigger = { type: "x", metadata: {} };
    const object = {
      kind: "ScaledObject",
      metadata: { name: "web", namespace: "shop" },
      spec: { scaleTargetRef, triggers: [trigger] },
    };
    const resolve = createResolveAccess({ client, clock: systemClock, log: silentLogger });
    return resolve(object as never, trigger);
  };

  test("is a Deployment where nothing else is said", async () => {
    expect((await of({ name: "web" }, [deployment])).resolvedEnv).toEqual({ A: "1" });
    expect((await of({ apiVersion: "", kind: "", name: "web" }, [deployment])).resolvedEnv).toEqual({ A: "1" });
  });

  test("must be there", async () => {
    await expect(of({ name: "web" }, [])).rejects.toThrow(
      'spec.scaleTargetRef: Deployment "web" not found in namespace "shop"',
    );
  });
});

test("bound tokens are valid for one to six hours", () => {
  const { client } = new FakeCluster([]);
  const of = (boundServiceAccountTokenExpiryMs: number) =>
    createResolveAccess({ client, clock: systemClock, log: silentLogger, boundServiceAccountTokenExpiryMs });
  expect(() => of(60_000)).toThrow("must be between 1h and 6h");
  expect(() => of(7 * 3_600_000)).toThrow("must be between 1h and 6h");
  expect(of(6 * 3_600_000)).toBeTypeOf("function");
});
