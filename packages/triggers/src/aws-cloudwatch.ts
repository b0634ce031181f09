import type {
  CloudWatchClient,
  GetMetricDataCommandInput,
  MetricDataResult,
  StandardUnit,
} from "@aws-sdk/client-cloudwatch";
import type { Instant } from "@bellows/kube";
import { z } from "zod";
import { type AwsClientOptions, askAws, awsClientOptions } from "./aws-client.ts";
import { awsLogin, awsParameters } from "./aws-login.ts";
import { defineTrigger } from "./define-trigger.ts";
import { flag, float, integer, list, text } from "./metadata.ts";
import { readingOf } from "./metric.ts";

const CloudwatchMetadata = z.object({
  namespace: text().optional().meta({ description: "Namespace of the metric; needed without expression." }),
  metricName: text().optional().meta({ description: "Name of the metric; needed without expression." }),
  dimensionName: list(text(), ";").optional().meta({ description: "Names of the metric's dimensions." }),
  dimensionValue: list(text(), ";").optional().meta({ description: "Their values, in the same order." }),
  expression: text()
    .optional()
    .meta({ description: "A query of Metrics Insights or metric math, instead of a metric." }),
  targetMetricValue: float().meta({ description: "The value per replica." }),
  activationTargetMetricValue: float().default(0).meta({ description: "Active above this value." }),
  minMetricValue: float().meta({ description: "The value where there are no data." }),
  ignoreNullValues: flag().default(true).meta({ description: "false: a series without data is an error." }),
  metricCollectionTime: integer()
    .default(300)
    .meta({ description: "Seconds that are looked back; a multiple of metricStatPeriod." }),
  metricStat: text().default("Average").meta({ description: "Statistic of the metric." }),
  metricUnit: text().optional().meta({ description: "Unit of the metric." }),
  metricStatPeriod: integer()
    .default(300)
    .meta({ description: "Seconds of one data point: 1, 5, 10, 30 or a multiple of 60." }),
  metricEndTimeOffset: integer().default(0).meta({ description: "Seconds by which the newest data are left out." }),
  awsAccountId: text().optional().meta({ description: "Account of the metric, where it is another." }),
  ...awsParameters,
});

type CloudwatchMetadata = z.output<typeof CloudwatchMetadata>;

export const awsCloudwatch = defineTrigger({
  types: ["aws-cloudwatch"],
  summary: "Replicas follow a metric, or the result of an expression, of AWS CloudWatch.",
  metadata: CloudwatchMetadata,
  problemPrefix: "error parsing cloudwatch metadata",
  // Upstream's own words.
  parameterPrefix: "error parsing prometheus metadata",
  validate: (values) => metricProblem(values) ?? periodProblem(values),
  open(values, { config, clock, external }) {
    const spec = external("aws-cloudwatch", values.targetMetricValue, { asIs: true });
    const options = awsClientOptions(awsLogin(values.awsRegion, config), clock, {
      endpoint: values.awsEndpoint,
      timeoutMs: config.httpTimeoutMs,
    });
    let client: Promise<CloudWatchClient> | undefined;
    return {
      metricSpecs: () => [spec],
      read: async (asked, signal) => {
        client ??= openClient(options);
        const results = await resultsOf(await client, queryOf(values, clock.now()), signal);
        return readingOf(asked, newestValue(results, values), values.activationTargetMetricValue);
      },
      close: async () => (await client)?.destroy(),
    };
  },
});

function metricProblem(values: Partial<CloudwatchMetadata>): string | undefined {
  const { expression, namespace, metricName, dimensionName, dimensionValue, metricUnit } = values;
  if (expression !== undefined) return undefined;
  if (namespace === undefined) return "namespace not given";
  if (metricName === undefined) return "metric name not given";
  if (dimensionName === undefined) return "dimension name not given";
  if (dimensionValue === undefined) return "dimension value not given";
  if (dimensionName.length !== dimensionValue.length) {
    return "dimensionName and dimensionValue are not matching in size";
  }
  if (metricUnit !== undefined && !units.includes(metricUnit)) {
    return `metricUnit '${metricUnit}' is not one of [${units.join(" ")}]`;
  }
  return undefined;
}

const sizes = ["Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes"];
const bits = ["Bits", "Kilobits", "Megabits", "Gigabits", "Terabits"];
const perSecond = (unit: string) => `${unit}/Second`;

