import { hasNatsServer, type NatsServer, natsUser, startNatsServer } from "@bellows/triggers/test-servers/nats-server";
import type { RunningSource, TriggerSource } from "./trigger-source.ts";

const stream = { name: "jobs", subjects: ["jobs.>"] };
const consumer = { durable_name: "worker", ack_policy: "explicit" };

/** A consumer of a stream of a NATS server. */
const natsJetStream = (pushes: boolean): TriggerSource => ({
  name: `nats-jetstream: ${pushes ? "heard by a client" : "a consumer"}`,
  pushes,
  missing: () => (hasNatsServer ? undefined : "nats-server (apt-get install nats-server)"),
  async start(folder): Promise<RunningSource> {
    const server = await startNatsServer(folder);
    await server.ask(`STREAM.CREATE.${stream.name}`, stream);
    await server.ask(`CONSUMER.DURABLE.CREATE.${stream.name}.${consumer.durable_name}`, {
      stream_name: stream.name,
      config: consumer,
    });
    return {
      ...server,
      trigger: {
        type: "nats-jetstream",
        metadata: {
          natsServerMonitoringEndpoint: server.monitoring,
          account: "$G",
          stream: stream.name,
          consumer: consumer.durable_name,
          lagThreshold: "1",
          ...(pushes && { natsServer: server.address }),
        },
      },
      credentials: { natsUser: natsUser.user, natsPassword: natsUser.pass },
      async setWork(pieces) {
        await handleAll(server);
        for (let piece = 0; piece < pieces; piece++) await server.admin.request("jobs.new", "job");
      },
    };
  },
});

/** As a worker would: gets each message, and acknowledges it. */
async function handleAll({ ask, admin }: NatsServer): Promise<void> {
  const ofConsumer = `${stream.name}.${consumer.durable_name}`;
  const { num_pending: waiting } = (await ask(`CONSUMER.INFO.${ofConsumer}`)) as { num_pending: number };
  for (let message = 0; message < waiting; message++) {
    // Its subject is that of the message, so that an inbox shared by several requests would not know it.
    const once = { timeout: 60_000, noMux: true };
    const next = await admin.request(`$JS.API.CONSUMER.MSG.NEXT.${ofConsumer}`, "1", once);
    await admin.request(next.reply ?? "", "+ACK", { timeout: 60_000 });
  }
}

export const natsPolled = natsJetStream(false);
export const natsPushed = natsJetStream(true);
