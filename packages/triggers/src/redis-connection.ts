import { z } from "zod";
import { parseGoBool } from "./go-values.ts";
import { checkCertificates } from "./http-client.ts";
import { flag, integer, list, text } from "./metadata.ts";
import { openRedisClient, type RedisClient, type RedisMode } from "./redis-client.ts";

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

/** The parameters of every trigger that asks Redis. */
export const redisServerParameters = {
  databaseIndex: integer().default(0).meta({ description: "Number of the database; not for a cluster." }),
  enableTLS: text().optional().meta({ description: "true: connect by TLS." }),
  tls: text().optional().meta({ from: fromAuth, description: "enable or disable, instead of enableTLS." }),
  connection: Connection.partial(),
};

const RedisServer = z.object(redisServerParameters);

export type RedisServer = z.output<typeof RedisServer>;

/** What is wrong with how the server is named and reached; undefined for nothing. */
export const redisServerProblem = (values: Partial<RedisServer>): string | undefined =>
  addressProblem(values.connection) ?? tlsProblem(values);

/**
 * The client of a trigger, which connects with its first command.
 * @throws TriggerError  for certificates that are none
 */
export function openRedisServer(mode: RedisMode, values: RedisServer): RedisClient {
  const { connection } = values;
  const tls = usesTls(values) ? tlsOf(connection) : undefined;
  if (tls) checkCertificates(tls);
  return openRedisClient({
    ...connection,
    mode,
    tls,
    addresses: addressesOf(connection).map(hostAndPort),
    database: values.databaseIndex,
  });
}

type ConnectionValues = RedisServer["connection"];

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

function tlsProblem({ enableTLS, tls }: Partial<RedisServer>): string | undefined {
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

const usesTls = ({ enableTLS, tls }: RedisServer): boolean =>
  tls === undefined ? parseGoBool(enableTLS ?? "") === true : tls === "enable";

/** Half a pair is as none, as upstream. */
function tlsOf({ ca, cert, key, keyPassword, unsafeSsl }: ConnectionValues) {
  const own = cert === undefined || key === undefined ? {} : { cert, key, passphrase: keyPassword };
  return { ca, ...own, unsafe: unsafeSsl };
}
