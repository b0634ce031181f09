import { VirtualClock } from "@bellows/kube";
import { afterEach, describe, expect, test } from "vitest";
import { type FakeAws, fakeAws } from "./aws-server.fixture.ts";
import { metricNameOf, open, problemOf, soon } from "./trigger.fixture.ts";

const prefix = "error parsing cloudwatch metadata: ";
const parsing = `${prefix}error parsing prometheus metadata: `;
const authParams = { awsAccessKeyId: "none", awsSecretAccessKey: "none" };
const valid = {
  namespace: "AWS/SQS",
  dimensionName: "QueueName",
  dimensionValue: "keda",
  metricName: "ApproximateNumberOfMessagesVisible",
  targetMetricValue: "2",
  minMetricValue: "0",
  awsRegion: "eu-west-1",
};
const expression = `SELECT MIN(MessageCount) FROM "AWS/AmazonMQ" WHERE Broker = 'production' and Queue = 'worker'`;
const without = (key: string) => Object.fromEntries(Object.entries(valid).filter(([name]) => name !== key));

describe("metadata", () => {
  test.each<[string, Record<string, string>, Record<string, string>?]>([
    ["a metric", { ...valid, activationTargetMetricValue: "0" }],
    ["an expression", { ...without("dimensionName"), dimensionValue: "", expression }],
    [
      "everything optional",
      {
        ...valid,
        metricCollectionTime: "300",
        metricStat: "Average",
        metricStatPeriod: "300",
        awsEndpoint: "http://x:1",
      },
    ],
    ["a temporary key", valid, { ...authParams, awsSessionToken: "none" }],
    ["a role", valid, { awsRoleArn: "none" }],
    ["the operator's identity", { ...valid, identityOwner: "operator" }, {}],
    ["a unit and an offset", { ...valid, metricUnit: "Count", metricEndTimeOffset: "60" }],
    ["an error without data", { ...valid, metricStatPeriod: "60", ignoreNullValues: "false" }],
    ["two dimensions", { ...valid, dimensionName: "QueueName;Region", dimensionValue: "queue1;us-west-2" }],
    ["another account", { ...valid, awsAccountId: "123456789012" }],
    ["a period of 10 s", { ...valid, metricStatPeriod: "10" }],
  ])("accepts %s", async (_, metadata, params = authParams) => {
    expect(await problemOf("aws-cloudwatch", { metadata, authParams: params })).toBeUndefined();
  });

  const noInteger = "unable to unmarshal to field type int64: invalid character 'a' looking for beginning of value";
  test.each<[Record<string, string>, Record<string, string>, string]>([
    [
      {},
      authParams,
      `${parsing}missing required parameter "targetMetricValue" in [triggerMetadata]\nmissing required parameter "minMetricValue" in [triggerMetadata]\nmissing required parameter "awsRegion" in [triggerMetadata authParams]\nnamespace not given`,
    ],
    [
      without("awsRegion"),
      authParams,
      `${parsing}missing required parameter "awsRegion" in [triggerMetadata authParams]`,
    ],
    [without("namespace"), authParams, `${parsing}namespace not given`],
    [without("dimensionName"), authParams, `${parsing}dimension name not given`],
    [without("dimensionValue"), authParams, `${parsing}dimension value not given`],
    [without("metricName"), authParams, `${parsing}metric name not given`],
    [
      { ...valid, dimensionName: "a;b" },
      authParams,
      `${parsing}dimensionName and dimensionValue are not matching in size`,
    ],
    [
      { ...valid, metricCollectionTime: "a" },
      authParams,
      `${parsing}unable to set param "metricCollectionTime" value "a": ${noInteger}`,
    ],
    [
      { ...valid, metricStatPeriod: "a" },
      authParams,
      `${parsing}unable to set param "metricStatPeriod" value "a": ${noInteger}\nmetricStatPeriod can not be smaller than 1, however, 0 is provided`,
    ],
    [
      { ...valid, metricCollectionTime: "100" },
      authParams,
      `${parsing}metricCollectionTime must be greater than 0 and a multiple of metricStatPeriod(300), 100 is given`,
    ],
    [
      { ...valid, metricCollectionTime: "-300" },
      authParams,
      `${parsing}metricCollectionTime must be greater than 0 and a multiple of metricStatPeriod(300), -300 is given`,
    ],
    [
      { ...valid, metricStatPeriod: "250" },
      authParams,
      `${parsing}metricStatPeriod >= 60 has to be a multiple of 60, however, 250 is provided`,
    ],
    [
      { ...valid, metricStatPeriod: "25" },
      authParams,
      `${parsing}metricStatPeriod < 60 has to be one of [1, 5, 10, 30], however, 25 is provided`,
    ],
    [
      { ...valid, metricUnit: "Hour" },
      authParams,
      `${parsing}metricUnit 'Hour' is not one of [Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits Megabits Gigabits Terabits Percent Count Bytes/Second Kilobytes/Second Megabytes/Second Gigabytes/Second Terabytes/Second Bits/Second Kilobits/Second Megabits/Second Gigabits/Second Terabits/Second Count/Second None]`,
    ],
    [
      { ...valid, ignoreNullValues: "maybe" },
      authParams,
      `${parsing}unable to set param "ignoreNullValues" value "maybe": unable to parse boolean value "maybe": strconv.ParseBool: parsing "maybe": invalid syntax`,
    ],
    [valid, { awsAccessKeyId: "none" }, `${prefix}awsSecretAccessKey not found`],
    [valid, { awsAccessKeyId: "none", awsSessionToken: "none" }, `${prefix}awsSecretAccessKey not found`],
    [valid, { awsSecretAccessKey: "none" }, `${prefix}awsAccessKeyID not found`],
    [valid, {}, `${prefix}awsAccessKeyID not found`],
  ])("refuses %j with %j", async (metadata, params, message) => {
    expect(await problemOf("aws-cloudwatch", { metadata, authParams: params })).toBe(message);
  });

  test.each([0, 3])("the metric of trigger %i", async (index) => {
    const trigger = await open("aws-cloudwatch", {
      index,
      metadata: { ...valid, targetMetricValue: "2.5" },
      authParams,
    });
    expect(await metricNameOf(trigger)).toBe(`s${index}-aws-cloudwatch`);
    expect(await trigger.metricSpecs()).toMatchObject([{ external: { target: { averageValue: "2.500" } } }]);
    await trigger.close();
  });
});

