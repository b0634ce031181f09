import { describe, expect, test } from "vitest";
import { awsLogin } from "./aws-login.ts";
import { aTriggerConfig } from "./trigger.fixture.ts";
import { type PodIdentity, TriggerError } from "./trigger.ts";

const region = "eu-west-1";
const keys = { accessKeyId: "id", secretAccessKey: "secret" };
const none: PodIdentity = { provider: "none" };
const aws: PodIdentity = { provider: "aws" };
const resolvedEnv = { KEY: "id", SECRET: "secret" };

describe("who asks AWS", () => {
  test.each<[string, PodIdentity, Record<string, string>, Record<string, string>, object]>([
    ["keys", none, {}, { awsAccessKeyID: "id", awsSecretAccessKey: "secret" }, { keys }],
    ["keys in the older spelling", none, {}, { awsAccessKeyId: "id", awsSecretAccessKey: "secret" }, { keys }],
    [
      "a temporary key",
      none,
      {},
      { awsAccessKeyID: "id", awsSecretAccessKey: "secret", awsSessionToken: "s" },
      { keys: { ...keys, sessionToken: "s" } },
    ],
    [
      "keys of the environment",
      none,
      { awsAccessKeyIDFromEnv: "KEY", awsSecretAccessKeyFromEnv: "SECRET", identityOwner: "pod" },
      {},
      { keys },
    ],
    ["a key of the metadata", none, { awsAccessKeyID: "id", awsSecretAccessKeyFromEnv: "SECRET" }, {}, { keys }],
    [
      "a role before keys",
      none,
      {},
      { awsRoleArn: "r", awsAccessKeyID: "id" },
      { role: { arn: "r", byWebIdentity: false } },
    ],
    ["this process", none, { identityOwner: "operator" }, { awsRoleArn: "r" }, {}],
    ["this process, of another owner", none, { identityOwner: "somebody" }, {}, {}],
    ["this process, by the pod identity", aws, {}, {}, {}],
    ["the role of the workload", aws, {}, { awsRoleArn: "r" }, { role: { arn: "r", byWebIdentity: true } }],
    [
      "the role of the pod identity",
      { ...aws, roleArn: "r", externalID: "x" },
      {},
      { awsRoleArn: "other", awsAccessKeyID: "id" },
      { role: { arn: "r", byWebIdentity: true, externalId: "x" } },
    ],
    ["an external id without its role is not sent", { ...aws, externalID: "x" }, {}, {}, {}],
    [
      "the role of a pod of EKS",
      { provider: "aws-eks" },
      {},
      { awsRoleArn: "r" },
      { role: { arn: "r", byWebIdentity: false } },
    ],
  ])("%s", (_, podIdentity, metadata, authParams, expected) => {
    const config = aTriggerConfig("aws-sqs-queue", { podIdentity, metadata, authParams, resolvedEnv });
    expect(awsLogin(region, config)).toEqual({ region, ...expected });
  });

  test.each<[Record<string, string>, Record<string, string>, string]>([
    [{}, {}, "awsAccessKeyID not found"],
    [{ awsAccessKeyIDFromEnv: "NONE" }, {}, "awsAccessKeyID not found"],
    [{}, { awsSecretAccessKey: "secret" }, "awsAccessKeyID not found"],
    [{}, { awsAccessKeyID: "id" }, "awsSecretAccessKey not found"],
    [{ awsSecretAccessKeyFromEnv: "SECRET" }, { awsAccessKeyID: "id" }, "awsSecretAccessKey not found"],
    [{ awsAccessKeyIDFromEnv: "KEY" }, { awsSecretAccessKey: "secret" }, "awsSecretAccessKey not found"],
  ])("metadata %j with %j are not enough", (metadata, authParams, message) => {
    const config = aTriggerConfig("aws-sqs-queue", { metadata, authParams, resolvedEnv });
    expect(() => awsLogin(region, config)).toThrow(new TriggerError(message));
  });
});
