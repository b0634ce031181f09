import { decision, type KubernetesObject } from "@bellows/api";
import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { createDecisionLog } from "./decision-log.ts";
import type { EventInput } from "./events.ts";
import { createLogger } from "./json-logger.ts";

test("one decision becomes one Event, one log line and one count, however often it is repeated", async () => {
  const events: EventInput[] = [];
  const lines: string[] = [];
  const metrics = new Registry();
  const log = createLogger({ destination: { write: (line) => lines.push(line) } });
  const recorder = {
    record: (_: KubernetesObject, event: EventInput) => void events.push(event),
    flush: async () => {},
  };
  const decisions = createDecisionLog({ events: recorder, log, metrics }, "hpa");
  const subject = { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", namespace: "default", name: "web" };
  const made = decision({
    subject,
    generation: 1,
    at: 0,
    validUntil: 15_000,
    seen: { cpu: 312 },
    computed: ["cpu 312 % of 50 % over 2 pods -> 13"],
    limits: [{ reason: "ScaleUpLimit", from: 13, to: 4 }],
    action: { replicas: 4 },
    usdPerHour: 0.2,
  });
  const regarding = {
    apiVersion: subject.apiVersion,
    kind: subject.kind,
    metadata: { namespace: "default", name: "web" },
  };
  const event: EventInput = { type: "Normal", reason: "SuccessfulRescale", message: "New size: 4" };
  for (let times = 0; times < 3; times++) decisions.explain(made, { regarding, log: "rescaled workload", event });

  expect(events).toEqual([{ ...event, annotations: { "bellows.dev/decision": made.id } }]);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] as string)).toMatchObject({
    message: "rescaled workload",
    decision: made.id,
    HorizontalPodAutoscaler: { namespace: "default", name: "web" },
    action: { replicas: 4 },
  });
  expect(await metrics.metrics()).toContain(
    'bellows_decisions_total{controller="hpa",outcome="acted",limit="ScaleUpLimit"} 1',
  );
});