describe("what is asked", () => {
  let server: FakeAws;
  afterEach(() => server.close());

  async function opened(results: unknown, metadata: Record<string, string> = {}, now = "2026-11-24T12:34:56Z") {
    server = await fakeAws(() => ({ body: { MetricDataResults: results } }));
    const config = { metadata: { ...valid, awsEndpoint: server.url, ...metadata }, authParams };
    return open("aws-cloudwatch", config, { clock: new VirtualClock(Date.parse(now)) });
  }
  const at = (time: string) => Date.parse(time) / 1000;

  test("of a metric", async () => {
    const trigger = await opened([{ Values: [10] }], {
      dimensionName: "a;b",
      dimensionValue: "1;2",
      metricUnit: "Count",
    });
    await trigger.read("m", soon());
    expect(server.asked[0]).toMatchObject({ operation: "GraniteServiceVersion20100801.GetMetricData" });
    expect(server.asked[0]?.input).toEqual({
      StartTime: at("2026-11-24T12:25:00Z"),
      EndTime: at("2026-11-24T12:30:00Z"),
      ScanBy: "TimestampDescending",
      MetricDataQueries: [
        {
          Id: "c1",
          ReturnData: true,
          MetricStat: {
            Metric: {
              Namespace: "AWS/SQS",
              MetricName: "ApproximateNumberOfMessagesVisible",
              Dimensions: [
                { Name: "a", Value: "1" },
                { Name: "b", Value: "2" },
              ],
            },
            Period: 300,
            Stat: "Average",
            Unit: "Count",
          },
        },
      ],
    });
    await trigger.close();
  });

  test("of an expression, of another account", async () => {
    const trigger = await opened([{ Values: [10] }], {
      expression,
      awsAccountId: "123456789012",
      metricStatPeriod: "60",
    });
    await trigger.read("m", soon());
    expect(server.asked[0]?.input).toMatchObject({
      MetricDataQueries: [{ Id: "q1", Expression: expression, Period: 60, AccountId: "123456789012" }],
    });
    await trigger.close();
  });

  // Computed by Go's time.Truncate.
  test.each([
    ["2026-11-24T12:34:56Z", "60", "0", "60", "2026-11-24T12:33:00Z", "2026-11-24T12:34:00Z"],
    ["2021-11-07T15:04:05.999Z", "60", "0", "60", "2021-11-07T15:03:00Z", "2021-11-07T15:04:00Z"],
    ["2021-11-07T15:04:05.999Z", "60", "30", "60", "2021-11-07T15:02:00Z", "2021-11-07T15:03:00Z"],
    ["2026-11-24T12:34:56Z", "60", "60", "60", "2026-11-24T12:32:00Z", "2026-11-24T12:33:00Z"],
    ["2026-11-24T12:34:00Z", "60", "0", "300", "2026-11-24T12:29:00Z", "2026-11-24T12:34:00Z"],
    ["2026-11-24T12:34:56Z", "3600", "0", "3600", "2026-11-24T11:00:00Z", "2026-11-24T12:00:00Z"],
    ["2026-11-24T12:34:56Z", "420", "0", "420", "2026-11-24T12:24:00Z", "2026-11-24T12:31:00Z"],
  ])("at %s with period %s, offset %s and time %s", async (now, period, offset, time, start, end) => {
    const more = { metricStatPeriod: period, metricEndTimeOffset: offset, metricCollectionTime: time };
    const trigger = await opened([{ Values: [10] }], more, now);
    await trigger.read("m", soon());
    expect(server.asked[0]?.input).toMatchObject({ StartTime: at(start), EndTime: at(end) });
    await trigger.close();
  });

  test.each<[string, unknown, Record<string, string>, number, boolean]>([
    ["a value", [{ Values: [10] }], {}, 10, true],
    ["the newest value of the first series", [{ Values: [7.5, 3] }, { Values: [1] }], {}, 7.5, true],
    ["a value that is not enough to be active", [{ Values: [10] }], { activationTargetMetricValue: "10" }, 10, false],
    ["no series", [], { minMetricValue: "1" }, 1, true],
    ["no series, where a series without data is an error", [], { ignoreNullValues: "false" }, 0, false],
    ["a series without data", [{ Values: [] }], { minMetricValue: "4" }, 4, true],
    ["a part of the data", [{ StatusCode: "PartialData", Values: [3] }], {}, 3, true],
  ])("%s", async (_, results, metadata, value, active) => {
    const trigger = await opened(results, metadata);
    expect(await trigger.read("m", soon())).toEqual({ values: [{ metricName: "m", value }], active });
    await trigger.close();
  });

  test.each<[string, unknown, Record<string, string>, string]>([
    [
      "a series without data, where that is one",
      [{ Values: [] }],
      { ignoreNullValues: "false" },
      "empty metric data received, ignoreNullValues is false, returning error",
    ],
    [
      "a series that could not be read",
      [{ StatusCode: "InternalError", Values: [], Messages: [{ Code: "ArithmeticError", Value: "by zero" }] }],
      {},
      "cloudwatch could not read the metric (InternalError); ArithmeticError: by zero",
    ],
    [
      "a series that is another's",
      [{ StatusCode: "Forbidden", Values: [] }],
      {},
      "cloudwatch could not read the metric (Forbidden)",
    ],
    ["a value below 0", [{ Values: [-1] }], {}, "the source's value is -1, expected a number of 0 or more"],
  ])("an error: %s", async (_, results, metadata, message) => {
    const trigger = await opened(results, metadata);
    await expect(trigger.read("m", soon())).rejects.toThrow(message);
    await trigger.close();
  });
});
