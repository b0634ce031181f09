import { describe, expect, test } from "vitest";
import { configMap, FakeCluster, secret } from "./cluster.fixture.ts";
import { containerEnvironment, expand } from "./container-environment.ts";
import { readReferences } from "./references.ts";

describe("references to other variables", () => {
  const environment = { "test-key": "value", EMPTY: "" };
  test.each([
    { text: "$(test-key)-after", is: "value-after" },
    { text: "before-$(test-key)", is: "before-value" },
    { text: "$(test-key)$(test-key)", is: "valuevalue" },
    { text: "$$(test-key)-escaped", is: "$(test-key)-escaped" },
    { text: "$$$(test-key)", is: "$value" },
    { text: "$()-empty", is: "$()-empty" },
    { text: "$(unknown)", is: "$(unknown)" },
    { text: "$(EMPTY)x", is: "x" },
    { text: "$(constructor)", is: "$(constructor)" },
    { text: "$(test-key-not-closed", is: "$(test-key-not-closed" },
    { text: "$test-key", is: "$test-key" },
    { text: "a$b", is: "a$b" },
    { text: "pay $5", is: "pay $5" },
    { text: "$$", is: "$$" },
    { text: "", is: "" },
  ])("$text is $is", ({ text, is }) => expect(expand(text, environment)).toBe(is));
});

describe("the environment of a container", () => {
  const cluster = new FakeCluster([
    configMap("settings", { host: "h", port: "1" }),
    secret("login", { user: "u", password: "p" }),
    secret("login", { user: "other" }, "keda"),
  ]);
  const of = (container: object, onlySecretsOf?: string, name?: string, namespace = "shop") =>
    containerEnvironment(
      {
        containers: [
          { name: "main", ...container },
          { name: "side", env: [{ name: "side", value: "yes" }] },
        ],
      },
      name,
      namespace,
      readReferences(cluster.client, onlySecretsOf),
    );
  const from = (kind: "configMapKeyRef" | "secretKeyRef", name: string, key: string, optional?: boolean) => ({
    env: [{ name: "x", valueFrom: { [kind]: { name, key, ...(optional !== undefined && { optional }) } } }],
  });

  test.each([
    {
      name: "values, in order",
      of: {
        env: [
          { name: "a", value: "1" },
          { name: "b", value: "$(a)2" },
        ],
      },
      is: { a: "1", b: "12" },
    },
    { name: "a variable without a value is empty", of: { env: [{ name: "a" }] }, is: { a: "" } },
    {
      name: "a whole ConfigMap",
      of: { envFrom: [{ configMapRef: { name: "settings" } }] },
      is: { host: "h", port: "1" },
    },
    {
      name: "a whole Secret with a prefix",
      of: { envFrom: [{ prefix: "DB_", secretRef: { name: "login" } }] },
      is: { DB_user: "u", DB_password: "p" },
    },
    { name: "a key of a ConfigMap", of: from("configMapKeyRef", "settings", "host"), is: { x: "h" } },
    { name: "a key of a Secret", of: from("secretKeyRef", "login", "password"), is: { x: "p" } },
    { name: "a key that isn't there is empty", of: from("secretKeyRef", "login", "nothing"), is: { x: "" } },
    {
      name: "fields of the pod are left out",
      of: { env: [{ name: "x", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }] },
      is: {},
    },
    {
      name: "variables go before what comes whole",
      of: { envFrom: [{ configMapRef: { name: "settings" } }], env: [{ name: "host", value: "mine" }] },
      is: { host: "mine", port: "1" },
    },
    {
      name: "optional whole objects may be missing",
      of: {
        envFrom: [{ configMapRef: { name: "no", optional: true } }, { secretRef: { name: "no", optional: true } }],
      },
      is: {},
    },
    { name: "an optional ConfigMap may be missing", of: from("configMapKeyRef", "no", "k", true), is: {} },
    { name: "an optional Secret may be missing", of: from("secretKeyRef", "no", "k", true), is: {} },
  ])("$name", async ({ of: container, is }) => expect(await of(container)).toEqual(is));

  test.each([
    {
      of: { envFrom: [{ configMapRef: { name: "no" } }] },
      says: 'envFrom: ConfigMap "no" not found in namespace "shop"',
    },
    {
      of: { envFrom: [{ secretRef: { name: "no", optional: false } }] },
      says: 'envFrom: Secret "no" not found in namespace "shop"',
    },
    { of: from("configMapKeyRef", "no", "k", false), says: 'env x: ConfigMap "no" not found in namespace "shop"' },
    { of: from("secretKeyRef", "no", "k"), says: 'env x: Secret "no" not found in namespace "shop"' },
  ])("what is named and not optional must be there: $says", async ({ of: container, says }) => {
    await expect(of(container)).rejects.toThrow(says);
  });

  test("is that of the container that is named", async () => {
    expect(await of({}, undefined, "side")).toEqual({ side: "yes" });
    await expect(of({}, undefined, "none")).rejects.toThrow(
      "couldn't find container with name none on Target object, which has main, side",
    );
  });

  test("leaves Secrets out where they may only be read from another namespace", async () => {
    expect(
      await of({ ...from("secretKeyRef", "login", "user"), envFrom: [{ secretRef: { name: "login" } }] }, "keda"),
    ).toEqual({});
    expect(await of(from("secretKeyRef", "login", "user"), "keda", undefined, "keda")).toEqual({ x: "other" });
  });
});
