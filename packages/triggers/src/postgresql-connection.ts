import type { HttpTls } from "./http-client.ts";
import { TriggerError } from "./trigger.ts";

/** One way to a server; they are tried in order. */
export interface PostgresRoute {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly tls: (HttpTls & { readonly anyName: boolean }) | undefined;
}

const sessionAttributes = ["any", "read-write", "read-only", "primary", "standby", "prefer-standby"] as const;
export type SessionAttributes = (typeof sessionAttributes)[number];

/** How a database is connected to. */
export interface PostgresConnection {
  readonly routes: readonly PostgresRoute[];
  readonly user: string | undefined;
  readonly password: string;
  readonly database: string | undefined;
  readonly session: SessionAttributes;
  readonly connectTimeoutMs: number;
  readonly applicationName: string | undefined;
  readonly channelBinding: boolean;
  /** Settings of the session: `search_path`, `statement_timeout`. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The words of a connection string, by their names in libpq. */
export type PostgresSettings = Readonly<Record<string, string>>;

/** Certificates that don't come as files: PEM texts. */
export type PostgresCertificates = Pick<HttpTls, "ca" | "cert" | "key">;

const defaultPort = "5432";
const defaultConnectTimeoutMs = 10_000;

/** Read in the operator's own files, which a trigger's author should not reach. */
const fileSettings: Readonly<Record<string, string>> = {
  sslrootcert: "ca of the TriggerAuthentication",
  sslcert: "cert of the TriggerAuthentication",
  sslkey: "key of the TriggerAuthentication",
  service: "the settings themselves",
};

/** Names of settings that are no parameter of the session. */
const notParameters = new Set([
  ...["host", "hostaddr", "port", "user", "password", "database", "connect_timeout", "target_session_attrs"],
  ...["application_name", "fallback_application_name", "channel_binding", "passfile", "servicefile", "krbspn"],
  ...["krbsrvname", "sslmode", "sslnegotiation", "sslpassword", "sslsni", "gssencmode", "client_encoding"],
  ...["min_protocol_version", "max_protocol_version", "require_auth", "load_balance_hosts", "keepalives"],
  ...Object.keys(fileSettings),
  // Of the driver that upstream uses: how it talks, which here is always fit for a pooler in between.
  ...["default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity"],
]);

/**
 * What to connect to, as libpq and upstream's driver understand the settings.
 * @throws TriggerError  says which setting is wrong; never the password
 */
export function postgresConnection(settings: PostgresSettings, certificates: PostgresCertificates): PostgresConnection {
  for (const [name, instead] of Object.entries(fileSettings)) {
    const isSystem = name === "sslrootcert" && settings[name] === "system";
    if (settings[name] && !isSystem) throw unusable(`${name}: files are not read, expected ${instead}`);
  }
  if (settings["require_auth"]) throw unusable("require_auth is not supported");
  const session = settings["target_session_attrs"] ?? "any";
  if (!isSessionAttributes(session)) throw unusable(`unknown target_session_attrs value: ${session.slice(0, 80)}`);
  const { sslmode, ...tlsByMode } = tlsOf(settings, certificates);
  const routes = hostsAndPorts(settings).flatMap((address): PostgresRoute[] => {
    if (address.host.startsWith("/")) return [{ ...address, tls: undefined }];
    const plain = { ...address, tls: undefined };
    const encrypted = { ...address, tls: tlsByMode };
    if (sslmode === "disable") return [plain];
    if (sslmode === "allow") return [plain, encrypted];
    return sslmode === "prefer" ? [encrypted, plain] : [encrypted];
  });
  return {
    routes,
    user: settings["user"] || undefined,
    password: settings["password"] ?? "",
    database: settings["database"] || undefined,
    session,
    connectTimeoutMs: connectTimeout(settings["connect_timeout"]),
    applicationName: settings["application_name"] || settings["fallback_application_name"],
    channelBinding: settings["channel_binding"] === "require",
    parameters: Object.fromEntries(Object.entries(settings).filter(([name]) => !notParameters.has(name))),
  };
}

const unusable = (problem: string) =>
  new TriggerError(`error establishing postgreSQL connection: cannot parse the connection: ${problem}`);

const isSessionAttributes = (text: string): text is SessionAttributes =>
  (sessionAttributes as readonly string[]).includes(text);

function connectTimeout(text: string | undefined): number {
  if (!text) return defaultConnectTimeoutMs;
  if (!/^\d+$/.test(text)) throw unusable("invalid connect_timeout, expected seconds");
  return Number(text) * 1000 || defaultConnectTimeoutMs;
}

const sslModes = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"] as const;
type SslMode = (typeof sslModes)[number];

const isSslMode = (text: string): text is SslMode => (sslModes as readonly string[]).includes(text);

function tlsOf(settings: PostgresSettings, { ca, cert, key }: PostgresCertificates) {
  let sslmode = settings["sslrootcert"] === "system" ? "verify-full" : settings["sslmode"] || "prefer";
  if (!isSslMode(sslmode)) {
    throw unusable(`sslmode is invalid: ${JSON.stringify(sslmode.slice(0, 80))}, expected ${sslModes.join(", ")}`);
  }
  // Whoever gives a certificate to trust means it to be looked at, as libpq has it.
  if (sslmode === "require" && ca !== undefined) sslmode = "verify-ca";
  if ((cert === undefined) !== (key === undefined)) throw unusable("both cert and key must be provided");
  const verified = sslmode === "verify-ca" || sslmode === "verify-full";
  return { sslmode, ca, cert, key, unsafe: !verified, anyName: sslmode !== "verify-full" };
}

function hostsAndPorts(settings: PostgresSettings): { readonly host: string; readonly port: number }[] {
  const hosts = (settings["host"] || settings["hostaddr"] || "localhost").split(",");
  const ports = (settings["port"] ?? "").split(",");
  if (ports.length > 1 && ports.length !== hosts.length) {
    throw unusable(`could not match ${ports.length} port numbers to ${hosts.length} hosts`);
  }
  return hosts.map((host, index) => {
    const port = (ports.length > 1 ? ports[index] : ports[0]) || defaultPort;
    // Its text may be a part of a password that was not escaped.
    if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) throw unusable("invalid port");
    return { host: host || "localhost", port: Number(port) };
  });
}

