import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { answers, freePorts, hasProgram, startServer } from "@bellows/triggers/test-servers/server-process";
import { Admin, Consumer, Producer, stringSerializers } from "@platformatic/kafka";
import { installed } from "./installed.ts";
import type { RunningSource, TriggerSource } from "./trigger-source.ts";

const pom = resolve(import.meta.dirname, "../../trigger-servers/kafka/pom.xml");
const user = { username: "worker", password: "kafka-of-the-test" };
const topic = "jobs";
const consumerGroup = "workers";
/** More than the replicas that are asked for, as there are no more consumers than partitions. */
const partitions = 6;

/** The jars of the broker. */
const jars = () =>
  installed("kafka", pom, (folder, run) =>
    run("mvn", [
      "--quiet",
      "--batch-mode",
      "--file",
      pom,
      "dependency:copy-dependencies",
      "-DincludeScope=runtime",
      `-DoutputDirectory=${folder}`,
    ]),
  );

/** Who reads the topic, and what the trigger is told of it. */
interface Group {
  readonly name: string;
  readonly type: "kafka" | "apache-kafka";
  readonly protocol: "classic" | "consumer";
  readonly metadata: Readonly<Record<string, string>>;
}

/** A topic of a broker that is a cluster by itself (KRaft), where a user authenticates by SCRAM. */
const kafkaBroker = ({ name, type, protocol, metadata }: Group): TriggerSource => ({
  name: `${type}: ${name}`,
  missing() {
    if (!hasProgram("java", "-version")) return "java (apt-get install openjdk-17-jre-headless)";
    return hasProgram("mvn", "--version") ? undefined : "mvn (apt-get install maven)";
  },
  async start(folder): Promise<RunningSource> {
    const [port = 0, controllerPort = 0, ownPort = 0] = await freePorts(3);
    const settings = join(folder, "server.properties");
    writeFileSync(settings, propertiesOf(folder, port, controllerPort, ownPort));
    const java = ["-Xmx512m", "-XX:TieredStopAtLevel=1", "-cp", join(await jars(), "*")];
    format(java, settings);
    const logFile = join(folder, "kafka.log");
    const server = startServer("java", [...java, "kafka.Kafka", settings], logFile);
    const own = { clientId: "e2e", bootstrapBrokers: [`127.0.0.1:${ownPort}`], retries: 10, retryDelay: 500 };
    const admin = new Admin(own);
    const producer = new Producer({ ...own, serializers: stringSerializers });
    await answers(server, logFile, () => admin.createTopics({ topics: [topic], partitions, replicas: 1 }));
    if (protocol === "consumer") await joinOnce(own);
    return {
      ...server,
      trigger: {
        type,
        metadata: {
          bootstrapServers: `127.0.0.1:${port}`,
          consumerGroup,
          lagThreshold: "1",
          sasl: "scram_sha512",
          ...metadata,
        },
      },
      credentials: user,
      async setWork(pieces) {
        await readToTheEnd(admin);
        const messages = Array.from({ length: pieces }, (_, piece) => ({ topic, partition: piece, value: "job" }));
        if (messages.length > 0) await producer.send({ messages });
      },
      async stop() {
        await Promise.allSettled([admin.close(), producer.close()]);
        await server.stop();
      },
    };
  },
});

/** The first member decides of which protocol a group is (KIP-848), and the group remains without members. */
async function joinOnce(broker: { clientId: string; bootstrapBrokers: string[] }): Promise<void> {
  const consumer = new Consumer({ ...broker, groupId: consumerGroup, groupProtocol: "consumer", autocommit: false });
  const stream = await consumer.consume({ topics: [topic], mode: "earliest" });
  await stream.close();
  await consumer.close(true);
}

const indexes = Array.from({ length: partitions }, (_, index) => index);

/** As consumers of the group would. */
async function readToTheEnd(admin: Admin): Promise<void> {
  const [listed] = await admin.listOffsets({
    topics: [{ name: topic, partitions: indexes.map((partitionIndex) => ({ partitionIndex, timestamp: -1n })) }],
  });
  const partitionOffsets = (listed?.partitions ?? []).map(({ partitionIndex, offset }) => ({
    partition: partitionIndex,
    offset,
  }));
  await admin.alterConsumerGroupOffsets({ groupId: consumerGroup, topics: [{ name: topic, partitionOffsets }] });
}

/** Writes the first records of the cluster's metadata: its id, and the user. */
function format(java: readonly string[], settings: string): void {
  const scram = `SCRAM-SHA-512=[name=${user.username},password=${user.password}]`;
  const args = ["format", "--cluster-id", "4L6g3nShT-eMCtK--X86sw", "--config", settings, "--add-scram", scram];
  const { status, stderr } = spawnSync("java", [...java, "kafka.tools.StorageTool", ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`formatting the storage of Kafka: ${stderr}`);
}

const propertiesOf = (folder: string, port: number, controllerPort: number, ownPort: number): string =>
  Object.entries({
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
    listeners: [
      `SASL_PLAINTEXT://127.0.0.1:${port}`,
      `CONTROLLER://127.0.0.1:${controllerPort}`,
      `PLAINTEXT://127.0.0.1:${ownPort}`,
    ].join(","),
    "advertised.listeners": `SASL_PLAINTEXT://127.0.0.1:${port},PLAINTEXT://127.0.0.1:${ownPort}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "sasl.enabled.mechanisms": "SCRAM-SHA-512",
    "listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config":
      "org.apache.kafka.common.security.scram.ScramLoginModule required;",
    "log.dirs": join(folder, "data"),
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 1,
    "auto.create.topics.enable": false,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");

export const kafka = kafkaBroker({
  name: "the lag of a consumer group",
  type: "kafka",
  protocol: "classic",
  metadata: { topic },
});
export const apacheKafka = kafkaBroker({
  name: "the lag of a group of the newer protocol",
  type: "apache-kafka",
  protocol: "consumer",
  metadata: {},
});
