import { VirtualClock } from "@bellows/kube";
import { beforeAll, describe, expect, test } from "vitest";
import { mskToken } from "./aws-msk-token.ts";
import { admin, clientCertificates, group, parsing, prefix } from "./kafka-metadata.fixture.ts";
import { metricNameOf, open, problemOf } from "./trigger.fixture.ts";

const valid = { ...group, topic: "my-topic" };
const none = { provider: "none" } as const;

let pem: Awaited<ReturnType<typeof clientCertificates>>;
beforeAll(async () => {
  pem = await clientCertificates();
});

describe("metadata", () => {
  test.each<[string, Record<string, string>]>([
    ["no topic", group],
    ["partitions without a topic", { ...group, partitionLimitation: "1,2,3,4,5,6" }],
    ["white space for partitions", { ...group, partitionLimitation: "           " }],
    ["no partitions", { ...group, partitionLimitation: "" }],
    ["a threshold", { ...valid, lagThreshold: "1000000", activationLagThreshold: "0" }],
    ["a topic", valid],
    ["partitions", { ...valid, partitionLimitation: "1,2,3,4" }],
    ["a range of partitions", { ...valid, partitionLimitation: "1-4" }],
    ["ranges of partitions", { ...valid, partitionLimitation: "1-4,8,10-12" }],
    ["two brokers", { ...valid, bootstrapServers: "foo:9092,bar:9092" }],
    ["the end", { ...valid, offsetResetPolicy: "latest" }],
    ["the start", { ...valid, offsetResetPolicy: "earliest" }],
    ["idle consumers", { ...valid, allowIdleConsumers: "true", version: "1.0.0" }],
    ["an older version", { ...valid, version: "0.10.2.0" }],
    ["no persistent lag", { ...valid, excludePersistentLag: "true" }],
    ["partitions with lag", { ...valid, limitToPartitionsWithLag: "true" }],
    [
      "idle consumers, not only those with lag",
      { ...valid, allowIdleConsumers: "true", limitToPartitionsWithLag: "false" },
    ],
    ["an even distribution", { ...valid, ensureEvenDistributionOfPartitions: "true" }],
    ["full metadata", { ...group, fullMetadata: "true" }],
    ["metadata of the topic", { ...valid, fullMetadata: "false" }],
    [
      "names from the environment",
      { bootstrapServersFromEnv: "BROKERS", consumerGroupFromEnv: "GROUP", topicFromEnv: "TOPIC" },
    ],
  ])("accepts %s", async (_, metadata) => {
    const resolvedEnv = { BROKERS: "foobar:9092", GROUP: "my-group", TOPIC: "my-topic" };
    for (const authParams of [{ sasl: "plaintext", ...admin }, {}]) {
      expect(await problemOf("kafka", { metadata, authParams, resolvedEnv })).toBeUndefined();
    }
  });

  const noBoolean = (name: string, value: string) =>
    `unable to set param "${name}" value "${value}": unable to parse boolean value "${value}": strconv.ParseBool: parsing "${value}": invalid syntax`;
  test.each<[Record<string, string>, string]>([
    [
      {},
      'missing required parameter "bootstrapServers" in [triggerMetadata resolvedEnv]\nmissing required parameter "consumerGroup" in [triggerMetadata resolvedEnv]',
    ],
    [
      { bootstrapServers: "foobar:9092" },
      'missing required parameter "consumerGroup" in [triggerMetadata resolvedEnv]',
    ],
    [{ ...valid, lagThreshold: "-1" }, '"lagThreshold" must be positive number'],
    [{ ...valid, lagThreshold: "0" }, '"lagThreshold" must be positive number'],
    [
      { ...valid, activationLagThreshold: "AA" },
      `unable to set param "activationLagThreshold" value "AA": unable to unmarshal to field type int64: invalid character 'A' looking for beginning of value`,
    ],
    [{ ...valid, activationLagThreshold: "-1" }, '"activationLagThreshold" must be a non-negative number'],
    [{ ...valid, partitionLimitation: "a,b,c,d" }, "invalid partition limitation: a"],
    [
      { ...valid, offsetResetPolicy: "foo" },
      'parameter "offsetResetPolicy" value "foo" must be one of [latest earliest]',
    ],
    [{ ...valid, allowIdleConsumers: "notvalid" }, noBoolean("allowIdleConsumers", "notvalid")],
    [{ ...valid, excludePersistentLag: "notvalid" }, noBoolean("excludePersistentLag", "notvalid")],
    [{ ...valid, limitToPartitionsWithLag: "notvalid" }, noBoolean("limitToPartitionsWithLag", "notvalid")],
    [
      { ...valid, allowIdleConsumers: "true", limitToPartitionsWithLag: "true" },
      "allowIdleConsumers and limitToPartitionsWithLag cannot be set simultaneously",
    ],
    [{ ...group, limitToPartitionsWithLag: "true" }, "topic must be specified when using limitToPartitionsWithLag"],
    [
      { ...valid, ensureEvenDistributionOfPartitions: "true", limitToPartitionsWithLag: "true" },
      "limitToPartitionsWithLag and ensureEvenDistributionOfPartitions cannot be set simultaneously",
    ],
    [
      { ...group, ensureEvenDistributionOfPartitions: "true" },
      "topic must be specified when using ensureEvenDistributionOfPartitions",
    ],
    [{ ...group, fullMetadata: "false" }, "topic must be specified when fullMetadata is false"],
    [{ ...valid, fullMetadata: "notabool" }, noBoolean("fullMetadata", "notabool")],
  ])("refuses %j", async (metadata, message) => {
    for (const authParams of [{ sasl: "plaintext", ...admin }, {}]) {
      expect(await problemOf("kafka", { metadata, authParams })).toBe(parsing + message);
    }
  });

  test.each(["1.2.3.4", "1.0", "v1.0.0", "0.11.0"])("refuses version %s", async (version) => {
    expect(await problemOf("kafka", { metadata: { ...valid, version } })).toBe(
      `${prefix}error parsing kafka version: invalid version \`${version}\``,
    );
  });

  test.each([
    [valid, 0, "s0-kafka-my-topic"],
    [valid, 1, "s1-kafka-my-topic"],
    [group, 1, "s1-kafka-my-group-topics"],
  ])("the metric of %j", async (metadata, index, name) => {
    const trigger = await open("kafka", { metadata, index });
    expect(await metricNameOf(trigger)).toBe(name);
    expect(await trigger.metricSpecs()).toMatchObject([{ external: { target: { averageValue: "10" } } }]);
    await trigger.close();
  });
});

