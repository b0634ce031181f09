import { z } from "zod";
import { defineTrigger, type Opening } from "./define-trigger.ts";
import { checkCertificates, openHttpClient } from "./http-client.ts";
import { flag, integer, list, text } from "./metadata.ts";
import { readingOf } from "./metric.ts";
import { hearMessages, type NatsConnection } from "./nats-messages.ts";
import { type NatsMonitoring, openNatsMonitoring } from "./nats-monitoring.ts";
import { pushedReadings } from "./pushed-readings.ts";
import { type Reading, type Trigger, TriggerError } from "./trigger.ts";

const fromAuth = ["authParams"] as const;
const authOrMetadata = ["authParams", "triggerMetadata"] as const;

const JetStreamMetadata = z.object({
  account: text()
    .optional()
    .meta({ from: authOrMetadata, description: "Name of the account; it or its id is needed." }),
  accountID: text().optional().meta({ from: authOrMetadata, description: "Id of the account." }),
  stream: text().meta({ description: "Name of the stream." }),
  consumer: text().meta({ description: "Name of the consumer." }),
  lagThreshold: integer().default(10).meta({ description: "Messages per replica." }),
  activationLagThreshold: integer().default(0).meta({ description: "Active above so many messages." }),
  useHttps: flag().default(false).meta({ description: "The monitoring endpoint speaks HTTPS." }),
  natsServerMonitoringEndpoint: text().meta({
    from: authOrMetadata,
    description: "host:port of the monitoring endpoint of a server, or of a Service before them.",
  }),
  natsServer: list(text()).optional().meta({
    from: authOrMetadata,
    description:
      "host:port for clients of a server, several by commas: read at once when a message comes, beside polling; not in KEDA.",
  }),
  natsSubjects: list(text()).optional().meta({
    description: "For natsServer: subjects to hear; default those of the consumer or its stream. Not in KEDA.",
  }),
  natsUser: text().optional().meta({ from: fromAuth, description: "For natsServer: name of the user." }),
  natsPassword: text().optional().meta({ from: fromAuth, description: "For natsServer: password of the user." }),
  natsToken: text().optional().meta({ from: fromAuth, description: "For natsServer: a token, instead of a user." }),
  natsNkeySeed: text().optional().meta({ from: fromAuth, description: "For natsServer: the seed of a user's nkey." }),
  natsCredentials: text()
    .optional()
    .meta({ from: fromAuth, description: "For natsServer: content of a credentials file (JWT and seed)." }),
  ca: text().optional().meta({
    from: fromAuth,
    description:
      "For natsServer: certificate that the server's is signed by, PEM; it is then spoken to by TLS, at a name and not an address.",
  }),
  cert: text().optional().meta({ from: fromAuth, description: "For natsServer: the client's certificate, PEM." }),
  key: text().optional().meta({ from: fromAuth, description: "For natsServer: the key of the certificate, PEM." }),
});

type JetStreamMetadata = z.output<typeof JetStreamMetadata>;

/** What a consumer of a JetStream stream has not got, or not acknowledged. */
export const natsJetStream = defineTrigger({
  types: ["nats-jetstream"],
  summary: "Replicas follow the messages that a consumer of a NATS JetStream stream has yet to handle.",
  metadata: JetStreamMetadata,
  problemPrefix: "error parsing NATS JetStream metadata",
  parameterPrefix: "error parsing nats metadata",
  open(values, opening) {
    const { config, external } = opening;
    const { account = "", accountID = account } = values;
    if (accountID === "") throw new TriggerError("no account name or id given");
    checkCertificates(values);
    checkCredentials(values);
    const scheme = values.useHttps ? "https" : "http";
    const endpoint = values.natsServerMonitoringEndpoint;
    if (!URL.canParse(`${scheme}://${endpoint}/jsz`)) {
      throw new TriggerError(`natsServerMonitoringEndpoint: ${JSON.stringify(endpoint)}, expected host:port`);
    }
    const http = openHttpClient(opening, config.httpTimeoutMs);
    const { stream, consumer, natsServer } = values;
    const monitoring = openNatsMonitoring({ scheme, endpoint, account, accountId: accountID, stream, consumer }, http);
    const spec = external(`nats-jetstream-${stream}`, values.lagThreshold);
    const read = async (metricName: string, signal: AbortSignal): Promise<Reading> => {
      const { lag } = await monitoring.consumer(signal);
      return readingOf(metricName, lag, values.activationLagThreshold);
    };
    const metricName = spec.external?.metric.name ?? "";
    return {
      metricSpecs: () => [spec],
      read,
      ...(natsServer !== undefined && {
        listen: listening(values, natsServer, monitoring, (signal) => read(metricName, signal), opening),
      }),
      close: () => http.close(),
    };
  },
});

/** @throws TriggerError  where a text is not of its form; what it holds is not told */
function checkCredentials({ natsCredentials, natsNkeySeed }: JetStreamMetadata): void {
  // Two parts, each between two lines of dashes.
  const borders = natsCredentials?.match(/^-{3,}.*-{3,}\s*$/gm) ?? [];
  if (natsCredentials !== undefined && borders.length < 4) {
    throw new TriggerError("natsCredentials: expected the content of a credentials file");
  }
  if (natsNkeySeed !== undefined && !/^SU[A-Z2-7]{56}$/.test(natsNkeySeed.trim())) {
    throw new TriggerError("natsNkeySeed: expected the seed of a user's nkey, SU and 56 letters and digits");
  }
}

/**
 * Each message that the consumer is to get is heard of as by any other client, and where the user may, each that it
 * acknowledges.
 */
function listening(
  values: JetStreamMetadata,
  servers: readonly string[],
  monitoring: NatsMonitoring,
  read: (signal: AbortSignal) => Promise<Reading>,
  opening: Opening,
): NonNullable<Trigger["listen"]> {
  const connection: NatsConnection = {
    servers,
    user: values.natsUser,
    password: values.natsPassword,
    token: values.natsToken,
    seed: values.natsNkeySeed,
    credentials: values.natsCredentials,
    tls: { ca: values.ca, cert: values.cert, key: values.key },
  };
  const { stream, consumer } = values;
  const { namespace, name } = opening.config.object;
  const context = { [opening.config.object.kind]: `${namespace}/${name}`, trigger: opening.config.type };
  // Without and with a domain and an account before the names: servers use one of them.
  const welcome = [`$JS.ACK.${stream}.${consumer}.>`, `$JS.ACK.*.*.${stream}.${consumer}.>`];
  const missing = new Set(welcome);
  const refused = (subject: string, error: string) => {
    const isLast = missing.delete(subject) && missing.size === 0;
    const message = "acknowledgements can't be heard, so what the consumer has done is seen by polling only";
    if (isLast) opening.log.warn(message, { ...context, subject: welcome[0], error });
  };
  return async (handler, signal) => {
    const needed = values.natsSubjects ?? (await monitoring.consumer(signal)).subjects;
    if (needed.length === 0) throw new Error(`stream ${JSON.stringify(stream)} has no subjects to hear`);
    const changed = pushedReadings(read, handler, opening, signal);
    await hearMessages(connection, { needed, welcome, refused }, changed, opening.clock, signal);
  };
}
