import { z } from "zod";
import { defineTrigger, type Opening } from "./define-trigger.ts";
import { checkCertificates } from "./http-client.ts";
import { float, text } from "./metadata.ts";
import { readingOf } from "./metric.ts";
import { openPostgresClient, type PostgresClient } from "./postgresql-client.ts";
import { type PostgresSettings, postgresConnection, postgresSettings } from "./postgresql-connection.ts";
import type { PostgresRow } from "./postgresql-session.ts";
import { pushedReadings } from "./pushed-readings.ts";
import { type Reading, type Trigger, TriggerError } from "./trigger.ts";

const fromAuth = ["authParams"] as const;
const credential = ["authParams", "resolvedEnv"] as const;
const authOrMetadata = ["authParams", "triggerMetadata"] as const;

const PostgresMetadata = z.object({
  targetQueryValue: float()
    .default(0)
    .meta({ description: "The value per replica; above 0 unless it feeds a formula." }),
  activationTargetQueryValue: float().default(0).meta({ description: "Active above this value." }),
  connection: text().optional().meta({
    from: credential,
    description: "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, or words such as `host=db user=me`.",
  }),
  query: text().meta({ description: "A query whose first row is one number." }),
  host: text()
    .optional()
    .meta({ from: authOrMetadata, description: "Instead of a connection, with those below; several by commas." }),
  port: text().optional().meta({ from: authOrMetadata, description: "One for all hosts, or one for each." }),
  userName: text().optional().meta({ from: authOrMetadata, description: "Whom to connect as." }),
  dbName: text().optional().meta({ from: authOrMetadata, description: "Name of the database." }),
  sslmode: text().optional().meta({
    from: authOrMetadata,
    description: "disable, allow, prefer, require, verify-ca or verify-full.",
  }),
  password: text().optional().meta({ from: credential, description: "Of userName." }),
  ca: text()
    .optional()
    .meta({ from: fromAuth, description: "Certificate that the server's is signed by, PEM; not in KEDA." }),
  cert: text().optional().meta({ from: fromAuth, description: "The client's certificate, PEM; not in KEDA." }),
  key: text().optional().meta({ from: fromAuth, description: "The key of the certificate, PEM; not in KEDA." }),
  listenChannel: text().optional().meta({
    description: "Query at once when the database is notified on this channel (NOTIFY), beside polling; not in KEDA.",
  }),
});

type PostgresMetadata = z.output<typeof PostgresMetadata>;

/** A number that a database answers a query with. */
export const postgresql = defineTrigger({
  types: ["postgresql"],
  summary: "Replicas follow the result of a PostgreSQL query.",
  metadata: PostgresMetadata,
  problemPrefix: "error parsing postgreSQL metadata",
  parameterPrefix: "error parsing postgresql metadata",
  validate: missingPart,
  open(values, opening) {
    const { config, external } = opening;
    if (values.targetQueryValue === 0 && !config.asMetricSource) throw new TriggerError("no targetQueryValue given");
    if (config.podIdentity.provider === "azure-workload") {
      throw new TriggerError(
        "podIdentity azure-workload is not supported for triggers of type postgresql, expected a password",
      );
    }
    checkCertificates(values);
    const client = openPostgresClient(postgresConnection(settingsOf(values), values), opening.clock);
    const spec = external("postgresql", values.targetQueryValue);
    const read = async (metricName: string, signal: AbortSignal): Promise<Reading> => {
      try {
        const value = numberOf(await client.firstRow(values.query, signal));
        return readingOf(metricName, value, values.activationTargetQueryValue);
      } catch (error) {
        throw new Error(`error inspecting postgreSQL: ${(error as Error).message}`, { cause: error });
      }
    };
    const { listenChannel } = values;
    const metricName = spec.external?.metric.name ?? "";
    return {
      metricSpecs: () => [spec],
      read,
      ...(listenChannel !== undefined && {
        listen: listening(client, listenChannel, (signal) => read(metricName, signal), opening),
      }),
      close: () => client.close(),
    };
  },
});

/** What was missed before the channel was listened to is caught up on by reading once. */
function listening(
  client: PostgresClient,
  channel: string,
  read: (signal: AbortSignal) => Promise<Reading>,
  opening: Opening,
): NonNullable<Trigger["listen"]> {
  return async (handler, signal) => {
    const changed = pushedReadings(read, handler, opening, signal);
    await client.listen(channel, { listening: changed, notified: changed }, signal);
  };
}

function settingsOf(values: PostgresMetadata): PostgresSettings {
  if (values.connection !== undefined) return postgresSettings(values.connection);
  const { host = "", port = "", userName = "", dbName = "", sslmode = "", password = "" } = values;
  return { host, port, user: userName, database: dbName, sslmode, password };
}

function missingPart(given: Partial<PostgresMetadata>): string | undefined {
  if (given.connection !== undefined) return undefined;
  const part = (["host", "port", "userName", "dbName", "sslmode"] as const).find((name) => given[name] === undefined);
  return part && `no ${part} given`;
}

/** What a number may look like, as strconv.ParseFloat reads the driver's text. */
const numberPattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const maxShownText = 80;

/** The one number of a row; everything else is refused in the words of database/sql. */
function numberOf(row: PostgresRow | undefined): number {
  const refused = (problem: string) => new Error(`could not query postgreSQL: ${problem}`);
  if (!row) throw refused("sql: no rows in result set");
  const { names, texts } = row;
  if (texts.length !== 1) throw refused(`sql: expected ${texts.length} destination arguments in Scan, not 1`);
  const [text = null] = texts;
  const scanning = `sql: Scan error on column index 0, name ${JSON.stringify(names[0] ?? "")}: converting`;
  if (text === null) throw refused(`${scanning} NULL to float64 is unsupported`);
  if (/^[+-]?(?:NaN|Infinity)$/.test(text)) throw refused(`the result is ${text}, expected a number`);
  if (!numberPattern.test(text)) {
    const shown = JSON.stringify(text.slice(0, maxShownText));
    throw refused(`${scanning} driver.Value type string (${shown}) to a float64: invalid syntax`);
  }
  return Number(text);
}
