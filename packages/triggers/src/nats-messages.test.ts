import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Logger, silentLogger, systemClock } from "@bellows/kube";
import { createInbox, credsAuthenticator, nkeys } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTrigger } from "./catalogue.ts";
import { hasNatsServer, type NatsServer, natsUser, startNatsServer } from "./nats-server.fixture.ts";
import { aTriggerConfig, fakeSeams, problemOf, soon } from "./trigger.fixture.ts";
import type { Push } from "./trigger.ts";

type Texts = Record<string, string>;

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const publicKey = (pair: nkeys.KeyPair) => pair.getPublicKey();

/** A JWT as NATS wants it: `issuer` says of the owner of a key what it may. */
function signed(issuer: nkeys.KeyPair, subject: nkeys.KeyPair, nats: object): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { iss: publicKey(issuer), sub: publicKey(subject), name: "test", jti: "test", iat: 1, nats };
  const head = `${part({ typ: "JWT", alg: "ed25519-nkey" })}.${part(claims)}`;
  return `${head}.${Buffer.from(issuer.sign(new TextEncoder().encode(head))).toString("base64url")}`;
}

const credentialsFile = (jwt: string, seed: string) =>
  `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

************************* IMPORTANT *************************
NKEY Seed printed below can be used to sign and prove identity.

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------

*************************************************************
`;

/** An operator, an account with JetStream, and a user of it. */
function anOperator() {
  const [operator, account, system] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()];
  const user = nkeys.createUser();
  const all = -1;
  const limits = {
    subs: all,
    data: all,
    payload: all,
    imports: all,
    exports: all,
    wildcards: true,
    conn: all,
    leaf: all,
  };
  const jetStream = { mem_storage: all, disk_storage: all, streams: all, consumer: all };
  const ofAccount = (more: object = {}) => ({ type: "account", version: 2, limits: { ...limits, ...more } });
  const ofUser = { type: "user", version: 2, subs: all, data: all, payload: all };
  const config = `
    operator: ${signed(operator, operator, { type: "operator", version: 2 })}
    system_account: ${publicKey(system)}
    resolver: MEMORY
    resolver_preload: {
      ${publicKey(system)}: ${signed(operator, system, ofAccount())}
      ${publicKey(account)}: ${signed(operator, account, ofAccount(jetStream))}
    }`;
  const credentials = credentialsFile(signed(account, user, ofUser), text(user.getSeed()));
  return { config, credentials, account: publicKey(account) };
}

const work = { name: "work", subjects: ["work.>"], storage: "memory" };
const mine = { durable_name: "mine", ack_policy: "explicit", filter_subject: "work.mine" };

async function withWork(server: NatsServer): Promise<NatsServer> {
  await server.ask("STREAM.CREATE.work", work);
  await server.ask("CONSUMER.DURABLE.CREATE.work.mine", { stream_name: "work", config: mine });
  return server;
}

const publish = async ({ admin }: NatsServer, count: number) => {
  for (let message = 0; message < count; message++) admin.publish("work.mine", "x");
  await admin.flush();
};

/** A trigger of the consumer that listens to a server, and what it tells. */
async function listener({ address, monitoring }: NatsServer, authParams: Texts, account = "$G") {
  const warnings: [string, Record<string, unknown> | undefined][] = [];
  const log: Logger = { ...silentLogger, warn: (message, fields) => void warnings.push([message, fields]) };
  const metadata = { account, stream: "work", consumer: "mine", natsServer: address };
  const config = aTriggerConfig("nats-jetstream", {
    metadata: { ...metadata, natsServerMonitoringEndpoint: monitoring },
    authParams,
  });
  const trigger = await openTrigger(config, { ...fakeSeams({ clock: systemClock }), log });
  const stopping = new AbortController();
  const pushes: Push[] = [];
  const values = () => pushes.map((push) => push.values?.[0]?.value);
  const ended = trigger
    .listen?.({ push: (push) => void pushes.push(push), metricSpecs: () => {} }, stopping.signal)
    .catch((error: Error) => error.message);
  const stop = async () => {
    stopping.abort();
    const said = await ended;
    await trigger.close();
    return said;
  };
  return { trigger, values, warnings, ended, stop };
}

