import { expect, test } from "vitest";
import { scalerLabel } from "./scaler-label.ts";

test.each([
  [{ type: "redis", name: "queue" }, "queue"],
  [{ type: "cron" }, "cronScaler"],
  [{ type: "cron", name: "" }, "cronScaler"],
  [{ type: "memory" }, "cpuMemoryScaler"],
  [{ type: "aws-sqs-queue" }, "awsSqsQueueScaler"],
  [{ type: "external-push" }, "externalPushScaler"],
  [{ type: "metrics-api" }, "metricsAPIScaler"],
  [{ type: "rabbitmq" }, "rabbitMQScaler"],
  [{ type: "redis-sentinel-streams" }, "redisStreamsScaler"],
])("the scaler of %o is %s", (declared, label) => {
  expect(scalerLabel(declared)).toBe(label);
});
