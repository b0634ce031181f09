import { timestamp, VirtualClock } from "@bellows/kube";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { credentialsOfRole } from "./aws-credentials.ts";
import { type AwsRequest, type FakeAws, fakeAws } from "./aws-server.fixture.ts";
import { open, soon } from "./trigger.fixture.ts";

const anHourMs = 3_600_000;
let clock: VirtualClock;
let server: FakeAws;
let refused = false;

beforeEach(async () => {
  clock = new VirtualClock(Date.parse("2026-11-24T12:00:00Z"));
  refused = false;
  server = await fakeAws((request) => (request.operation.startsWith("Assume") ? assumed(request) : queue));
  vi.stubEnv("AWS_ENDPOINT_URL_STS", server.url);
  vi.stubEnv("AWS_ACCESS_KEY_ID", "own");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "own-secret");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

const queue = { body: { Attributes: { ApproximateNumberOfMessages: "3" } } };

function assumed({ operation }: AwsRequest) {
  if (refused) {
    const body =
      "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not trusted</Message></Error></ErrorResponse>";
    return { status: 403, body };
  }
  const ends = timestamp(clock.now() + anHourMs);
  const credentials = `<AccessKeyId>of-role</AccessKeyId><SecretAccessKey>x</SecretAccessKey><SessionToken>t</SessionToken><Expiration>${ends}</Expiration>`;
  return {
    body: `<${operation}Response><${operation}Result><Credentials>${credentials}</Credentials></${operation}Result></${operation}Response>`,
  };
}

const assumptions = () => server.asked.filter(({ operation }) => operation === "AssumeRole");

test("a role is assumed once for all, and again before its credentials end", async () => {
  const role = { arn: "arn:aws:iam::1:role/once", byWebIdentity: false, externalId: "x" };
  const [first, second] = [credentialsOfRole(role, "eu-west-1", clock), credentialsOfRole(role, "eu-west-1", clock)];
  const [one, other] = await Promise.all([first(), second()]);
  expect(one).toMatchObject({ accessKeyId: "of-role", secretAccessKey: "x", sessionToken: "t" });
  expect(other).toBe(one);
  expect(assumptions().map(({ input }) => input)).toMatchObject([
    { RoleArn: role.arn, RoleSessionName: "KEDA", ExternalId: "x" },
  ]);
  await clock.run(anHourMs - 300_001);
  expect(await first()).toBe(one);
  await clock.run(2);
  const [renewed, same] = await Promise.all([first(), second()]);
  expect(renewed).not.toBe(one);
  expect(same).toBe(renewed);
  expect(assumptions()).toHaveLength(2);
});

test("a role that is refused is asked for again", async () => {
  const credentials = credentialsOfRole(
    { arn: "arn:aws:iam::1:role/refused", byWebIdentity: true },
    "eu-west-1",
    clock,
  );
  refused = true;
  await expect(credentials()).rejects.toThrow("not trusted");
  refused = false;
  expect(await credentials()).toMatchObject({ accessKeyId: "of-role" });
});

test.each([
  ["a role", { awsRoleArn: "arn:aws:iam::1:role/reader" }, {}, "of-role"],
  ["this process", {}, { identityOwner: "operator" }, "own"],
])("a trigger asks as %s", async (_, authParams, more, accessKeyId) => {
  const metadata = { queueURL: "jobs", awsRegion: "eu-west-1", awsEndpoint: server.url, scaleOnInFlight: "false" };
  const trigger = await open("aws-sqs-queue", { metadata: { ...metadata, ...more }, authParams }, { clock });
  expect(await trigger.read("m", soon())).toMatchObject({ values: [{ value: 3 }] });
  expect(server.asked.at(-1)?.headers["authorization"]).toContain(`Credential=${accessKeyId}/`);
  await trigger.close();
});
