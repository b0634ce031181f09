import { expect, test } from "vitest";
import { parseInterruption } from "./interruption.ts";

const at = Date.parse("2026-01-01T00:00:00Z");
const event = (source: string, detailType: string, detail: object) =>
  JSON.stringify({ version: "0", source, "detail-type": detailType, time: "2026-01-01T00:00:00Z", detail });

test.each([
  {
    name: "a spot interruption warning",
    body: event("aws.ec2", "EC2 Spot Instance Interruption Warning", {
      "instance-id": "i-1",
      "instance-action": "terminate",
    }),
    expected: { kind: "spot-interruption", at, instanceIds: ["i-1"] },
  },
  {
    name: "a rebalance recommendation",
    body: event("aws.ec2", "EC2 Instance Rebalance Recommendation", { "instance-id": "i-1" }),
    expected: { kind: "rebalance-recommendation", at, instanceIds: ["i-1"] },
  },
  {
    name: "an instance that leaves",
    body: event("aws.ec2", "EC2 Instance State-change Notification", { "instance-id": "i-1", state: "shutting-down" }),
    expected: { kind: "state-change", at, instanceIds: ["i-1"], state: "shutting-down" },
  },
  {
    name: "an instance that starts, which asks for nothing",
    body: event("aws.ec2", "EC2 Instance State-change Notification", { "instance-id": "i-1", state: "running" }),
    expected: { kind: "noop", at, instanceIds: ["i-1"] },
  },
  {
    name: "scheduled maintenance",
    body: event("aws.health", "AWS Health Event", {
      service: "EC2",
      eventTypeCategory: "scheduledChange",
      affectedEntities: [{ entityValue: "i-1" }, { entityValue: "i-2" }, {}],
    }),
    expected: { kind: "scheduled-change", at, instanceIds: ["i-1", "i-2"] },
  },
  { name: "text that is no JSON", body: "hello", expected: { kind: "noop", at: 0, instanceIds: [] } },
  { name: "JSON that is no object", body: "[null]", expected: { kind: "noop", at: 0, instanceIds: [] } },
])("reads $name", ({ body, expected }) => {
  expect(parseInterruption(body)).toEqual(expected);
});