/**
 * Takes a connection string apart: a URL, or words such as `host=db user=me`.
 * @throws TriggerError
 */
export function postgresSettings(source: string): PostgresSettings {
  if (source.includes("\0")) throw unusable("forbidden NUL byte in connection string");
  const settings = /^postgres(?:ql)?:\/\//.test(source) ? settingsOfUrl(source) : settingsOfWords(source);
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [aliases[name] ?? name, value]));
}

const aliases: Readonly<Record<string, string>> = { dbname: "database" };

function settingsOfUrl(source: string): Record<string, string> {
  const parts = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(source);
  if (!parts) throw unusable("failed to parse as URL");
  const [, userInfo, authority = "", database = "", query = ""] = parts;
  const settings: Record<string, string> = {};
  if (userInfo !== undefined) {
    const colon = userInfo.indexOf(":");
    settings["user"] = decoded(colon < 0 ? userInfo : userInfo.slice(0, colon));
    if (colon >= 0) settings["password"] = decoded(userInfo.slice(colon + 1));
  }
  const addresses = authority.split(",").map((address) => /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(address));
  const hosts = addresses.map((found) => decoded(found?.[1] ?? "").replace(/^\[(.*)\]$/, "$1"));
  const ports = addresses.map((found) => found?.[2] ?? "");
  if (hosts.some((host) => host !== "")) settings["host"] = hosts.join(",");
  if (ports.some((port) => port !== "")) settings["port"] = ports.join(",");
  if (database !== "") settings["database"] = decoded(database);
  for (const [name, value] of new URLSearchParams(query)) {
    if (name === "ssl" && value === "true") settings["sslmode"] = "require";
    else settings[name] = value;
  }
  return settings;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw unusable("failed to parse as URL: invalid URL escape");
  }
}

const wordName = /\s*([^\s=]+)\s*=\s*/sy;
const quotedValue = /'((?:[^'\\]|\\.)*)'/sy;
const bareValue = /((?:[^\s\\]|\\.)*\\?)/sy;

function settingsOfWords(source: string): Record<string, string> {
  const settings: Record<string, string> = {};
  let at = 0;
  const next = (pattern: RegExp): string => {
    pattern.lastIndex = at;
    const found = pattern.exec(source);
    if (!found) throw unusable("failed to parse as keyword/value");
    at = pattern.lastIndex;
    return found[1] ?? "";
  };
  while (source.slice(at).trim() !== "") {
    const name = next(wordName);
    // A backslash takes what follows literally; at the very end it stands for nothing.
    settings[name] = next(source[at] === "'" ? quotedValue : bareValue).replaceAll(/\\(.|$)/gs, "$1");
  }
  return settings;
}
