import { afterEach, describe, expect, test } from "vitest";
import { type AwsAnswer, type FakeAws, fakeAws } from "./aws-server.fixture.ts";
import { metricNameOf, open, problemOf, soon } from "./trigger.fixture.ts";
import type { PodIdentity } from "./trigger.ts";

const prefix = "error parsing SQS queue metadata: ";
const parsing = prefix + prefix;
const queueURL = "https://sqs.eu-west-1.amazonaws.com/account_id/DeleteArtifactQ";
const valid = { queueURL, queueLength: "1", awsRegion: "eu-west-1" };
const keys = { awsAccessKeyId: "none", awsSecretAccessKey: "none" };
const aws: PodIdentity = { provider: "aws" };

describe("metadata", () => {
  test.each<[string, Record<string, string>, Record<string, string>, PodIdentity?]>([
    ["a URL and a region", valid, keys],
    ["an endpoint", { ...valid, awsEndpoint: "http://localhost:4566" }, keys],
    ["an activation", { ...valid, activationQueueLength: "1" }, keys],
    ["a temporary key", valid, { ...keys, awsSessionToken: "none" }],
    ["a role of the pod identity", valid, {}, { ...aws, roleArn: "none" }],
    ["its external id", valid, {}, { ...aws, roleArn: "none", externalID: "test-external-id" }],
    ["an external id without a role, which is not used", valid, {}, { ...aws, externalID: "test-external-id" }],
    ["the operator's identity", { ...valid, identityOwner: "operator" }, {}],
    ["the operator's identity, not the role", { ...valid, identityOwner: "operator" }, { awsRoleArn: "none" }],
    ["a name for the URL", { ...valid, queueURL: "my-queue" }, keys],
    ["not those in flight", { ...valid, scaleOnInFlight: "false" }, keys],
    ["those in flight", { ...valid, scaleOnInFlight: "true" }, keys],
    ["a URL of the environment", { queueURLFromEnv: "QUEUE_URL", awsRegion: "eu-west-1" }, keys],
    ["a region of the authentication", { queueURL }, { ...keys, awsRegion: "eu-west-1" }],
  ])("accepts %s", async (_, metadata, authParams, podIdentity = { provider: "none" }) => {
    const resolvedEnv = { QUEUE_URL: queueURL };
    expect(await problemOf("aws-sqs-queue", { metadata, authParams, podIdentity, resolvedEnv })).toBeUndefined();
  });

  const noRegion = 'missing required parameter "awsRegion" in [triggerMetadata authParams]';
  const noUrl = 'missing required parameter "queueURL" in [triggerMetadata resolvedEnv]';
  const noName = `${prefix}cannot get queueName from queueURL`;
  const noNumber = "unable to unmarshal to field type int64: invalid character 'a' looking for beginning of value";
  test.each<[string, Record<string, string>, Record<string, string>, string]>([
    ["nothing", {}, keys, `${parsing}${noUrl}\n${noRegion}`],
    ["a URL without a queue", { ...valid, queueURL: "https://sqs.eu-west-1.amazonaws.com/account_id" }, keys, noName],
    ["a URL without a path", { ...valid, queueURL: "https://sqs.eu-west-1.amazonaws.com" }, keys, noName],
    [
      "a URL with an empty name",
      { ...valid, queueURL: "https://sqs.eu-west-1.amazonaws.com/account_id/" },
      keys,
      noName,
    ],
    ["no region", { ...valid, awsRegion: "" }, keys, parsing + noRegion],
    ["no URL", { awsRegion: "eu-west-1" }, keys, parsing + noUrl],
    [
      "a URL of an environment that has none",
      { awsRegion: "eu-west-1", queueURLFromEnv: "NONE" },
      keys,
      parsing + noUrl,
    ],
    ["an empty URL of the environment", { awsRegion: "eu-west-1", queueURLFromEnv: "EMPTY" }, keys, parsing + noUrl],
    [
      "a length that is no number",
      { ...valid, queueLength: "a" },
      keys,
      `${parsing}unable to set param "queueLength" value "a": ${noNumber}`,
    ],
    [
      "an activation that is no number",
      { ...valid, activationQueueLength: "a" },
      keys,
      `${parsing}unable to set param "activationQueueLength" value "a": ${noNumber}`,
    ],
    ["no key", valid, { ...keys, awsAccessKeyId: "" }, `${prefix}awsAccessKeyID not found`],
    ["no secret", valid, { ...keys, awsSecretAccessKey: "" }, `${prefix}awsSecretAccessKey not found`],
  ])("refuses %s", async (_, metadata, authParams, message) => {
    const resolvedEnv = { EMPTY: "" };
    expect(await problemOf("aws-sqs-queue", { metadata, authParams, resolvedEnv })).toBe(message);
  });

  test.each([
    [queueURL, 0, "s0-aws-sqs-DeleteArtifactQ"],
    [queueURL, 1, "s1-aws-sqs-DeleteArtifactQ"],
    ["my-queue.fifo", 0, "s0-aws-sqs-my-queue-fifo"],
  ])("the metric of %s is named after the queue", async (url, index, name) => {
    const config = { metadata: { ...valid, queueURL: url }, authParams: keys, index };
    const trigger = await open("aws-sqs-queue", config);
    expect(await metricNameOf(trigger)).toBe(name);
    await trigger.close();
  });
});

