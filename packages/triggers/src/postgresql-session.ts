import type { Clock } from "@bellows/kube";
import type { Client, ClientConfig, DatabaseError } from "pg";
import { abortable } from "./abortable.ts";
import { tlsOptionsOf } from "./http-client.ts";
import type { PostgresConnection, PostgresRoute, SessionAttributes } from "./postgresql-connection.ts";

/** A row, its values as the server writes them. */
export interface PostgresRow {
  readonly names: readonly string[];
  readonly texts: readonly (string | null)[];
}

export interface ChannelListener {
  /** From now on notifications are heard. */
  listening(): void;
  notified(): void;
}

/** A connection to a server. */
export interface PostgresSession {
  readonly client: Client;
  /** Resolves when the connection has gone, in whatever way. */
  readonly ended: Promise<void>;
  /** Asks the server to give up what it does for this session. */
  cancel(): void;
  end(): void;
}

/** A peer that is gone without a word is found out by this. */
const keepAliveDelayMs = 30_000;

/**
 * Connects by the first route that leads to a server which fits.
 * @param signal  once it aborts, no further route is tried
 * @throws what each of the routes led to
 */
export async function openSession(
  connection: PostgresConnection,
  clock: Clock,
  signal: AbortSignal,
): Promise<PostgresSession> {
  // What is preferred is looked for first, and then done without.
  const wishes: SessionAttributes[] =
    connection.session === "prefer-standby" ? ["standby", "any"] : [connection.session];
  const problems: string[] = [];
  for (const wish of wishes) {
    for (const route of connection.routes) {
      try {
        return await openByRoute(connection, route, wish, clock);
      } catch (error) {
        problems.push(`${route.host}:${route.port}: ${reasonOf(error)}`);
        if (signal.aborted || isFinal(error, route)) throw new Error(problems.join("; "), { cause: error });
      }
    }
  }
  throw new Error([...new Set(problems)].join("; "));
}

/** Another route would be refused as well: the password, the database or the right to it is wrong. */
function isFinal(error: unknown, { tls }: PostgresRoute): boolean {
  const { code } = error as DatabaseError;
  return ["28P01", "3D000", "42501"].includes(code ?? "") || (code === "28000" && tls !== undefined);
}

async function openByRoute(
  connection: PostgresConnection,
  route: PostgresRoute,
  wish: SessionAttributes,
  clock: Clock,
): Promise<PostgresSession> {
  const { Client } = await import("pg");
  const client = new Client(configOf(connection, route));
  // A connection that breaks says so to whoever uses it, and by its end.
  client.on("error", () => {});
  const ended = new Promise<void>((resolve) => void client.once("end", resolve));
  const end = () => void client.end().catch(() => {});
  try {
    await client.connect();
    await checkWish(client, wish);
  } catch (error) {
    end();
    throw error;
  }
  return { client, ended, cancel: () => void cancel(client, configOf(connection, route), clock), end };
}

function configOf(connection: PostgresConnection, { host, port, tls }: PostgresRoute): ClientConfig {
  const { user, database, channelBinding, applicationName = "bellows", parameters } = connection;
  const options = Object.entries(parameters)
    .filter(([name]) => name !== "options")
    .map(([name, value]) => `-c ${name}=${value.replaceAll(/[\\\s]/g, "\\$&")}`);
  if (parameters["options"]) options.unshift(parameters["options"]);
  return {
    host,
    port,
    ...(user !== undefined && { user }),
    password: connection.password,
    ...(database !== undefined && { database }),
    ssl: tls ? { ...tlsOptionsOf(tls), ...(tls.anyName && { checkServerIdentity: () => undefined }) } : false,
    application_name: applicationName,
    ...(options.length > 0 && { options: options.join(" ") }),
    enableChannelBinding: channelBinding,
    connectionTimeoutMillis: connection.connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveDelayMs,
    // Values are taken as the server writes them: a number of any type is a text of digits.
    types: { getTypeParser: () => (text: string) => text },
  };
}

