import { hasNatsServer, natsUser, startNatsServer } from "@bellows/triggers/test-servers/nats-server";
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
        await server.ask(`STREAM.PURGE.${stream.name}`);
        for (let piece = 0; piece < pieces; piece++) await server.admin.request("jobs.new", "job");
      },
    };
  },
});

export const natsPolled = natsJetStream(false);
export const natsPushed = natsJetStream(true);