/** In the metadata, in the authentication, or in both of them. */
async function problemsOf(choice: Record<string, string>, more: Record<string, string>, type = "kafka") {
  const places = [
    { metadata: { ...valid, ...choice }, authParams: more },
    { metadata: valid, authParams: { ...choice, ...more } },
  ];
  return Promise.all(places.map((place) => problemOf(type, { ...place, podIdentity: none })));
}

const oauth = { ...admin, oauthTokenEndpointUri: "https://website.com" };
const keytab = { username: "admin", keytab: "k", kerberosConfig: "<config>", realm: "tst.com" };

describe("authentication", () => {
  test.each<[Record<string, string>, Record<string, string>, ...("ca" | "cert" | "key")[]]>([
    [{ sasl: "plaintext" }, admin],
    [{ sasl: "scram_sha256" }, admin],
    [{ sasl: "scram_sha512" }, admin],
    [{ sasl: "plaintext " }, admin],
    [{ sasl: "plaintext\n" }, admin],
    [{ sasl: "none" }, {}],
    [{ tls: "enable" }, {}, "ca", "cert", "key"],
    [{ tls: "enable" }, {}, "cert", "key"],
    [{ tls: "enable" }, {}, "ca"],
    [{ sasl: "plaintext", tls: "enable" }, admin, "ca", "cert", "key"],
    [{ sasl: "plaintext", tls: "disable" }, admin],
    [{ sasl: "oauthbearer" }, { ...oauth, scopes: "scope" }],
    [
      { sasl: "oauthbearer", saslTokenProvider: "bearer" },
      { ...oauth, scopes: "scope1, scope2" },
    ],
    [{ sasl: "oauthbearer" }, oauth],
    [{ sasl: "oauthbearer" }, { ...oauth, oauthExtensions: "extension_foo=bar,extension_baz=baz" }],
  ])("%j with %j is accepted", async (choice, more, ...certificates) => {
    const pems = Object.fromEntries(certificates.map((name) => [name, pem[name]]));
    expect(await problemsOf(choice, { ...more, ...pems })).toEqual([undefined, undefined]);
  });

  const oauthProblem = "error parsing OAuth token provider configuration: ";
  test.each<[Record<string, string>, Record<string, string>, string]>([
    [{ sasl: "plaintext" }, { password: "admin" }, "no username given"],
    [{ sasl: "scram_sha256" }, { username: "admin" }, "no password given"],
    [{ tls: "enable" }, { ca: "a", key: "k" }, "cert must be provided with key"],
    [{ tls: "enable" }, { ca: "a", cert: "c" }, "key must be provided with cert"],
    [{ sasl: "plaintext", tls: "enable" }, { ...admin, ca: "a", cert: "c" }, "key must be provided with cert"],
    [{ sasl: "oauthbearer" }, admin, `${oauthProblem}no oauth token endpoint uri given`],
    [{ sasl: "oauthbearer" }, { oauthTokenEndpointUri: "https://x" }, `${oauthProblem}no username given`],
    [
      { sasl: "oauthbearer" },
      { ...oauth, oauthExtensions: "extension_foo=bar,extension_bazbaz" },
      `${oauthProblem}invalid OAuthBearer extension, must be of format key=value`,
    ],
    [
      { sasl: "oauthbearer", saslTokenProvider: "aws_msk_iam", tls: "disable" },
      {},
      `${oauthProblem}TLS is required for AWS MSK authentication`,
    ],
    [{ sasl: "oauthbearer", saslTokenProvider: "aws_msk_iam", tls: "enable" }, {}, `${oauthProblem}no awsRegion given`],
    [
      { sasl: "gssapi" },
      { ...admin, kerberosConfig: "c", realm: "r", keytab: "k" },
      "exactly one of 'password' or 'keytab' must be provided for GSSAPI authentication",
    ],
    [
      { sasl: "gssapi" },
      { username: "admin", kerberosConfig: "c", realm: "r" },
      "exactly one of 'password' or 'keytab' must be provided for GSSAPI authentication",
    ],
    [{ sasl: "gssapi" }, { ...keytab, username: "" }, "no username given"],
    [{ sasl: "gssapi" }, { ...keytab, realm: "" }, "no realm given"],
    [{ sasl: "gssapi" }, { ...keytab, kerberosConfig: "" }, "no Kerberos configuration file (kerberosConfig) given"],
    [
      { sasl: "gssapi" },
      keytab,
      "sasl gssapi (Kerberos) is not supported, expected one of none, plaintext, scram_sha256, scram_sha512, oauthbearer",
    ],
  ])("%j with %j is refused", async (choice, more, message) => {
    expect(await problemsOf(choice, more)).toEqual([parsing + message, parsing + message]);
  });

  test("words that are none are refused, and not shown where they may be secret", async () => {
    const words = "[none plaintext scram_sha256 scram_sha512 oauthbearer gssapi]";
    expect(await problemsOf({ sasl: "foo" }, admin)).toEqual([
      `${parsing}parameter "sasl" value "foo" must be one of ${words}`,
      `${parsing}parameter "sasl" value "***" must be one of ${words}`,
    ]);
    expect((await problemsOf({ tls: "yes" }, {}))[0]).toBe(
      `${parsing}parameter "tls" value "yes" must be one of [enable disable]`,
    );
  });

  test("certificates that can't be read are refused", async () => {
    expect((await problemsOf({ tls: "enable" }, { ca: "caaa", cert: "ceert", key: "keey" }))[0]).toMatch(
      /^error parsing kafka metadata: error creating the TLS config: /,
    );
  });

  const msk = { sasl: "oauthbearer", saslTokenProvider: "aws_msk_iam", tls: "enable" };
  test.each<[Record<string, string>, string | undefined]>([
    [{ awsAccessKeyID: "none", awsSecretAccessKey: "none" }, undefined],
    [{ awsRoleArn: "none" }, undefined],
    [{}, `${prefix}error getting AWS authorization: awsAccessKeyID not found`],
    [{ awsAccessKeyID: "none" }, `${prefix}error getting AWS authorization: awsSecretAccessKey not found`],
  ])("MSK with %j", async (authParams, problem) => {
    const config = { metadata: { ...valid, awsRegion: "eu-west-1" }, authParams: { ...msk, ...authParams } };
    expect(await problemOf("kafka", config)).toBe(problem);
  });
});

test("a token for MSK is a signed request to connect", async () => {
  const keys = { accessKeyId: "AKID", secretAccessKey: "hush", sessionToken: "se/ss+ion==" };
  const clock = new VirtualClock(Date.parse("2026-11-24T12:00:00Z"));
  const token = await mskToken({ region: "eu-west-1", keys }, clock, 1000);
  expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
  const url = new URL(Buffer.from(token, "base64url").toString());
  expect(url.origin + url.pathname).toBe("https://kafka.eu-west-1.amazonaws.com/");
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    Action: "kafka-cluster:Connect",
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "AKID/20261124/eu-west-1/kafka-cluster/aws4_request",
    "X-Amz-Date": "20261124T120000Z",
    "X-Amz-Expires": "900",
    "X-Amz-Security-Token": "se/ss+ion==",
    "X-Amz-SignedHeaders": "host",
    // As botocore computes it.
    "X-Amz-Signature": "03eb6f9a9a5eeee15da54a584b4d416b3e9afb6e6029b758e5b90fad73b78f03",
    "User-Agent": "bellows",
  });
});
