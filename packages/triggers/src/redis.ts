import { sleep } from "@bellows/kube";
import type { Cluster, Redis } from "ioredis";
import { z } from "zod";
import { defineTrigger, type Opening } from "./define-trigger.ts";
import { parseGoBool } from "./go-values.ts";
import { checkCertificates } from "./http-client.ts";
import { flag, integer, list, text } from "./metadata.ts";
import { readingOf } from "./metric.ts";
import { openRedisClient, type RedisClient, type RedisMode } from "./redis-client.ts";
import type { PushHandler, Reading, TriggerType } from "./trigger.ts";

const envBeforeAuth = ["triggerMetadata", "resolvedEnv", "authParams"] as const;
const authBeforeEnv = ["triggerMetadata", "authParams", "resolvedEnv"] as const;
const fromAuth = ["authParams"] as const;

const Connection = z.object({
  addresses: list(text()).meta({
    names: ["address", "addresses"],
    from: authBeforeEnv,
    description: "host:port of the server, or of each node or sentinel.",
  }),
  username: text().meta({ from: envBeforeAuth, description: "Name to authenticate with." }),
  password: text().meta({ from: envBeforeAuth, description: "Password to authenticate with." }),
  sentinelUsername: text().meta({ from: authBeforeEnv, description: "Name for the sentinels." }),
  sentinelPassword: text().meta({ from: authBeforeEnv, description: "Password for the sentinels." }),
  sentinelMaster: text().meta({ from: authBeforeEnv, description: "Name of the master that sentinels watch." }),
  hosts: list(text()).meta({ names: ["host", "hosts"], from: envBeforeAuth, description: "Hosts, with ports." }),
  ports: list(text()).meta({ names: ["port", "ports"], from: envBeforeAuth, description: "A port for each host." }),
  unsafeSsl: flag().default(false).meta({ description: "Accept any certificate of the server." }),
  cert: text().meta({ names: ["Cert", "cert"], from: fromAuth, description: "The client's certificate, PEM." }),
  key: text().meta({ from: fromAuth, description: "The key of the certificate, PEM." }),
  keyPassword: text().meta({ from: fromAuth, description: "Password of the key." }),
  ca: text().meta({ from: fromAuth, description: "Certificate that the server's is signed by, PEM." }),
});

const RedisMetadata = z.object({
  listLength: integer().default(5).meta({ description: "Items per replica." }),
  activationListLength: integer().default(0).meta({ description: "Active above so many items." }),
  listName: text().meta({ description: "Key of a list, set, sorted set or hash." }),
  databaseIndex: integer().default(0).meta({ description: "Number of the database; not for a cluster." }),
  enableTLS: text().optional().meta({ description: "true: connect by TLS." }),
  tls: text().optional().meta({ from: fromAuth, description: "enable or disable, instead of enableTLS." }),
  connection: Connection.partial(),
});

type RedisMetadata = z.output<typeof RedisMetadata>;

export const redis = redisTrigger("redis", "single", "Replicas follow the length of a list of a Redis server.");
export const redisCluster = redisTrigger("redis-cluster", "cluster", "As `redis`, of a Redis cluster.");
export const redisSentinel = redisTrigger("redis-sentinel", "sentinel", "As `redis`, of a server behind sentinels.");

/** Between two readings that changes have caused: a burst of them is one reading. */
const pushPauseMs = 50;

function redisTrigger(type: string, mode: RedisMode, summary: string): TriggerType {
  return defineTrigger({
    types: [type],
    summary,
    metadata: RedisMetadata,
    problemPrefix: "error parsing redis metadata",
    parameterPrefix: "error parsing redis metadata",
    validate: (values) => addressProblem(values.connection) ?? tlsProblem(values),
    open(values, opening) {
      const { connection, listName, activationListLength } = values;
      const tls = usesTls(values) ? tlsOf(connection) : undefined;
      if (tls) checkCertificates(tls);
      const client = openRedisClient({
        ...connection,
        mode,
        tls,
        addresses: addressesOf(connection).map(hostAndPort),
        database: values.databaseIndex,
      });
      const spec = opening.external(`redis-${listName}`, values.listLength);
      const read = async (metricName: string, signal: AbortSignal): Promise<Reading> =>
        readingOf(metricName, await client.run((one) => lengthOf(one, listName), signal), activationListLength);
      const channel = `__keyspace@${values.databaseIndex}__:${listName}`;
      const metricName = spec.external?.metric.name ?? "";
      return {
        metricSpecs: () => [spec],
        read,
        // The nodes of a cluster tell only of their own keys.
        ...(mode === "cluster"
          ? {}
          : { listen: listening(client, channel, (signal) => read(metricName, signal), opening) }),
        close: async () => client.close(),
      };
    },
  });
}

