import type { SQSClient } from "@aws-sdk/client-sqs";
import { z } from "zod";
import { type AwsClientOptions, askAws, awsClientOptions } from "./aws-client.ts";
import { awsLogin, awsParameters } from "./aws-login.ts";
import { defineTrigger } from "./define-trigger.ts";
import { flag, integer, text } from "./metadata.ts";
import { readingOf } from "./metric.ts";
import { TriggerError } from "./trigger.ts";

export const awsSqsQueue = defineTrigger({
  types: ["aws-sqs-queue"],
  summary: "Replicas follow the number of messages of a queue of AWS SQS.",
  metadata: z.object({
    queueLength: integer().default(5).meta({ description: "Messages per replica." }),
    activationQueueLength: integer().default(0).meta({ description: "Active above so many messages." }),
    queueURL: text().meta({ from: ["triggerMetadata", "resolvedEnv"], description: "URL of the queue, or its name." }),
    scaleOnInFlight: flag().default(true).meta({ description: "Messages that are being worked on count too." }),
    scaleOnDelayed: flag().default(false).meta({ description: "Messages that are held back count too." }),
    ...awsParameters,
  }),
  problemPrefix: "error parsing SQS queue metadata",
  parameterPrefix: "error parsing SQS queue metadata",
  open(values, { config, clock, external }) {
    const { queueURL, queueLength, activationQueueLength } = values;
    const spec = external(`aws-sqs-${queueNameOf(queueURL)}`, queueLength);
    const options = awsClientOptions(awsLogin(values.awsRegion, config), clock, {
      endpoint: values.awsEndpoint,
      timeoutMs: config.httpTimeoutMs,
    });
    const counted = countedAttributes(values);
    let client: Promise<SQSClient> | undefined;
    return {
      metricSpecs: () => [spec],
      read: async (asked, signal) => {
        client ??= openClient(options);
        const attributes = await attributesOf(await client, queueURL, counted, signal);
        return readingOf(asked, messagesIn(attributes, counted), activationQueueLength);
      },
      close: async () => (await client)?.destroy(),
    };
  },
});

type CountedAttribute =
  | "ApproximateNumberOfMessages"
  | "ApproximateNumberOfMessagesNotVisible"
  | "ApproximateNumberOfMessagesDelayed";

const countedAttributes = (values: { readonly scaleOnInFlight: boolean; readonly scaleOnDelayed: boolean }) => [
  "ApproximateNumberOfMessages" as const,
  ...(values.scaleOnInFlight ? ["ApproximateNumberOfMessagesNotVisible" as const] : []),
  ...(values.scaleOnDelayed ? ["ApproximateNumberOfMessagesDelayed" as const] : []),
];

/** Of a URL its path's second part; what is no URL is the name. */
function queueNameOf(queueURL: string): string {
  const url = /^(?:[a-zA-Z][a-zA-Z0-9+.-]*:(?:\/\/[^/?]*)?)?((?:\/[^?]*)?)/.exec(queueURL);
  const isUrl = url !== null && url[0] !== "";
  if (!isUrl) return queueURL;
  const [, , name, ...more] = (url[1] ?? "").split("/");
  if (!name || more.length > 0) throw new TriggerError("cannot get queueName from queueURL");
  return name;
}

async function openClient(options: AwsClientOptions): Promise<SQSClient> {
  const { SQSClient } = await import("@aws-sdk/client-sqs");
  // The region's or the given endpoint is asked, whatever host the queue's URL has, as upstream.
  return new SQSClient({ ...options, useQueueUrlAsEndpoint: false });
}

async function attributesOf(
  client: SQSClient,
  queueURL: string,
  names: readonly CountedAttribute[],
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const { GetQueueAttributesCommand } = await import("@aws-sdk/client-sqs");
  const command = new GetQueueAttributesCommand({ QueueUrl: queueURL, AttributeNames: [...names] });
  const answer = await askAws("SQS: GetQueueAttributes", signal, () => client.send(command, { abortSignal: signal }));
  return answer.Attributes ?? {};
}

function messagesIn(attributes: Readonly<Record<string, string>>, names: readonly CountedAttribute[]): number {
  let messages = 0;
  for (const name of names) {
    const value = attributes[name];
    if (value === undefined) throw new Error(`metric ${name} not found in SQS queue attributes`);
    if (!/^[+-]?\d+$/.test(value))
      throw new Error(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
    messages += Number(value);
  }
  return messages;
}
