import { readFileSync } from "node:fs";
import { issueCa, issueServing, systemClock } from "@bellows/kube";
import { beforeAll, describe, expect, test } from "vitest";
import { aTriggerConfig, metricNameOf, open } from "./trigger.fixture.ts";
import type { MetricType, TriggerConfig } from "./trigger.ts";

/** One row of the tables that KEDA's unit tests try metadata with: refused or not, and the metric's name where it is told. */
interface Case {
  readonly type: string;
  readonly index?: number;
  readonly namespace?: string;
  readonly metricType?: MetricType;
  readonly metadata: Readonly<Record<string, string>>;
  readonly auth?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly identity?: TriggerConfig["podIdentity"];
  readonly refused?: true;
  readonly metric?: string;
}

const cases = readFileSync(new URL("upstream-cases.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Case);

/** Rows that end otherwise here, and why. */
const otherwise: readonly { readonly why: string; readonly says: RegExp; readonly of: (row: Case) => boolean }[] = [
  {
    why: "Kerberos is not supported",
    says: /sasl gssapi \(Kerberos\) is not supported/,
    of: ({ metadata, auth }) => (metadata["sasl"] ?? auth?.["sasl"]) === "gssapi",
  },
  {
    why: "Azure's identities are not supported",
    says: /Azure workload identity is not supported/,
    of: ({ type, auth }) => type === "rabbitmq" && auth?.["workloadIdentityResource"] !== undefined,
  },
  {
    why: "KEDA looks at the connection one step later, with the same end",
    says: /cannot parse the connection/,
    of: ({ type, metadata, env, auth }) =>
      type === "postgresql" &&
      (env?.[metadata["connectionFromEnv"] ?? ""] === "test_conn_str" ||
        [metadata["port"], auth?.["port"]].includes("test_port")),
  },
  {
    why: "KEDA looks at the credentials one step later, with the same end",
    says: /awsAccessKeyID not found/,
    of: ({ type, auth, identity }) => type === "aws-sqs-queue" && !auth && !identity,
  },
];

const pem: Record<string, string> = {};
beforeAll(async () => {
  const now = systemClock.now();
  const issuer = await issueCa(now, {});
  const { certificate, key } = await issueServing(issuer, now, { names: ["client"], usage: "client" });
  Object.assign(pem, { "(ca)": issuer.certificate, "(certificate)": certificate, "(key)": key });
});

function configOf({ type, metadata, auth = {}, env = {}, ...row }: Case): Partial<TriggerConfig> {
  const { object, podIdentity } = aTriggerConfig(type);
  return {
    index: row.index ?? 0,
    object: { ...object, namespace: row.namespace ?? object.namespace },
    metadata,
    authParams: Object.fromEntries(Object.entries(auth).map(([name, value]) => [name, pem[value] ?? value])),
    resolvedEnv: env,
    podIdentity: row.identity ?? podIdentity,
    metricType: row.metricType,
  };
}

/** What becomes of it: the metric's name, or what it is refused with. */
async function outcomeOf(row: Case): Promise<{ readonly metric: string | undefined } | { readonly refused: string }> {
  try {
    const trigger = await open(row.type, configOf(row));
    // Where none is told, it may be a server that knows it.
    const metric = row.metric && (await metricNameOf(trigger));
    await trigger.close();
    return { metric };
  } catch (error) {
    return { refused: (error as Error).message };
  }
}

describe.each([...new Set(cases.map(({ type }) => type))])("%s as KEDA's unit tests have it", (type) => {
  const own = cases.filter((row) => row.type === type);
  test.each(own.map((row) => [JSON.stringify({ ...row, type: undefined }), row] as const))("%s", async (_, row) => {
    const outcome = await outcomeOf(row);
    const difference = row.refused ? undefined : otherwise.find(({ of }) => of(row));
    if (difference) expect(outcome, difference.why).toEqual({ refused: expect.stringMatching(difference.says) });
    else if (row.refused) expect(outcome).toEqual({ refused: expect.any(String) });
    // A comma stays one: docs/differences.md.
    else if (row.metric) expect(outcome).toEqual({ metric: row.metric.replaceAll("Cm", ",") });
    else expect(outcome).toHaveProperty("metric");
  });
});
