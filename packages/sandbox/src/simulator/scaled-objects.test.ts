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

const deployment = (name: string, replicas = 1) => `
    manifest:
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: ${name} }
      spec:
        replicas: ${replicas}
        selector: { matchLabels: { app: ${name} } }
        template:
          metadata: { labels: { app: ${name} } }
          spec: { containers: [{ name: main, image: nginx, resources: { requests: { cpu: 10m } } }] }`;

/** One replica of \`web\` for each pod of \`jobs\`. */
const webByJobs = (spec = "", metadata = "") => `
    manifest:
      apiVersion: keda.sh/v1alpha1
      kind: ScaledObject
      metadata: { name: web${metadata} }
      spec:
        scaleTargetRef: { name: web }
        pollingInterval: 5
        cooldownPeriod: 60
        maxReplicaCount: 6${spec}
        triggers:
          - type: kubernetes-workload
            metadata: { podSelector: app=jobs, value: "1" }`;

const start = (text: string) => `
name: a ScaledObject
runFor: 4m
world: { controllers: [hpa, event-scaler] }
actions:${text}`;

test("a target that is activated starts with all the replicas that its metric asks for", async () => {
  const failures = await failuresOf(`${start(`
  - at: 0${deployment("jobs", 5)}
  - at: 0${deployment("web", 0)}
  - at: 00:00:30${webByJobs()}
  - at: 00:01:30
    kubectl: scale deployment jobs --replicas=0`)}
checks:
  - by: 00:00:31
    object: deployment/web
    expect: { spec.replicas: 5 }
  - by: 00:00:31
    event: { reason: KEDAScaleTargetActivated, message: "Scaled apps/v1.Deployment default/web from 0 to 5, triggered by s0-workload-default" }
  - from: 00:01:31
    until: 00:02:20
    object: deployment/web
    expect: { spec.replicas: 5 }
  - by: 00:02:45
    object: deployment/web
    expect: { spec.replicas: 0 }
  - by: 00:02:45
    event: { reason: KEDAScaleTargetDeactivated, message: Deactivated apps/v1.Deployment default/web from 5 to 0 }
`);
  expect(failures).toEqual([]);
});

test("a pace that the user sets for growing is kept on activation, too", async () => {
  const behavior = `
        advanced: { horizontalPodAutoscalerConfig: { behavior: { scaleUp: { policies: [{ type: Pods, value: 1, periodSeconds: 15 }] } } } }`;
  const failures = await failuresOf(`${start(`
  - at: 0${deployment("jobs", 5)}
  - at: 0${deployment("web", 0)}
  - at: 00:00:30${webByJobs(behavior)}`)}
checks:
  - by: 00:00:31
    object: deployment/web
    expect: { spec.replicas: 1 }
  - by: 00:03:00
    object: deployment/web
    expect: { spec.replicas: 5 }
`);
  expect(failures).toEqual([]);
});

test("a target that is missing is a condition and Events, and is found when it comes", async () => {
  const failures = await failuresOf(`${start(`
  - at: 0${webByJobs()}
  - at: 00:01:00${deployment("web", 2)}`)}
checks:
  - by: 00:00:01
    object: scaledobject/web
    expect:
      'status.conditions[?(@.type=="Ready")].status': "False"
      'status.conditions[?(@.type=="Ready")].reason': ScaledObjectCheckFailed
      'status.conditions[?(@.type=="Ready")].message': 'ScaledObject doesn''t have correct scaleTargetRef specification: deployments.apps "web" not found'
      'status.conditions[?(@.type=="Active")].reason': UnknownState
  - by: 00:00:01
    event: { reason: ScaledObjectCheckFailed, message: Target resource doesn't exist }
  - by: 00:02:05
    after: 00:01:00
    object: scaledobject/web
    expect:
      'status.conditions[?(@.type=="Ready")].status': "True"
      status.scaleTargetKind: apps/v1.Deployment
      status.originalReplicaCount: 2
      status.hpaName: keda-hpa-web
`);
  expect(failures).toEqual([]);
});

