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

const deployment = (name: string, cpu = "100m") => `
    manifest:
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: ${name} }
      spec:
        selector: { matchLabels: { app: ${name} } }
        template:
          metadata: { labels: { app: ${name} } }
          spec: { containers: [{ name: main, image: nginx, resources: { requests: { cpu: ${cpu} } } }] }`;

test("two autoscalers on one target leave it alone and say so", async () => {
  const failures = await failuresOf(`
name: two autoscalers on one target
runFor: 2m
world: { controllers: [hpa] }
actions:
  - at: 0${deployment("web")}
  - at: 0
    kubectl: autoscale deployment web --name=one --cpu-percent=50 --min=1 --max=3
  - at: 0
    kubectl: autoscale deployment web --name=two --cpu-percent=50 --min=1 --max=5
checks:
  - by: 00:01:30
    event: { reason: AmbiguousSelector, object: HorizontalPodAutoscaler/one, message: "/default/one default/two/" }
  - by: 00:01:30
    object: hpa/two
    expect: { 'status.conditions[?(@.type=="ScalingActive")].reason': AmbiguousSelector }
  - from: 0
    until: 00:02:00
    object: deployment/web
    expect: { spec.replicas: 1 }
`);
  expect(failures).toEqual([]);
});

test("an autoscaler whose target is not there says so, and acts as soon as it is", async () => {
  const failures = await failuresOf(`
name: a target that comes late
runFor: 3m
world: { controllers: [hpa] }
actions:
  - at: 0
    manifest:
      apiVersion: autoscaling/v2
      kind: HorizontalPodAutoscaler
      metadata: { name: web }
      spec:
        scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
        minReplicas: 2
        maxReplicas: 4
        metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 80 } } }]
  - at: 00:01:00${deployment("web")}
checks:
  - by: 00:00:05
    object: hpa/web
    expect:
      'status.conditions[?(@.type=="AbleToScale")].reason': FailedGetScale
      'status.conditions[?(@.type=="AbleToScale")].message': '/deployments.*"web" not found/'
  - after: 00:01:00
    by: 00:01:01
    object: deployment/web
    expect: { spec.replicas: 2 }
  - by: 00:01:30
    event: { reason: SuccessfulRescale, message: "/Current number of replicas below Spec.MinReplicas/" }
`);
  expect(failures).toEqual([]);
});

test("parameters that cannot be used leave the replicas and name the field; the next good ones are taken", async () => {
  const configMap = (ladder: string) => `
    manifest:
      apiVersion: v1
      kind: ConfigMap
      metadata: { name: autoscaler }
      data: { ladder: '${ladder}' }`;
  const failures = await failuresOf(`
name: a ladder with a broken step
runFor: 1m
world: { controllers: [cpa] }
actions:
  - at: 0${deployment("web")}
  - at: 0${configMap('{"nodesToReplicas":[[1,1],[3]]}')}
  - at: 0
    manifest:
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: autoscaler }
      spec:
        selector: { matchLabels: { app: autoscaler } }
        template:
          metadata: { labels: { app: autoscaler } }
          spec:
            containers:
              - name: autoscaler
                image: registry.k8s.io/cpa/cluster-proportional-autoscaler:v1.9.0
                args: [--configmap=autoscaler, --target=deployment/web, --namespace=default]
  - at: 00:00:30${configMap('{"nodesToReplicas":[[1,1],[3,2]]}')}
checks:
  - by: 00:00:05
    event:
      reason: InvalidParams
      object: ConfigMap/autoscaler
      message: "/data.ladder.nodesToReplicas.1.: .3., expected .from, replicas./"
  - from: 0
    until: 00:00:29
    object: deployment/web
    expect: { spec.replicas: 1 }
  - after: 00:00:30
    by: 00:00:32
    object: deployment/web
    expect: { spec.replicas: 2 }
`);
  expect(failures).toEqual([]);
});

test("one ClusterProportionalAutoscaler sizes several targets, and puts right what somebody else changed", async () => {
  const failures = await failuresOf(`
name: several targets
runFor: 1m
world: { controllers: [cpa] }
actions:
  - at: 0${deployment("one")}
  - at: 0${deployment("two")}
  - at: 0
    manifest:
      apiVersion: bellows.dev/v1
      kind: ClusterProportionalAutoscaler
      metadata: { name: both }
      spec:
        targets: [{ name: one }, { name: two }, { name: gone }]
        linear: { nodesPerReplica: 1, max: 2 }
  - at: 00:00:30
    kubectl: scale deployment two --replicas=7
checks:
  - by: 00:00:02
    object: deployment/one
    expect: { spec.replicas: 2 }
  - by: 00:00:02
    object: deployment/two
    expect: { spec.replicas: 2 }
  - by: 00:00:02
    object: clusterproportionalautoscaler/both
    expect:
      status.nodes: 3
      status.replicas: 2
      'status.conditions[?(@.type=="Ready")].reason': FailedRescale
      'status.conditions[?(@.type=="Ready")].message': /Deployment.gone.*not found/
  - after: 00:00:31
    by: 00:00:32
    object: deployment/two
    expect: { spec.replicas: 2 }
`);
  expect(failures).toEqual([]);
});
