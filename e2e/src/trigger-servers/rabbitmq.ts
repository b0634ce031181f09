import { hasRabbitMqServer, startRabbitMqServer } from "@bellows/triggers/test-servers/rabbitmq-server";
import { connect } from "amqplib";
import type { RunningSource, TriggerSource } from "./trigger-source.ts";

const queueName = "jobs";

/** A queue of a RabbitMQ server with its management plugin. */
const rabbitmq = (protocol: "amqp" | "http"): TriggerSource => ({
  name: `rabbitmq: a queue by ${protocol.toUpperCase()}`,
  missing: () => (hasRabbitMqServer ? undefined : "rabbitmq-server (apt-get install rabbitmq-server)"),
  async start(folder): Promise<RunningSource> {
    const server = await startRabbitMqServer(folder);
    const amqp = `amqp://127.0.0.1:${server.amqpPort}`;
    const connection = await connect(amqp);
    const channel = await connection.createConfirmChannel();
    await channel.assertQueue(queueName);
    return {
      ...server,
      trigger: {
        type: "rabbitmq",
        metadata: {
          queueName,
          host: protocol === "amqp" ? amqp : server.managementUrl,
          mode: "QueueLength",
          value: "1",
        },
      },
      credentials: { username: "guest", password: "guest" },
      async setWork(pieces) {
        await channel.purgeQueue(queueName);
        for (let piece = 0; piece < pieces; piece++) channel.sendToQueue(queueName, Buffer.from("job"));
        await channel.waitForConfirms();
      },
      async stop() {
        await connection.close();
        await server.stop();
      },
    };
  },
});

export const rabbitmqByAmqp = rabbitmq("amqp");
export const rabbitmqByHttp = rabbitmq("http");
