import { expect, test } from "vitest";
import { parseScenario, runScenario, type TimelineEntry } from "./index.ts";

/** The checks of a scenario that failed, with what they saw. */
async function failuresOf(text: string): Promise<string[]> {
  const entries: TimelineEntry[] = [];
  await runScenario(parseScenario(text, "scenario"), { read: () => [] }, (entry) => entries.push(entry));
  const checks = entries.filter((entry) => entry.kind === "check");
  expect(checks.length).toBeGreaterThan(0);
  return checks.filter((check) => !check.passed).map((check) => `${check.name}: ${check.seen}`);
}

/** Six pods, half again as many while they are replaced, which takes minutes; each uses as much as the other. */
const slowRollout = (cpuSeries: string) => `
runFor: 8m
world: { controllers: [hpa] }
actions:
  - at: 0
    manifest:
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: web }
      spec:
        replicas: 6
        minReadySeconds: 45
        strategy: { rollingUpdate: { maxSurge: 50%, maxUnavailable: 0 } }
        selector: { matchLabels: { app: web } }
        template:
          metadata: { labels: { app: web } }
          spec: { containers: [{ name: main, image: nginx, resources: { requests: { cpu: 100m } } }] }
  - at: 0
    manifest:
      apiVersion: bellows.dev/v1
      kind: LoadProfile
      metadata: { name: web }
      spec:
        target: { selector: { matchLabels: { app: web } } }
        cpu: ${cpuSeries}
  - at: 0
    manifest:
      apiVersion: autoscaling/v2
      kind: HorizontalPodAutoscaler
      metadata: { name: web }
      spec:
        scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
        minReplicas: 6
        maxReplicas: 30
        metrics:
          - { type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 60 } } }
  - at: 00:02:00
    kubectl: >-
      patch deployment web -p '{"spec":{"template":{"metadata":{"annotations":{"version":"2"}}}}}'`;

test("a rollout with a surge leaves the replicas where its load had them", async () => {
  // 70 % of the target over nine pods would be seven replicas, and each more of them brings half a pod of surge.
  const failures = await failuresOf(`
name: no load and a rollout
${slowRollout("{ constant: { value: 42m } }")}
checks:
  - after: 00:02:00
    by: 00:04:00
    count: pods
    selector: app=web
    expect: 9
  - from: 0
    until: 00:08:00
    object: deployment/web
    expect: { spec.replicas: 6 }
  - by: 00:08:00
    object: deployment/web
    expect: { status.replicas: 6, status.updatedReplicas: 6 }
`);
  expect(failures).toEqual([]);
});

test("pods that get busy in a rollout get help: by their ratio to the target, and for the replicas once", async () => {
  const failures = await failuresOf(`
name: load in a rollout
${slowRollout("{ step: { steps: [{ at: 0s, value: 42m }, { at: 2m45s, value: 88m }] } }")}
checks:
  - after: 00:02:45
    by: 00:03:30
    event: { reason: SuccessfulRescale, message: "/New size: 9;/" }
  - from: 0
    until: 00:02:45
    object: deployment/web
    expect: { spec.replicas: 6 }
`);
  expect(failures).toEqual([]);
});