describe("a queue", () => {
  let server: FakeAws;
  afterEach(() => server.close());

  const attributes = {
    ApproximateNumberOfMessages: "200",
    ApproximateNumberOfMessagesNotVisible: "100",
    ApproximateNumberOfMessagesDelayed: "50",
  };
  async function opened(answer: AwsAnswer | undefined, metadata: Record<string, string> = {}) {
    server = await fakeAws(() => answer);
    const place = { ...valid, awsEndpoint: server.url, ...metadata };
    const authParams = { awsAccessKeyID: "key", awsSecretAccessKey: "hush", awsSessionToken: "session" };
    return open("aws-sqs-queue", { metadata: place, authParams });
  }

  test.each([
    [{}, 300, true],
    [{ scaleOnInFlight: "false" }, 200, true],
    [{ scaleOnDelayed: "true" }, 350, true],
    [{ scaleOnInFlight: "false", scaleOnDelayed: "true", activationQueueLength: "249" }, 250, true],
    [{ scaleOnInFlight: "false", scaleOnDelayed: "true", activationQueueLength: "250" }, 250, false],
  ])("with %j has its messages", async (metadata, value, active) => {
    const trigger = await opened({ body: { Attributes: attributes } }, metadata);
    expect(await trigger.read("m", soon())).toEqual({ values: [{ metricName: "m", value }], active });
    const [asked] = server.asked;
    expect(asked).toMatchObject({ operation: "AmazonSQS.GetQueueAttributes", input: { QueueUrl: queueURL } });
    expect(asked?.headers["authorization"]).toContain("Credential=key/");
    expect(asked?.headers["x-amz-security-token"]).toBe("session");
    await trigger.close();
  });

  test.each(["1", "2147483647", "2147483648"])("may have %s messages", async (messages) => {
    const none = { ApproximateNumberOfMessagesNotVisible: "0", ApproximateNumberOfMessagesDelayed: "0" };
    const told = { ApproximateNumberOfMessages: messages, ...none };
    const trigger = await opened({ body: { Attributes: told } }, { scaleOnDelayed: "true" });
    expect(await trigger.read("m", soon())).toMatchObject({ values: [{ value: Number(messages) }], active: true });
    await trigger.close();
  });

  const notInt = { ApproximateNumberOfMessages: "NotInt", ApproximateNumberOfMessagesNotVisible: "NotInt" };
  test.each<[string, AwsAnswer, RegExp]>([
    [
      "is not there",
      { status: 400, body: { __type: "com.amazonaws.sqs#QueueDoesNotExist", message: "The queue." } },
      /^operation error SQS: GetQueueAttributes, QueueDoesNotExist: The queue\.$/,
    ],
    ["is another's", { status: 403, body: { __type: "AccessDenied", message: "no" } }, /AccessDenied: no$/],
    ["gives no number", { body: { Attributes: notInt } }, /^strconv\.ParseInt: parsing "NotInt": invalid syntax$/],
    [
      "gives a number below 0",
      { body: { Attributes: { ...attributes, ApproximateNumberOfMessages: "-400" } } },
      /expected a number of 0 or more/,
    ],
    ["gives nothing", { body: {} }, /^metric ApproximateNumberOfMessages not found in SQS queue attributes$/],
    ["gives no JSON", { body: "<html>" }, /^operation error SQS: GetQueueAttributes, /],
  ])("that %s is an error", async (_, answer, message) => {
    const trigger = await opened(answer);
    const problem = await trigger.read("m", soon()).catch((error: Error) => error.message);
    expect(problem).toMatch(message);
    expect(problem).not.toContain("hush");
    await trigger.close();
  });

  test("that does not answer is given up", async () => {
    const trigger = await opened(undefined);
    await expect(trigger.read("m", AbortSignal.timeout(50))).rejects.toThrow("timeout");
    await trigger.close();
  });
});
