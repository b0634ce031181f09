import { beforeAll, describe, expect, test } from "vitest";
import { admin, clientCertificates, group, parsing, prefix } from "./kafka-metadata.fixture.ts";
import { metricNameOf, open, problemOf } from "./trigger.fixture.ts";

const valid = { ...group, topic: "my-topics" };

let pem: Awaited<ReturnType<typeof clientCertificates>>;
beforeAll(async () => {
  pem = await clientCertificates();
});

describe("metadata", () => {
  test.each<[string, Record<string, string>]>([
    ["no topics", group],
    ["partitions without topics", { ...group, partitionLimitation: "1,2,3,4,5,6" }],
    ["white space for partitions", { ...group, partitionLimitation: "           " }],
    ["a threshold", { ...valid, lagThreshold: "1000000", activationLagThreshold: "0" }],
    ["topics", { ...valid, topic: "a,b" }],
    ["ranges of partitions", { ...valid, partitionLimitation: "1-4,8,10-12" }],
    ["two brokers", { ...valid, bootstrapServers: "foo:9092,bar:9092" }],
    ["the start", { ...valid, offsetResetPolicy: "earliest" }],
    ["idle consumers", { ...valid, allowIdleConsumers: "true", limitToPartitionsWithLag: "false" }],
    ["no persistent lag", { ...valid, excludePersistentLag: "true" }],
    ["partitions with lag", { ...valid, limitToPartitionsWithLag: "true" }],
    ["an even distribution without topics", { ...group, ensureEvenDistributionOfPartitions: "true" }],
    ["both bounds", { ...valid, ensureEvenDistributionOfPartitions: "true", limitToPartitionsWithLag: "true" }],
  ])("accepts %s", async (_, metadata) => {
    for (const authParams of [{ sasl: "plaintext", ...admin }, {}]) {
      expect(await problemOf("apache-kafka", { metadata, authParams })).toBeUndefined();
    }
  });

  test.each<[Record<string, string>, string]>([
    [
      { bootstrapServers: "foobar:9092" },
      'missing required parameter "consumerGroup" in [triggerMetadata resolvedEnv]',
    ],
    [{ ...valid, lagThreshold: "-1" }, "lagThreshold must be a positive number"],
    [{ ...valid, lagThreshold: "0" }, "lagThreshold must be a positive number"],
    [{ ...valid, activationLagThreshold: "-1" }, "activationLagThreshold must be a positive number"],
    [
      { ...valid, partitionLimitation: "a,b,c,d" },
      `unable to set param "partitionLimitation" value "a,b,c,d": slice element 0: unable to unmarshal to field type int64: invalid character 'a' looking for beginning of value`,
    ],
    [
      { ...valid, offsetResetPolicy: "foo" },
      'parameter "offsetResetPolicy" value "foo" must be one of [earliest latest]',
    ],
    [
      { ...valid, allowIdleConsumers: "true", limitToPartitionsWithLag: "true" },
      "allowIdleConsumers and limitToPartitionsWithLag cannot be set simultaneously",
    ],
    [{ ...group, limitToPartitionsWithLag: "true" }, "topic must be specified when using limitToPartitionsWithLag"],
    [
      { ...group, ensureEvenDistributionOfPartitions: "true", limitToPartitionsWithLag: "true" },
      "topic must be specified when using limitToPartitionsWithLag",
    ],
  ])("refuses %j", async (metadata, message) => {
    for (const authParams of [{ sasl: "plaintext", ...admin }, {}]) {
      expect(await problemOf("apache-kafka", { metadata, authParams })).toBe(parsing + message);
    }
  });

  test.each([
    [valid, 0, "s0-kafka-my-topics"],
    [valid, 1, "s1-kafka-my-topics"],
    [group, 1, "s1-kafka-my-group-topics"],
    [{ ...group, topic: "a.b, c" }, 0, "s0-kafka-a-b,c"],
  ])("the metric of %j", async (metadata, index, name) => {
    const trigger = await open("apache-kafka", { metadata, index });
    expect(await metricNameOf(trigger)).toBe(name);
    await trigger.close();
  });
});