const checks: Readonly<
  Record<string, { readonly query: string; readonly wanted: readonly string[]; readonly not: string }>
> = {
  "read-write": { query: "SHOW transaction_read_only", wanted: ["off"], not: "read only connection" },
  "read-only": { query: "SHOW transaction_read_only", wanted: ["on"], not: "connection is not read only" },
  primary: { query: "SELECT pg_is_in_recovery()", wanted: ["f"], not: "server is in standby mode" },
  standby: { query: "SELECT pg_is_in_recovery()", wanted: ["t"], not: "server is not in hot standby mode" },
};

async function checkWish(client: Client, wish: SessionAttributes): Promise<void> {
  const check = checks[wish];
  if (!check) return;
  const { rows } = await client.query<string[]>({ text: check.query, rowMode: "array" });
  if (!check.wanted.includes(rows[0]?.[0] ?? "")) throw new Error(check.not);
}

/** The first row of a result; more rows are let pass without being kept. */
export async function firstRowOf({ client }: PostgresSession, text: string): Promise<PostgresRow | undefined> {
  const { Query } = await import("pg");
  // By the extended protocol, which takes one statement only.
  const config = { text, rowMode: "array" as const, queryMode: "extended" };
  const query = client.query(new Query<(string | null)[]>(config));
  let first: PostgresRow | undefined;
  query.on("row", (row, result) => {
    first ??= { names: (result?.fields ?? []).map(({ name }) => name), texts: row };
  });
  return await new Promise((resolve, reject) => {
    query.on("end", () => resolve(first));
    query.on("error", reject);
  });
}

/** Hears a channel by a session of its own. */
export async function listenTo(
  connection: PostgresConnection,
  channel: string,
  listener: ChannelListener,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const opening = openSession(connection, clock, signal);
  opening.catch(() => {});
  try {
    const { client, ended } = await abortable(opening, signal);
    client.on("notification", () => listener.notified());
    await abortable(client.query(`LISTEN ${client.escapeIdentifier(channel)}`), signal);
    listener.listening();
    await abortable(ended, signal);
    throw new Error("the connection ended");
  } catch (error) {
    if (!signal.aborted) throw new Error(`listening to postgreSQL: ${reasonOf(error)}`, { cause: error });
  } finally {
    opening.then((session) => session.end()).catch(() => {});
  }
}

/** What `pg` has and its types don't tell of. */
interface CancellingConnection {
  readonly stream: { destroy(): void };
  connect(port: number | string, host?: string): void;
  requestSsl(): void;
  cancel(processId: number, secretKey: number | Buffer): void;
  on(event: "connect" | "sslconnect" | "error" | "end", handler: () => void): void;
}

/** A server that can't be asked by then can't be helped. */
const cancelLimitMs = 5000;

/** By a connection of its own, as the protocol wants it. Whether it came in time nobody is told. */
async function cancel(client: Client, config: ClientConfig, clock: Clock): Promise<void> {
  const { Connection } = await import("pg");
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number | Buffer };
  const other = new Connection(config) as unknown as CancellingConnection;
  const limit = clock.after(cancelLimitMs, () => other.stream.destroy());
  const send = () => other.cancel(processID, secretKey);
  other.on("error", () => {});
  other.on("end", () => limit.cancel());
  other.on("connect", config.ssl ? () => other.requestSsl() : send);
  other.on("sslconnect", send);
  const { host = "", port = 0 } = config;
  if (host.startsWith("/")) other.connect(`${host}/.s.PGSQL.${port}`);
  else other.connect(port, host);
}

/** The server has refused a query, and the session is as good as before. */
export const isServersAnswer = (error: unknown): boolean => {
  const { code, severity } = error as DatabaseError;
  return code !== undefined && severity === "ERROR";
};

/** As upstream's driver writes it. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reasonOf).join("; ");
  if (!(error instanceof Error)) return String(error);
  const { severity, code, message } = error as DatabaseError;
  return severity !== undefined ? `${severity}: ${message} (SQLSTATE ${code})` : message || code || error.name;
}
