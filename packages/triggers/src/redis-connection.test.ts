import { expect, test, vi } from "vitest";
import type { RedisConnection } from "./redis-client.ts";
import { open } from "./trigger.fixture.ts";

const opened = vi.hoisted((): { last: RedisConnection | undefined } => ({ last: undefined }));
vi.mock("./redis-client.ts", () => ({
  openRedisClient(connection: RedisConnection) {
    opened.last = connection;
    return { close: async () => {} };
  },
}));

const resolvedEnv = { USERNAME: "me", PASSWORD: "hush", MASTER: "main" };
const abc = { hosts: "   a, b,    c ", ports: "1, 2, 3" };
const ofAbc = [
  { host: "a", port: 1 },
  { host: "b", port: 2 },
  { host: "c", port: 3 },
];

type Texts = Record<string, string>;

test.each<[string, Texts, Texts, Partial<RedisConnection>]>([
  ["redis", { address: "db:6380" }, {}, { mode: "single", addresses: [{ host: "db", port: 6380 }], database: 0 }],
  ["redis", { address: "db" }, {}, { addresses: [{ host: "db", port: 6379 }] }],
  [
    "redis",
    { host: "db", port: "6380", databaseIndex: "2" },
    {},
    { addresses: [{ host: "db", port: 6380 }], database: 2 },
  ],
  ["redis", { host: "fd00::1", port: "1" }, {}, { addresses: [{ host: "fd00::1", port: 1 }] }],
  [
    "redis-cluster",
    {},
    { addresses: ":7001, :7002" },
    {
      mode: "cluster",
      addresses: [
        { host: "localhost", port: 7001 },
        { host: "localhost", port: 7002 },
      ],
    },
  ],
  ["redis-cluster", abc, {}, { addresses: ofAbc }],
  ["redis-cluster", {}, abc, { addresses: ofAbc }],
  ["redis-cluster", abc, { username: "you", password: "p" }, { username: "you", password: "p" }],
  ["redis-cluster", { ...abc, username: "you" }, {}, { username: "you" }],
  [
    "redis-cluster",
    { ...abc, usernameFromEnv: "USERNAME", passwordFromEnv: "PASSWORD" },
    {},
    { username: "me", password: "hush" },
  ],
  [
    "redis-sentinel",
    {
      ...abc,
      sentinelMasterFromEnv: "MASTER",
      sentinelUsernameFromEnv: "USERNAME",
      sentinelPasswordFromEnv: "PASSWORD",
    },
    {},
    { mode: "sentinel", sentinelMaster: "main", sentinelUsername: "me", sentinelPassword: "hush" },
  ],
  [
    "redis-sentinel",
    { ...abc, sentinelMaster: "one" },
    { sentinelMaster: "other", sentinelUsername: "you", sentinelPassword: "p" },
    { sentinelMaster: "one", sentinelUsername: "you", sentinelPassword: "p" },
  ],
  ["redis", { address: "db", enableTLS: "true" }, {}, { tls: { unsafe: false } }],
  ["redis", { address: "db", enableTLS: "true", unsafeSsl: "true" }, {}, { tls: { unsafe: true } }],
  ["redis", { address: "db", unsafeSsl: "true" }, { tls: "enable" }, { tls: { unsafe: true } }],
  ["redis", { address: "db", unsafeSsl: "true" }, {}, { tls: undefined }],
  ["redis", { address: "db", enableTLS: "false" }, {}, { tls: undefined }],
])("%s with %j and %j is reached by %j", async (type, metadata, authParams, expected) => {
  const config = { metadata: { listName: "jobs", ...metadata }, authParams, resolvedEnv };
  await (await open(type, config)).close();
  expect(opened.last).toMatchObject(expected);
});
