import { join, resolve } from "node:path";
import { CloudWatchClient, ListMetricsCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import {
  answers,
  freePorts,
  hasProgram,
  type ServerProcess,
  startServer,
} from "@bellows/triggers/test-servers/server-process";
import { installed } from "./installed.ts";
import type { RunningSource, TriggerSource } from "./trigger-source.ts";

const requirements = resolve(import.meta.dirname, "../../trigger-servers/moto/requirements.txt");
const region = "eu-west-1";
const keys = { accessKeyId: "test", secretAccessKey: "aws-of-the-test" };

/** A folder with moto, which answers as AWS does. */
const moto = () =>
  installed("moto", requirements, async (folder, run) => {
    await run("python3", ["-m", "venv", folder]);
    await run(join(folder, "bin/python"), ["-m", "pip", "install", "--quiet", "--requirement", requirements]);
  });

const missing = () =>
  hasProgram("python3", "-c", "import ensurepip, venv") ? undefined : "python3 (apt-get install python3-venv)";

/** Starts moto, and waits until a service answers. */
async function started<T>(folder: string, ready: (endpoint: string) => Promise<T>) {
  const [port = 0] = await freePorts(1);
  const endpoint = `http://127.0.0.1:${port}`;
  const logFile = join(folder, "moto.log");
  const python = join(await moto(), "bin/python");
  const server = startServer(python, ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], logFile);
  return { endpoint, server, first: await answers(server, logFile, () => ready(endpoint)) };
}

const clientOptions = (endpoint: string) => ({ region, endpoint, credentials: keys, maxAttempts: 1 });

const source = (server: ServerProcess, endpoint: string, type: string, metadata: Record<string, string>) => ({
  ...server,
  trigger: { type, metadata: { awsRegion: region, awsEndpoint: endpoint, ...metadata } },
  credentials: { awsAccessKeyID: keys.accessKeyId, awsSecretAccessKey: keys.secretAccessKey },
});

export const awsSqsQueue: TriggerSource = {
  name: "aws-sqs-queue: messages",
  missing,
  async start(folder): Promise<RunningSource> {
    const { endpoint, server, first } = await started(folder, (at) =>
      new SQSClient(clientOptions(at)).send(new CreateQueueCommand({ QueueName: "jobs" })),
    );
    const sqs = new SQSClient(clientOptions(endpoint));
    const QueueUrl = first.QueueUrl ?? "";
    return {
      ...source(server, endpoint, "aws-sqs-queue", { queueURL: QueueUrl, queueLength: "1" }),
      async setWork(pieces) {
        await readToTheEnd(sqs, QueueUrl);
        for (let piece = 0; piece < pieces; piece++) {
          await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "job" }));
        }
      },
    };
  },
};

/** As a worker would. */
async function readToTheEnd(sqs: SQSClient, QueueUrl: string): Promise<void> {
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    if (Messages.length === 0) return;
    for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  }
}

export const awsCloudwatch: TriggerSource = {
  name: "aws-cloudwatch: a metric",
  missing,
  async start(folder): Promise<RunningSource> {
    const { endpoint, server } = await started(folder, (at) =>
      new CloudWatchClient(clientOptions(at)).send(new ListMetricsCommand({})),
    );
    const cloudwatch = new CloudWatchClient(clientOptions(endpoint));
    const metric = {
      namespace: "Shop",
      metricName: "Backlog",
      dimensionName: "Queue",
      dimensionValue: "jobs",
      targetMetricValue: "1",
      minMetricValue: "0",
      // The newest value of the last minutes counts, however short it is ago.
      metricStat: "Maximum",
      metricStatPeriod: "1",
      metricCollectionTime: "300",
    };
    return {
      ...source(server, endpoint, "aws-cloudwatch", metric),
      async setWork(pieces) {
        await cloudwatch.send(
          new PutMetricDataCommand({
            Namespace: metric.namespace,
            MetricData: [
              {
                MetricName: metric.metricName,
                Dimensions: [{ Name: metric.dimensionName, Value: metric.dimensionValue }],
                Value: pieces,
              },
            ],
          }),
        );
      },
    };
  },
};
