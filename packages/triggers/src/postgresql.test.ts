import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { issueCa, issueServing, systemClock } from "@bellows/kube";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  hasPostgresServer,
  type PostgresServer,
  postgresPassword,
  startPostgresServer,
} from "./postgresql-server.fixture.ts";
import { freePorts } from "./server-process.fixture.ts";
import { metricNameOf, open, problemOf, soon } from "./trigger.fixture.ts";
import type { Push } from "./trigger.ts";

type Texts = Record<string, string>;

const parsing = "error parsing postgreSQL metadata: error parsing postgresql metadata: ";
const connecting = "error parsing postgreSQL metadata: error establishing postgreSQL connection: ";
const resolvedEnv = {
  CONNECTION: "postgresql://localhost:5432",
  USER_CONNECTION: "postgresql://test@localhost",
  PASSWORD: "pass",
  WORD: "test_conn_str",
};
const asked = { query: "query", targetQueryValue: "12" };
const parts = { host: "db", port: "5432", userName: "me", dbName: "shop", sslmode: "require" };

describe("metadata", () => {
  test.each<[string, Texts, Texts?]>([
    ["a connection of the environment", { ...asked, connectionFromEnv: "CONNECTION" }],
    ["one with a user", { ...asked, connectionFromEnv: "USER_CONNECTION" }],
    ["an activation value", { ...asked, activationTargetQueryValue: "3", connectionFromEnv: "USER_CONNECTION" }],
    ["a connection of the authentication", asked, { connection: "host=db password='it\\'s'" }],
    ["parts of one", { ...asked, ...parts }],
    ["several hosts", { ...asked, ...parts, host: "a,b" }],
    ["a former metricName", { ...asked, ...parts, metricName: "scaler_sql_data" }],
    ["a password of the environment", { ...asked, ...parts, passwordFromEnv: "PASSWORD" }],
    ["parts of the authentication", asked, { ...parts, password: "p" }],
    [
      "what would be other words in a string",
      { ...asked, ...parts, userName: "u\tsslmode=disable" },
      { password: "x\nhost=a" },
    ],
  ])("accepts %s", async (_, metadata, authParams = {}) => {
    expect(await problemOf("postgresql", { metadata, authParams, resolvedEnv })).toBeUndefined();
  });

  const noQuery = 'missing required parameter "query" in [triggerMetadata]';
  test.each<[Texts, string]>([
    [{}, `${parsing}${noQuery}\nno host given`],
    [{ ...asked, connection: "postgresql://localhost:5432" }, `${parsing}no host given`],
    [{ ...asked, connectionFromEnv: "NONE" }, `${parsing}no host given`],
    [{ ...asked, host: "db" }, `${parsing}no port given`],
    [{ ...asked, ...parts, userName: "" }, `${parsing}no userName given`],
    [{ ...asked, ...parts, dbName: "" }, `${parsing}no dbName given`],
    [{ ...asked, ...parts, sslmode: "" }, `${parsing}no sslmode given`],
    [{ ...parts, targetQueryValue: "1" }, `${parsing}${noQuery}`],
    [{ ...parts, query: "q" }, "error parsing postgreSQL metadata: no targetQueryValue given"],
    [
      { ...asked, connectionFromEnv: "WORD" },
      `${connecting}cannot parse the connection: failed to parse as keyword/value`,
    ],
    [{ ...asked, ...parts, port: "test_port" }, `${connecting}cannot parse the connection: invalid port`],
  ])("refuses %j", async (metadata, problem) => {
    expect(await problemOf("postgresql", { metadata, resolvedEnv })).toBe(problem);
  });

  test("refuses tokens of Azure, and certificates that can't be read", async () => {
    const metadata = { ...asked, ...parts };
    expect(await problemOf("postgresql", { metadata, podIdentity: { provider: "azure-workload" } })).toBe(
      "error parsing postgreSQL metadata: podIdentity azure-workload is not supported for triggers of type postgresql, expected a password",
    );
    expect(await problemOf("postgresql", { metadata, authParams: { cert: "x", key: "y" } })).toMatch(
      /error creating the TLS config/,
    );
  });

  test("no target is needed where the value feeds a formula", async () => {
    expect(await problemOf("postgresql", { metadata: { ...parts, query: "q" }, asMetricSource: true })).toBeUndefined();
  });

  test.each([0, 1])("the metric's name and target, at place %s", async (index) => {
    const metadata = { ...asked, ...parts, targetQueryValue: "2.5" };
    const trigger = await open("postgresql", { metadata, index });
    expect(await metricNameOf(trigger)).toBe(`s${index}-postgresql`);
    expect(await trigger.metricSpecs()).toMatchObject([{ external: { target: { averageValue: "2.500" } } }]);
  });
});