async function problemsOf(choice: Record<string, string>, more: Record<string, string>) {
  const places = [
    { metadata: { ...valid, ...choice }, authParams: more },
    { metadata: valid, authParams: { ...choice, ...more } },
  ];
  return Promise.all(places.map((place) => problemOf("apache-kafka", place)));
}

describe("authentication", () => {
  test.each<[Record<string, string>, Record<string, string>, ...("ca" | "cert" | "key")[]]>([
    [{ sasl: "plaintext" }, admin],
    [{ sasl: "scram_sha256" }, admin],
    [{ sasl: "scram_sha512\n" }, admin],
    [{ sasl: "none" }, {}],
    [{ tls: "enable" }, {}, "ca", "cert", "key"],
    [{ tls: "enable" }, {}, "cert", "key"],
    [{ tls: "enable" }, {}, "ca"],
    [{ sasl: "plaintext", tls: "enable" }, admin, "ca", "cert", "key"],
    [{ sasl: "plaintext", tls: "disable" }, admin],
  ])("%j with %j is accepted", async (choice, more, ...certificates) => {
    const pems = Object.fromEntries(certificates.map((name) => [name, pem[name]]));
    expect(await problemsOf(choice, { ...more, ...pems })).toEqual([undefined, undefined]);
  });

  const noUser = "username and password must be set when using SASL/PLAINTEXT";
  const halfPair = "can't set only one of cert or key when using TLS";
  test.each<[Record<string, string>, Record<string, string>, string]>([
    [{ sasl: "plaintext" }, { password: "admin" }, noUser],
    [{ sasl: "plaintext" }, { username: "admin" }, noUser],
    [{ tls: "enable" }, { ca: "a", key: "k" }, halfPair],
    [{ tls: "enable" }, { ca: "a", cert: "c" }, halfPair],
    [{ sasl: "plaintext", tls: "enable" }, { ...admin, ca: "a", cert: "c" }, halfPair],
  ])("%j with %j is refused", async (choice, more, message) => {
    expect(await problemsOf(choice, more)).toEqual([parsing + message, parsing + message]);
  });

  test("words that are none are refused", async () => {
    expect((await problemsOf({ sasl: "oauthbearer" }, admin))[0]).toBe(
      `${parsing}parameter "sasl" value "oauthbearer" must be one of [none plaintext scram_sha256 scram_sha512 gssapi aws_msk_iam]`,
    );
    expect((await problemsOf({ tls: "random" }, {}))[0]).toBe(
      `${parsing}parameter "tls" value "random" must be one of [enable disable]`,
    );
    expect((await problemsOf({ sasl: "gssapi" }, admin))[0]).toBe(`${prefix}err sasl type "gssapi" given`);
  });

  test.each<Record<string, string>>([{ sasl: "scram_sha512" }, { tls: "enable" }])(
    "%j in both places is refused",
    async (choice) => {
      const config = { metadata: { ...valid, ...choice }, authParams: { ...choice, ...admin } };
      expect(await problemOf("apache-kafka", config)).toBe(
        `${prefix}unable to set \`${Object.keys(choice)[0]}\` in both ScaledObject and TriggerAuthentication together`,
      );
    },
  );

  const msk = { tls: "enable", sasl: "aws_msk_iam", awsAccessKeyID: "none", awsSecretAccessKey: "none" };
  test.each<[Record<string, string>, Record<string, string>, string | undefined]>([
    [{ awsRegion: "us-east-1" }, msk, undefined],
    [{}, msk, `${parsing}awsRegion must be set when using AWS MSK IAM`],
    [{ awsRegion: "us-east-1" }, { ...msk, tls: "" }, `${parsing}TLS must be enabled when using AWS MSK IAM`],
    [{ awsRegion: "us-east-1" }, { ...msk, awsSecretAccessKey: "" }, `${prefix}awsSecretAccessKey not found`],
    [{ awsRegion: "us-east-1" }, { ...msk, awsAccessKeyID: "" }, `${prefix}awsAccessKeyID not found`],
  ])("MSK with %j and %j", async (metadata, authParams, problem) => {
    expect(await problemOf("apache-kafka", { metadata: { ...valid, ...metadata }, authParams })).toBe(problem);
  });
});