test("a paused object has no HPA and the replicas of its annotation; afterwards it goes on", async () => {
  const failures = await failuresOf(`${start(`
  - at: 0${deployment("jobs", 3)}
  - at: 0${deployment("web", 1)}
  - at: 00:00:10${webByJobs()}
  - at: 00:00:40
    kubectl: annotate scaledobject web autoscaling.keda.sh/paused-replicas=2
  - at: 00:02:00
    kubectl: annotate scaledobject web autoscaling.keda.sh/paused-replicas-`)}
checks:
  - by: 00:00:39
    object: deployment/web
    expect: { spec.replicas: 3 }
  - by: 00:00:41
    object: scaledobject/web
    expect:
      'status.conditions[?(@.type=="Paused")].status': "True"
      'status.conditions[?(@.type=="Paused")].reason': ScaledObjectPaused
      status.pausedReplicaCount: 2
  - after: 00:00:41
    by: 00:00:42
    count: hpa
    expect: 0
  - from: 00:00:42
    until: 00:01:59
    object: deployment/web
    expect: { spec.replicas: 2 }
  - by: 00:00:42
    event: { reason: KEDAScalersStopped, message: Stopped scalers watch }
  - after: 00:02:01
    by: 00:02:02
    object: scaledobject/web
    expect:
      'status.conditions[?(@.type=="Paused")].reason': ScaledObjectUnpaused
      status.pausedReplicaCount: absent
  - after: 00:02:01
    by: 00:02:30
    object: deployment/web
    expect: { spec.replicas: 3 }
  - by: 00:02:30
    event: { reason: ScaledObjectUnpaused, message: pause annotation removed for ScaledObject }
`);
  expect(failures).toEqual([]);
});

test("with restoreToOriginalReplicaCount a deleted object leaves the target as it was", async () => {
  const failures = await failuresOf(`${start(`
  - at: 0${deployment("jobs", 5)}
  - at: 0${deployment("web", 2)}
  - at: 00:00:10${webByJobs("\n        advanced: { restoreToOriginalReplicaCount: true }")}
  - at: 00:01:00
    kubectl: delete scaledobject web`)}
checks:
  - by: 00:00:59
    object: deployment/web
    expect: { spec.replicas: 5 }
  - after: 00:01:00
    by: 00:01:05
    count: hpa
    expect: 0
  - from: 00:01:05
    until: 00:03:00
    object: deployment/web
    expect: { spec.replicas: 2 }
  - after: 00:01:00
    by: 00:01:05
    count: scaledobject
    expect: 0
  - by: 00:01:05
    event: { reason: ScaledObjectDeleted, message: ScaledObject was deleted }
`);
  expect(failures).toEqual([]);
});

test("an HPA that is somebody else's is left alone unless the ScaledObject takes it over", async () => {
  const named = `
        advanced: { horizontalPodAutoscalerConfig: { name: web } }`;
  const failures = await failuresOf(`${start(`
  - at: 0
    kubectl: delete validatingwebhookconfiguration keda-admission
  - at: 0${deployment("jobs", 3)}
  - at: 0${deployment("web", 1)}
  - at: 0
    kubectl: autoscale deployment web --cpu-percent=50 --min=1 --max=2
  - at: 00:00:10${webByJobs(named)}
  - at: 00:01:00
    kubectl: annotate scaledobject web scaledobject.keda.sh/transfer-hpa-ownership=true`)}
checks:
  - by: 00:00:12
    object: scaledobject/web
    expect:
      'status.conditions[?(@.type=="Ready")].reason': ScaledObjectCheckFailed
      'status.conditions[?(@.type=="Ready")].message': "/the workload 'web' of type 'apps/v1.Deployment' is already managed by the hpa 'web'/"
  - from: 00:00:12
    until: 00:00:59
    object: hpa/web
    expect: { spec.maxReplicas: 2 }
  - after: 00:01:00
    by: 00:01:02
    object: hpa/web
    expect:
      spec.maxReplicas: 6
      metadata.ownerReferences[0].kind: ScaledObject
      metadata.labels: present
  - after: 00:01:00
    by: 00:01:05
    object: scaledobject/web
    expect: { 'status.conditions[?(@.type=="Ready")].status': "True", status.hpaName: web }
`);
  expect(failures).toEqual([]);
});