/** In the order in which the message names them. */
const units = [
  "Seconds",
  "Microseconds",
  "Milliseconds",
  ...sizes,
  ...bits,
  "Percent",
  "Count",
  ...[...sizes, ...bits, "Count"].map(perSecond),
  "None",
];

function periodProblem(values: Partial<CloudwatchMetadata>): string | undefined {
  const { metricStatPeriod: period = 0, metricCollectionTime: time = 0 } = values;
  if (period < 1) return `metricStatPeriod can not be smaller than 1, however, ${period} is provided`;
  if (period <= 60 && ![1, 5, 10, 30, 60].includes(period)) {
    return `metricStatPeriod < 60 has to be one of [1, 5, 10, 30], however, ${period} is provided`;
  }
  if (period > 60 && period % 60 !== 0) {
    return `metricStatPeriod >= 60 has to be a multiple of 60, however, ${period} is provided`;
  }
  if (time < 0 || time % period !== 0) {
    return `metricCollectionTime must be greater than 0 and a multiple of metricStatPeriod(${period}), ${time} is given`;
  }
  return undefined;
}

/** Data points begin at multiples of their period, counted from year 1 as Go does. */
const yearOneMs = -62_135_596_800_000;

/** What is asked for: a window of whole data points. */
export function queryOf(values: CloudwatchMetadata, now: Instant): GetMetricDataCommandInput {
  const periodMs = values.metricStatPeriod * 1000;
  const untruncated = now - values.metricEndTimeOffset * 1000 - yearOneMs;
  const end = untruncated - (untruncated % periodMs) + yearOneMs;
  return {
    StartTime: new Date(end - values.metricCollectionTime * 1000),
    EndTime: new Date(end),
    ScanBy: "TimestampDescending",
    MetricDataQueries: [
      {
        ...(values.expression === undefined ? metricQuery(values) : expressionQuery(values, values.expression)),
        ...(values.awsAccountId !== undefined && { AccountId: values.awsAccountId }),
      },
    ],
  };
}

const expressionQuery = ({ metricStatPeriod }: CloudwatchMetadata, expression: string) => ({
  Id: "q1",
  Expression: expression,
  Period: metricStatPeriod,
});

const metricQuery = (values: CloudwatchMetadata) => ({
  Id: "c1",
  ReturnData: true,
  MetricStat: {
    Metric: {
      Namespace: values.namespace,
      MetricName: values.metricName,
      Dimensions: values.dimensionName?.map((name, index) => ({ Name: name, Value: values.dimensionValue?.[index] })),
    },
    Period: values.metricStatPeriod,
    Stat: values.metricStat,
    ...(values.metricUnit !== undefined && { Unit: values.metricUnit as StandardUnit }),
  },
});

async function openClient(options: AwsClientOptions): Promise<CloudWatchClient> {
  const { CloudWatchClient } = await import("@aws-sdk/client-cloudwatch");
  return new CloudWatchClient(options);
}

async function resultsOf(
  client: CloudWatchClient,
  query: GetMetricDataCommandInput,
  signal: AbortSignal,
): Promise<readonly MetricDataResult[]> {
  const { GetMetricDataCommand } = await import("@aws-sdk/client-cloudwatch");
  const command = new GetMetricDataCommand(query);
  const answer = await askAws("CloudWatch: GetMetricData", signal, () => client.send(command, { abortSignal: signal }));
  return answer.MetricDataResults ?? [];
}

/**
 * The newest data point of the first series; without any, what is to be taken then.
 * Upstream takes that also where CloudWatch says that it could not read the series.
 */
function newestValue([first]: readonly MetricDataResult[], values: CloudwatchMetadata): number {
  if (!first) return values.minMetricValue;
  if (first.StatusCode === "InternalError" || first.StatusCode === "Forbidden") {
    const reasons = first.Messages?.map(({ Code, Value }) => `${Code}: ${Value}`) ?? [];
    throw new Error([`cloudwatch could not read the metric (${first.StatusCode})`, ...reasons].join("; "));
  }
  const [newest] = first.Values ?? [];
  if (newest !== undefined) return newest;
  if (!values.ignoreNullValues)
    throw new Error("empty metric data received, ignoreNullValues is false, returning error");
  return values.minMetricValue;
}