const folder = mkdtempSync(join(tmpdir(), "bellows-nats-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const token = "a-token-of-the-test";
const nkey = nkeys.createUser();
const seed = text(nkey.getSeed());
const mistyped = seed.replace(/.{10}$/, (end) => (end.startsWith("A") ? "B" : "A") + end.slice(1));
const stranger = text(nkeys.createUser().getSeed());
const operator = anOperator();
const others = anOperator();
const asMe = { natsUser: natsUser.user, natsPassword: natsUser.pass };

const users = `authorization { users: [
  { user: ${natsUser.user}, password: ${natsUser.pass} }
  { nkey: ${publicKey(nkey)} }
  { user: no-acks, password: secret, permissions: { subscribe: { deny: "$JS.ACK.>" } } }
  { user: reader, password: secret, permissions: {
    subscribe: ["work.>", "$JS.ACK.work.mine.>"]
    publish: { deny: ">" }
  } }
  { user: no-work, password: secret, permissions: { subscribe: "_INBOX.>" } }
] }`;

describe.skipIf(!hasNatsServer).each<{
  name: string;
  config: string;
  login: NonNullable<Parameters<typeof startNatsServer>[1]>["login"];
  account?: string;
  good: Texts;
  bad: Texts[];
}>([
  {
    name: "a user or an nkey",
    config: users,
    login: natsUser,
    good: { natsNkeySeed: `${seed}\n` },
    bad: [{}, { natsNkeySeed: stranger }, { natsNkeySeed: mistyped }, { ...asMe, natsPassword: "hunter2" }],
  },
  {
    name: "a token",
    config: `authorization { token: ${token} }`,
    login: { token },
    good: { natsToken: token },
    bad: [{}, { natsToken: "hunter2" }, asMe],
  },
  {
    name: "a JWT",
    config: operator.config,
    login: { authenticator: credsAuthenticator(new TextEncoder().encode(operator.credentials)) },
    account: operator.account,
    good: { natsCredentials: operator.credentials.trimEnd().replaceAll("\n", "\r\n") },
    bad: [{}, { natsCredentials: others.credentials }, { natsToken: token }],
  },
])("a server that asks for $name", ({ name, config, login, account, good, bad }) => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await withWork(await startNatsServer(join(folder, name), { config, ...(login && { login }) }));
  });
  afterAll(() => server.stop());

  test("is heard by whom it knows", async () => {
    const { values, stop } = await listener(server, good, account);
    await expect.poll(values).toEqual([0]);
    await publish(server, 2);
    await expect.poll(() => values().at(-1)).toBe(2);
    expect(await stop()).toBeUndefined();
  });

  test.each(bad)("says why it is not heard by %#, and is read all the same", async (authParams) => {
    const { ended, stop, trigger } = await listener(server, authParams, account);
    const said = await ended;
    expect(said).toMatch(/^listening to NATS: \S/);
    for (const secret of Object.values(authParams)) expect(said).not.toContain(secret);
    expect(await trigger.read("m", soon())).toHaveProperty("values.0.value");
    await stop();
  });
});

const whole = { natsServerMonitoringEndpoint: "nats:8222", account: "$G", stream: "work", consumer: "mine" };

const noFile = "natsCredentials: expected the content of a credentials file";
const noSeed = "natsNkeySeed: expected the seed of a user's nkey, SU and 56 letters and digits";
test.each([
  [{ natsCredentials: "hunter2" }, noFile],
  [{ natsCredentials: operator.credentials.slice(0, 200) }, noFile],
  [{ natsNkeySeed: "hunter2" }, noSeed],
  [{ natsNkeySeed: publicKey(nkey) }, noSeed],
])("credentials that are none are refused: %#", async (authParams, problem) => {
  const said = await problemOf("nats-jetstream", { metadata: whole, authParams });
  expect(said).toBe(`error parsing NATS JetStream metadata: ${problem}`);
});

describe.skipIf(!hasNatsServer)("a server with users of few rights", () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await withWork(await startNatsServer(join(folder, "rights"), { config: users, login: natsUser }));
  });
  afterAll(() => server.stop());

  /** Gets messages as a worker does, and says of each that it is done. */
  async function handle(batch: number): Promise<void> {
    const inbox = createInbox();
    const { promise: done, resolve } = Promise.withResolvers<void>();
    let left = batch;
    server.admin.subscribe(inbox, {
      max: batch,
      callback: (_, message) => {
        message.respond("+ACK");
        if (--left === 0) resolve();
      },
    });
    server.admin.publish("$JS.API.CONSUMER.MSG.NEXT.work.mine", JSON.stringify({ batch }), { reply: inbox });
    await done;
    await server.admin.flush();
  }

  test.each([
    ["a user of all rights", asMe],
    ["one who may hear and nothing else", { natsUser: "reader", natsPassword: "secret" }],
  ])("tells of what is done at once: to %s", async (_, user) => {
    await server.ask("STREAM.PURGE.work");
    const { values, warnings, stop } = await listener(server, user);
    await expect.poll(values).toEqual([0]);
    await publish(server, 5);
    await expect.poll(() => values().at(-1)).toBe(5);
    await handle(3);
    await expect.poll(() => values().at(-1)).toBe(2);
    await handle(2);
    await expect.poll(() => values().at(-1)).toBe(0);
    expect(warnings).toEqual([]);
    await stop();
  });

  test("tells of messages, and says once that what is done can't be heard", async () => {
    await server.ask("STREAM.PURGE.work");
    const { values, warnings, trigger, stop } = await listener(server, { natsUser: "no-acks", natsPassword: "secret" });
    await expect.poll(values).toEqual([0]);
    await publish(server, 2);
    await expect.poll(() => values().at(-1)).toBe(2);
    await handle(2);
    await expect.poll(() => trigger.read("m", soon())).toMatchObject({ values: [{ value: 0 }] });
    // Once more around: what was refused is not asked for again.
    await publish(server, 1);
    await expect.poll(() => values().at(-1)).toBe(1);
    expect(warnings).toEqual([
      [
        "acknowledgements can't be heard, so what the consumer has done is seen by polling only",
        {
          ScaledObject: "shop/web",
          trigger: "nats-jetstream",
          subject: "$JS.ACK.work.mine.>",
          error: expect.stringContaining("Permissions Violation for Subscription to "),
        },
      ],
    ]);
    await stop();
  });

  test("that may not hear the messages is told so", async () => {
    const { ended, stop } = await listener(server, { natsUser: "no-work", natsPassword: "secret" });
    expect(await ended).toBe('listening to NATS: Permissions Violation for Subscription to "work.mine"');
    await stop();
  });
});