test("a server that is not there is an error, which tells where it was looked for", async () => {
  const [port] = await freePorts(1);
  const metadata = { ...asked, ...parts, host: "127.0.0.1", port: String(port), sslmode: "prefer" };
  const trigger = await open("postgresql", { metadata, authParams: { password: "hunter2" } }, { clock: systemClock });
  await expect(trigger.read("m", soon())).rejects.toThrow(
    `error inspecting postgreSQL: error establishing postgreSQL connection: 127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
  );
  await trigger.close();
});

describe.skipIf(!hasPostgresServer)("a PostgreSQL server", () => {
  let server: PostgresServer;
  let ca = "";
  const folder = mkdtempSync(join(tmpdir(), "bellows-postgresql-"));

  beforeAll(async () => {
    const now = systemClock.now();
    const issuer = await issueCa(now, {});
    const { certificate: cert, key } = await issueServing(issuer, now, { names: ["localhost"] });
    ca = issuer.certificate;
    server = await startPostgresServer(folder, { cert, key });
    await server.admin.query("CREATE TABLE job (id serial, done boolean NOT NULL DEFAULT false)");
    await server.admin.query("CREATE ROLE reader LOGIN PASSWORD 'pw'");
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => server.admin.query("TRUNCATE job"));

  const opened = (metadata: Texts, authParams: Texts = { password: postgresPassword }) =>
    open(
      "postgresql",
      {
        metadata: {
          targetQueryValue: "5",
          host: "127.0.0.1",
          port: String(server.port),
          userName: "admin",
          dbName: "postgres",
          sslmode: "prefer",
          ...metadata,
        },
        authParams,
      },
      { clock: systemClock },
    );
  const answerTo = async (metadata: Texts, authParams?: Texts) => {
    const trigger = await opened(metadata, authParams);
    try {
      const { values, active } = await trigger.read("m", soon());
      return [values[0]?.value, active];
    } finally {
      await trigger.close();
    }
  };
  const url = () => `postgres://admin:${encodeURIComponent(postgresPassword)}@127.0.0.1:${server.port}/postgres`;
  const sessions = async (where = "true"): Promise<number> => {
    const { rows } = await server.admin.query(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'bellows' AND ${where}`,
    );
    return rows[0].n;
  };

  test.each([
    ["SELECT 3", 3],
    ["SELECT 3::bigint * 1000000000", 3e9],
    ["SELECT 2.50::numeric", 2.5],
    ["SELECT 0.25::float8", 0.25],
    ["SELECT '7'", 7],
    ["SELECT 1e3::float4", 1000],
    ["SELECT count(*) FROM job WHERE NOT done", 0],
    ["SELECT n FROM generate_series(4, 300000) AS n", 4],
  ])("answers %s with %s", async (query, value) => {
    expect(await answerTo({ query })).toEqual([value, value > 0]);
  });

  const scan = 'could not query postgreSQL: sql: Scan error on column index 0, name "x": converting ';
  test.each([
    ["SELECT NULL AS x", `${scan}NULL to float64 is unsupported`],
    ["SELECT 'many' AS x", `${scan}driver.Value type string ("many") to a float64: invalid syntax`],
    ["SELECT true AS x", `${scan}driver.Value type string ("t") to a float64: invalid syntax`],
    ["SELECT 'NaN'::float8 AS x", "could not query postgreSQL: the result is NaN, expected a number"],
    ["SELECT 'Infinity'::float8 AS x", "could not query postgreSQL: the result is Infinity, expected a number"],
    ["SELECT -1 AS x", "the source's value is -1, expected a number of 0 or more"],
    ["SELECT 1 WHERE false", "could not query postgreSQL: sql: no rows in result set"],
    ["SELECT 1, 2", "could not query postgreSQL: sql: expected 2 destination arguments in Scan, not 1"],
    ["SELECT * FROM nowhere", 'could not query postgreSQL: ERROR: relation "nowhere" does not exist (SQLSTATE 42P01)'],
    [
      "SELECT 1; SELECT 2",
      "could not query postgreSQL: ERROR: cannot insert multiple commands into a prepared statement (SQLSTATE 42601)",
    ],
    ["-- nothing", "could not query postgreSQL: sql: no rows in result set"],
  ])("that answers %s with no amount is an error", async (query, message) => {
    await expect(answerTo({ query })).rejects.toThrow(`error inspecting postgreSQL: ${message}`);
  });

  test("is reached by a connection string, with settings of the session", async () => {
    const query = "SELECT setting::int FROM pg_settings WHERE name = 'work_mem'";
    expect(await answerTo({ query }, { connection: `${url()}?work_mem=128&options=-c%20geqo=off` })).toEqual([
      128,
      true,
    ]);
    const words = `host=127.0.0.1 port=${server.port} user=reader password=pw dbname=postgres search_path='a, b'`;
    expect(await answerTo({ query: "SELECT 2" }, { connection: words })).toEqual([2, true]);
  });

  test("is tried at each host, until one answers that fits", async () => {
    const [port] = await freePorts(1);
    expect(await answerTo({ query: "SELECT 1", host: "127.0.0.1,127.0.0.1", port: `${port},${server.port}` })).toEqual([
      1,
      true,
    ]);
    const fitting = (session: string) =>
      answerTo({ query: "SELECT 1" }, { connection: `${url()}?target_session_attrs=${session}` });
    for (const session of ["any", "read-write", "primary", "prefer-standby"])
      expect(await fitting(session)).toEqual([1, true]);
    await expect(fitting("standby")).rejects.toThrow("server is not in hot standby mode");
    await expect(fitting("read-only")).rejects.toThrow("connection is not read only");
  });

  test.each([
    ["disable", false, false],
    ["allow", false, false],
    ["prefer", true, false],
    ["require", true, false],
    ["require", true, true],
    ["verify-ca", true, true],
  ])("with sslmode %s is spoken to encrypted: %s; trusted: %s", async (sslmode, encrypted, trusted) => {
    const query = "SELECT ssl::int FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    const authParams = { password: postgresPassword, ...(trusted && { ca }) };
    expect(await answerTo({ query, sslmode }, authParams)).toEqual([encrypted ? 1 : 0, encrypted]);
  });

  test("is not believed where its certificate or its name is to be verified and can't be", async () => {
    const query = "SELECT 1";
    await expect(answerTo({ query, sslmode: "verify-ca" })).rejects.toThrow(/certificate/);
    const trusting = { password: postgresPassword, ca };
    await expect(answerTo({ query, sslmode: "verify-full" }, trusting)).rejects.toThrow(/does not match certificate/);
    expect(await answerTo({ query, sslmode: "verify-full", host: "localhost" }, trusting)).toEqual([1, true]);
  });

  test("refuses a wrong password once, and it is not told", async () => {
    const error = await answerTo({ query: "SELECT 1" }, { password: "hunter2" }).catch(
      (caught: unknown) => caught as Error,
    );
    expect((error as Error).message).toBe(
      `error inspecting postgreSQL: error establishing postgreSQL connection: 127.0.0.1:${server.port}: FATAL: password authentication failed for user "admin" (SQLSTATE 28P01)`,
    );
  });

  test("is asked by few sessions, however many triggers ask it, and by none once they are closed", async () => {
    // Sessions of tests before may be ending still.
    await expect.poll(() => sessions()).toBe(0);
    const triggers = await Promise.all(
      Array.from({ length: 20 }, () => opened({ query: "SELECT count(pg_sleep(0.01))" })),
    );
    await Promise.all(triggers.map((trigger) => trigger.read("m", soon())));
    expect(await sessions()).toBe(4);
    await Promise.all(triggers.map((trigger) => trigger.close()));
    await expect.poll(() => sessions()).toBe(0);
    await expect(triggers[0]?.read("m", soon())).rejects.toThrow("the trigger was closed");
  });

  test("that is slow is given up, and stops what it was doing", async () => {
    const trigger = await opened({ query: "SELECT count(pg_sleep(60))" });
    const waiting = Array.from({ length: 6 }, () => trigger.read("m", AbortSignal.timeout(500)));
    await Promise.all(waiting.map((one) => expect(one).rejects.toThrow("timeout")));
    await expect.poll(() => sessions("state = 'active'")).toBe(0);
    await trigger.close();
  });

  test("that ends a session is connected to anew", async () => {
    const trigger = await opened({ query: "SELECT 1" });
    await trigger.read("m", soon());
    await server.admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bellows'",
    );
    await expect.poll(() => trigger.read("m", soon()).catch(String)).toMatchObject({ active: true });
    await trigger.close();
  });

  test("that hangs is given up, and read again when it goes on", async () => {
    const trigger = await opened({ query: "SELECT 1" });
    await trigger.read("m", soon());
    await server.hang();
    try {
      for (const _ of ["a session", "another"]) {
        await expect(trigger.read("m", AbortSignal.timeout(200))).rejects.toThrow("timeout");
      }
    } finally {
      server.resume();
    }
    expect(await trigger.read("m", soon())).toMatchObject({ active: true });
    await trigger.close();
  });

  describe("that notifies", () => {
    const channel = 'New "jobs"';
    const query = "SELECT count(*) FROM job";
    const value = (count: number) => ({ active: count > 0, values: [{ metricName: "s0-postgresql", value: count }] });

    async function listening() {
      const trigger = await opened({ query, listenChannel: channel });
      const stopping = new AbortController();
      const pushes: Push[] = [];
      const ended = trigger.listen?.(
        { push: (push) => void pushes.push(push), metricSpecs: () => {} },
        stopping.signal,
      );
      ended?.catch(() => {});
      await expect.poll(() => pushes).toEqual([value(0)]);
      const stop = async () => {
        stopping.abort();
        await ended?.catch(() => {});
        await trigger.close();
      };
      return { pushes, ended, stop };
    }

    test("is read at once", async () => {
      const { pushes, stop } = await listening();
      await server.admin.query("INSERT INTO job DEFAULT VALUES");
      await server.admin.query("SELECT pg_notify($1, '')", [channel]);
      await expect.poll(() => pushes).toEqual([value(0), value(1)]);
      await stop();
      await expect.poll(() => sessions()).toBe(0);
    });

    test("very often is read now and then, the last time after the last", async () => {
      const { pushes, stop } = await listening();
      await server.admin.query("INSERT INTO job SELECT FROM generate_series(1, 5)");
      const began = systemClock.now();
      const cpu = process.cpuUsage();
      const many = 20_000;
      await server.admin.query("SELECT pg_notify($1, n::text) FROM generate_series(1, $2::int) AS n", [channel, many]);
      await server.admin.query("INSERT INTO job DEFAULT VALUES");
      await server.admin.query("SELECT pg_notify($1, '')", [channel]);
      await expect.poll(() => pushes.at(-1)).toEqual(value(6));
      expect(pushes.length).toBeLessThan(5 + (systemClock.now() - began) / 200);
      expect(process.cpuUsage(cpu).user / 1000).toBeLessThan(many / 5);
      await stop();
    });

    test("tells of its end, so that it is listened to anew", async () => {
      const { ended, stop } = await listening();
      await server.admin.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
      await expect(ended).rejects.toThrow("listening to postgreSQL: ");
      await stop();
    });
  });
});