test("the HPA follows its ScaledObject, and what others do to it is undone", async () => {
  const cron = (minute: number) =>
    `{ type: cron, metadata: { timezone: UTC, start: ${minute} * * * *, end: ${minute + 1} * * * *, desiredReplicas: "1" } }`;
  const patch = (object: string, value: object) =>
    `kubectl: patch ${object} --type=merge -p '${JSON.stringify(value)}'`;
  const named = (name: string) => ({ spec: { advanced: { horizontalPodAutoscalerConfig: { name } } } });
  const failures = await failuresOf(`${start(`
  - at: 0${deployment("web", 1)}
  - at: 0
    manifest:
      apiVersion: keda.sh/v1alpha1
      kind: ScaledObject
      metadata: { name: web, annotations: { note: a, autoscaling.keda.sh/paused-scale-in: "true" } }
      spec:
        scaleTargetRef: { name: web }
        minReplicaCount: 1
        advanced:
          horizontalPodAutoscalerConfig:
            behavior: { scaleUp: { stabilizationWindowSeconds: 60, policies: [{ type: Pods, value: 5, periodSeconds: 30 }] } }
        triggers: [${cron(0)}, ${cron(2)}]
  - at: 00:00:20
    kubectl: annotate scaledobject web autoscaling.keda.sh/paused-scale-in-
  - at: 00:00:40
    manifest:
      apiVersion: keda.sh/v1alpha1
      kind: ScaledObject
      metadata: { name: web, annotations: { note: a, autoscaling.keda.sh/paused-scale-out: "true" } }
      spec:
        scaleTargetRef: { name: web }
        minReplicaCount: 1
        triggers: [${cron(0)}]
  - at: 00:01:00
    ${patch("hpa/keda-hpa-web", { spec: { maxReplicas: 9 } })}
  - at: 00:01:20
    ${patch("hpa/keda-hpa-web", { metadata: { labels: { "app.kubernetes.io/part-of": "other" } } })}
  - at: 00:01:40
    ${patch("hpa/keda-hpa-web", { metadata: { annotations: { note: "other" } } })}
  - at: 00:02:00
    kubectl: delete hpa keda-hpa-web
  - at: 00:02:20
    ${patch("scaledobject/web", named("new"))}`)}
checks:
  - by: 00:00:05
    object: hpa/keda-hpa-web
    expect:
      spec.metrics[0].external.metric.name: s0-cron-UTC-0xxxx-1xxxx
      spec.metrics[1].external.metric.name: s1-cron-UTC-2xxxx-3xxxx
      spec.behavior.scaleDown.selectPolicy: Disabled
      spec.behavior.scaleUp.stabilizationWindowSeconds: 60
      metadata.annotations.note: a
  - by: 00:00:05
    object: scaledobject/web
    expect: { 'status.conditions[?(@.type=="Paused")].status': "True" }
  - after: 00:00:20
    by: 00:00:25
    object: hpa/keda-hpa-web
    expect:
      spec.behavior.scaleDown.selectPolicy: Max
      spec.behavior.scaleUp.policies[0].periodSeconds: 30
      spec.behavior.scaleUp.policies[1]: absent
  - after: 00:00:20
    by: 00:00:25
    object: scaledobject/web
    expect: { 'status.conditions[?(@.type=="Paused")].status': "False" }
  - after: 00:00:40
    by: 00:00:45
    object: hpa/keda-hpa-web
    expect:
      spec.metrics[0].external.metric.name: s0-cron-UTC-0xxxx-1xxxx
      spec.metrics[1]: absent
      spec.behavior.scaleUp.selectPolicy: Disabled
  - after: 00:00:40
    by: 00:00:45
    object: scaledobject/web
    expect: { 'status.externalMetricNames[1]': absent }
  - after: 00:01:00
    by: 00:01:05
    object: hpa/keda-hpa-web
    expect: { spec.maxReplicas: 100 }
  - after: 00:01:20
    by: 00:01:25
    object: hpa/keda-hpa-web
    expect: { 'metadata.labels.app\\.kubernetes\\.io/part-of': web }
  - after: 00:01:40
    by: 00:01:45
    object: hpa/keda-hpa-web
    expect: { metadata.annotations.note: a }
  - after: 00:02:00
    by: 00:02:05
    object: hpa/keda-hpa-web
    expect: present
  - after: 00:02:20
    by: 00:02:25
    object: hpa/keda-hpa-web
    expect: absent
  - after: 00:02:20
    by: 00:02:25
    object: hpa/new
    expect: present
  - after: 00:02:20
    by: 00:02:25
    object: scaledobject/web
    expect: { status.hpaName: new }
`);
  expect(failures).toEqual([]);
});

test("a wrong trigger is a condition and an Event that say what is wrong, and does not stop other objects", async () => {
  const failures = await failuresOf(`${start(`
  - at: 0${deployment("jobs", 2)}
  - at: 0${deployment("web", 0)}
  - at: 0
    manifest:
      apiVersion: keda.sh/v1alpha1
      kind: ScaledObject
      metadata: { name: broken }
      spec:
        scaleTargetRef: { name: jobs }
        triggers: [{ type: cron, metadata: { timezone: Asia/Seoul, start: 0 8 * * *, end: 0 9 * * *, desiredReplicas: "0" } }]
  - at: 00:00:10${webByJobs()}`)}
checks:
  - by: 00:00:01
    object: scaledobject/broken
    expect:
      'status.conditions[?(@.type=="Ready")].reason': ScaledObjectCheckFailed
      'status.conditions[?(@.type=="Ready")].message': "/^failed to ensure HPA is correctly created for ScaledObject: .*no desiredReplicas specified/"
  - by: 00:00:02
    event: { reason: KEDAScalerFailed, object: ScaledObject/broken, message: /no desiredReplicas specified/ }
  - by: 00:00:20
    object: deployment/web
    expect: { spec.replicas: 2 }
  - from: 0
    until: 00:04:00
    object: deployment/jobs
    expect: { spec.replicas: 2 }
`);
  expect(failures).toEqual([]);
});