/**
 * Pushes a reading at each change of the key. The server tells of changes only where its `notify-keyspace-events` says
 * so; where not, polling does alone.
 */
function listening(
  client: RedisClient,
  channel: string,
  read: (signal: AbortSignal) => Promise<Reading>,
  { clock, log }: Opening,
) {
  return async (handler: PushHandler, signal: AbortSignal): Promise<void> => {
    let running = false;
    let changed = false;
    const follow = async () => {
      running = true;
      while (changed && !signal.aborted) {
        changed = false;
        const { active, values } = await read(signal);
        handler.push({ active, values });
        await sleep(clock, pushPauseMs, signal);
      }
    };
    await client.subscribe(
      channel,
      () => {
        changed = true;
        if (running) return;
        follow()
          .catch((error: unknown) => {
            if (!signal.aborted) log.warn("reading after a change", { error: String(error) });
          })
          .finally(() => {
            running = false;
          });
      },
      signal,
    );
  };
}

async function lengthOf(client: Redis | Cluster, key: string): Promise<number> {
  const type = await client.type(key);
  switch (type) {
    case "zset":
      return client.zcard(key);
    case "set":
      return client.scard(key);
    case "hash":
      return client.hlen(key);
    case "list":
    case "none":
      return client.llen(key);
    default:
      throw new Error(`ERR unsupported key type: ${type}`);
  }
}

type ConnectionValues = RedisMetadata["connection"];

function addressProblem(connection: ConnectionValues | undefined): string | undefined {
  const { hosts = [], ports = [] } = connection ?? {};
  if (hosts.length > 0 && ports.length > 0 && hosts.length !== ports.length) {
    return "not enough hosts or ports given. number of hosts should be equal to the number of ports";
  }
  return addressesOf(connection ?? {})[0]
    ? undefined
    : "no addresses or hosts given. address should be a comma separated list of host:port or set the host/port values";
}

function addressesOf({ addresses = [], hosts = [], ports = [] }: ConnectionValues): string[] {
  if (hosts.length === 0 || ports.length === 0) return addresses;
  return [...addresses, ...hosts.map((host, index) => `${host.includes(":") ? `[${host}]` : host}:${ports[index]}`)];
}

const defaultPort = 6379;

function hostAndPort(address: string): { host: string; port: number } {
  const [, host = address, port] = /^(.*?)(?::(\d+))?$/.exec(address) ?? [];
  return {
    host: host.replace(/^\[(.*)\]$/, "$1") || "localhost",
    port: port === undefined ? defaultPort : Number(port),
  };
}

function tlsProblem({ enableTLS, tls }: Partial<RedisMetadata>): string | undefined {
  if (enableTLS !== undefined && tls !== undefined) {
    return "unable to set `tls` in both ScaledObject and TriggerAuthentication together";
  }
  if (enableTLS !== undefined && parseGoBool(enableTLS) === undefined) {
    return `EnableTLS parsing error strconv.ParseBool: parsing ${JSON.stringify(enableTLS)}: invalid syntax`;
  }
  if (tls !== undefined && tls !== "enable" && tls !== "disable") {
    return `error incorrect TLS value given, got ${tls}`;
  }
  return undefined;
}

const usesTls = ({ enableTLS, tls }: RedisMetadata): boolean =>
  tls === undefined ? parseGoBool(enableTLS ?? "") === true : tls === "enable";

/** Half a pair is as none, as upstream. */
function tlsOf({ ca, cert, key, keyPassword, unsafeSsl }: ConnectionValues) {
  const own = cert === undefined || key === undefined ? {} : { cert, key, passphrase: keyPassword };
  return { ca, ...own, unsafe: unsafeSsl };
}
