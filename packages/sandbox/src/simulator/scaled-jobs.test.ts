import { expect, test } from "vitest";
import { parseScenario, runScenario, type TimelineEntry } from "./index.ts";

// Minutes of a whole cluster each.
/** The checks of a scenario that failed, with what they saw. */
async function failuresOf(text: string): Promise<string[]> {
  const entries: TimelineEntry[] = [];
  await runScenario(parseScenario(text, "scenario"), { read: () => [] }, (entry) => entries.push(entry));
  const checks = entries.filter((entry) => entry.kind === "check");
  expect(checks.length).toBeGreaterThan(0);
  return checks.filter((check) => !check.passed).map((check) => `${check.name}: ${check.seen}`);
}

/** Each pod of it is one message in a queue. */
const queue = (length: number) => `
    manifest:
      apiVersion: apps/v1
      kind: Deployment
      metadata: { name: queue }
      spec:
        replicas: ${length}
        selector: { matchLabels: { app: queue } }
        template:
          metadata: { labels: { app: queue } }
          spec: { containers: [{ name: main, image: nginx }] }`;

const scaledJob = (fields: string, { script = "sleep 36000", annotations = "{}" } = {}) => `
    manifest:
      apiVersion: keda.sh/v1alpha1
      kind: ScaledJob
      metadata: { name: orders, labels: { team: shop }, annotations: ${annotations} }
      spec:
        pollingInterval: 10
        ${fields}
        jobTargetRef:
          backoffLimit: 0
          template:
            spec:
              restartPolicy: Never
              containers: [{ name: work, image: busybox, command: [sh, -c, "${script}"] }]
        triggers:
          - type: kubernetes-workload
            metadata: { podSelector: app=queue, value: "1" }`;

test("Jobs follow the length of the queue up to the maximum, and the conditions and Events say so", async () => {
  const failures = await failuresOf(`
name: Jobs for a queue
runFor: 3m
world: { controllers: [event-scaler] }
actions:
  - at: 10s${scaledJob("maxReplicaCount: 4")}
  - at: 30s${queue(2)}
  - at: 1m30s
    kubectl: scale deployment queue --replicas=9
checks:
  - by: 20s
    object: scaledjob/orders
    expect:
      'status.conditions[?(@.type=="Ready")].status': "True"
      'status.conditions[?(@.type=="Active")].reason': ScalerNotActive
      'status.conditions[?(@.type=="Paused")].status': "False"
      status.triggersTypes: kubernetes-workload
      "metadata.finalizers[0]": finalizer.keda.sh
  - by: 20s
    event: { reason: KEDAScalersStarted, object: ScaledJob/orders, message: Scaler kubernetes-workload is built }
  - by: 20s
    event: { reason: KEDAScalersStarted, object: ScaledJob/orders, message: Started scalers watch }
  - by: 20s
    event: { reason: ScaledJobReady, object: ScaledJob/orders, message: ScaledJob is ready for scaling }
  - by: 1m
    count: Job
    selector: scaledjob.keda.sh/name=orders,app.kubernetes.io/managed-by=keda-operator,team=shop
    expect: 2
  - by: 1m
    event: { reason: KEDAJobsCreated, object: ScaledJob/orders, message: "/Created [12] jobs/" }
  - by: 1m
    event: { reason: ScaledJobActive, object: ScaledJob/orders, message: Scaling is performed because triggers are active }
  - by: 1m
    object: scaledjob/orders
    expect:
      'status.conditions[?(@.type=="Active")].status': "True"
      'status.conditions[?(@.type=="Ready")].message': ScaledJob is defined correctly and is ready for scaling
      status.lastActiveTime: present
  - from: 1m
    until: 1m30s
    count: Job
    expect: 2
  - by: 2m
    count: Job
    expect: 4
  - from: 2m
    until: 3m
    count: Job
    expect: 4
`);
  expect(failures).toEqual([]);
});

test("a minimum of Jobs runs without a queue, and ended ones beyond the history limit are deleted", async () => {
  const failures = await failuresOf(`
name: a minimum of Jobs
runFor: 6m
world: { controllers: [event-scaler] }
actions:
  - at: 10s${scaledJob("minReplicaCount: 2\n        successfulJobsHistoryLimit: 1", { script: "sleep 45" })}
checks:
  - by: 30s
    count: Job
    expect: 2
  - from: 3m
    until: 6m
    count: Job
    expect: 1-5
  - by: 6m
    after: 3m
    count: Job
    expect: ">=3"
`);
  expect(failures).toEqual([]);
});

test("pausing stops new Jobs, and they go on when it ends", async () => {
  const failures = await failuresOf(`
name: a paused ScaledJob
runFor: 4m
world: { controllers: [event-scaler] }
actions:
  - at: 10s${queue(3)}
  - at: 30s${scaledJob("maxReplicaCount: 10", { annotations: '{ autoscaling.keda.sh/paused: "true" }' })}
  - at: 2m
    kubectl: annotate scaledjob orders autoscaling.keda.sh/paused-
checks:
  - by: 1m
    object: scaledjob/orders
    expect:
      'status.conditions[?(@.type=="Paused")].status': "True"
      'status.conditions[?(@.type=="Paused")].reason': ScaledJobPaused
      'status.conditions[?(@.type=="Ready")].message': ScaledJob is paused, skipping reconcile loop
  - by: 1m
    event: { reason: ScaledJobPaused, object: ScaledJob/orders, message: ScaledJob is paused }
  - from: 30s
    until: 1m59s
    count: Job
    expect: 0
  - by: 2m30s
    count: Job
    expect: 3
  - by: 2m30s
    event: { reason: ScaledJobUnpaused, object: ScaledJob/orders, message: ScaledJob is unpaused }
  - by: 3m
    object: scaledjob/orders
    expect: { 'status.conditions[?(@.type=="Paused")].reason': ScaledJobUnpaused }
`);
  expect(failures).toEqual([]);
});

const rollout = (strategy: string) => `
name: a changed ScaledJob, ${strategy}
runFor: 3m
world: { controllers: [event-scaler] }
actions:
  - at: 10s${queue(2)}
  - at: 30s${scaledJob(`rollout: { strategy: ${strategy} }`)}
  - at: 1m30s
    kubectl: label pods -l app=queue old=true
  - at: 1m30s${scaledJob(`rollout: { strategy: ${strategy} }`, { script: "sleep 35000" })}
`;

test("a changed spec replaces the Jobs at once by default", async () => {
  const failures = await failuresOf(`${rollout("immediate")}
checks:
  - by: 1m
    count: Job
    expect: 2
  - by: 2m
    after: 1m31s
    event: { reason: ScaledJobRolloutCleanupCompleted, object: ScaledJob/orders, message: Deleted 2 jobs owned by the previous version of the scaledJob }
  - from: 2m
    until: 3m
    count: Job
    expect: 2
`);
  expect(failures).toEqual([]);
});

test("a changed spec leaves the Jobs alone with the gradual rollout", async () => {
  const failures = await failuresOf(`${rollout("gradual")}
checks:
  - by: 1m
    count: Job
    expect: 2
  - from: 1m
    until: 3m
    count: Job
    expect: 2
`);
  expect(failures).toEqual([]);
});

test("a trigger that can't be opened is a condition and an Event, and is tried again", async () => {
  const failures = await failuresOf(`
name: a wrong trigger
runFor: 3m
world: { controllers: [event-scaler] }
actions:
  - at: 10s
    manifest:
      apiVersion: keda.sh/v1alpha1
      kind: ScaledJob
      metadata: { name: orders }
      spec:
        jobTargetRef:
          template:
            spec: { containers: [{ name: work, image: busybox }] }
        triggers: [{ type: kubernetes-workload, metadata: { podSelector: app=queue } }]
  - at: 1m${queue(1)}
  - at: 1m${scaledJob("maxReplicaCount: 4")}
checks:
  - by: 30s
    object: scaledjob/orders
    expect:
      'status.conditions[?(@.type=="Ready")].status': "False"
      'status.conditions[?(@.type=="Ready")].reason': ScaledJobCheckFailed
      'status.conditions[?(@.type=="Ready")].message': "/^Failed to ensure ScaledJob is correctly created: /"
      'status.conditions[?(@.type=="Active")].status': Unknown
  - by: 30s
    event: { reason: ScaledJobCheckFailed, object: ScaledJob/orders }
  - by: 30s
    event: { reason: KEDAScalerFailed, object: ScaledJob/orders }
  - by: 2m
    count: Job
    expect: 1
`);
  expect(failures).toEqual([]);
});

test("a deleted ScaledJob takes its Jobs with it", async () => {
  const failures = await failuresOf(`
name: a deleted ScaledJob
runFor: 3m
world: { controllers: [event-scaler] }
actions:
  - at: 10s${queue(2)}
  - at: 30s${scaledJob("maxReplicaCount: 4")}
  - at: 1m30s
    kubectl: delete scaledjob orders
checks:
  - by: 1m
    count: Job
    expect: 2
  - by: 3m
    after: 1m31s
    count: Job
    expect: 0
  - by: 3m
    count: ScaledJob
    expect: 0
  - by: 3m
    event: { reason: ScaledJobDeleted, object: ScaledJob/orders, message: ScaledJob was deleted }
`);
  expect(failures).toEqual([]);
});

test("an authentication knows who uses it, until it is used no more", async () => {
  const failures = await failuresOf(`
name: who uses an authentication
runFor: 2m
world: { controllers: [event-scaler] }
actions:
  - at: 10s
    manifest:
      apiVersion: keda.sh/v1alpha1
      kind: TriggerAuthentication
      metadata: { name: login }
      spec: { configMapTargetRef: [{ parameter: podSelector, name: settings, key: selector }] }
  - at: 20s
    manifest:
      apiVersion: keda.sh/v1alpha1
      kind: ScaledJob
      metadata: { name: orders }
      spec:
        jobTargetRef:
          template:
            spec: { containers: [{ name: work, image: busybox }] }
        triggers:
          - type: kubernetes-workload
            metadata: { podSelector: app=queue, value: "1" }
            authenticationRef: { name: login }
  - at: 1m
    kubectl: delete scaledjob orders
checks:
  - by: 15s
    event: { reason: TriggerAuthenticationAdded, object: TriggerAuthentication/login, message: New TriggerAuthentication configured }
  - by: 40s
    object: triggerauthentication/login
    expect: { status.scaledjobs: orders, "metadata.finalizers[0]": finalizer.keda.sh }
  - by: 40s
    object: scaledjob/orders
    expect: { status.authenticationsTypes: login }
  - by: 2m
    after: 1m1s
    object: triggerauthentication/login
    expect: { status.scaledjobs: "" }
`);
  expect(failures).toEqual([]);
});

test("Jobs that have taken nothing yet are not made twice with the accurate strategy", async () => {
  const failures = await failuresOf(`
name: pods that can't be placed
runFor: 2m
world: { controllers: [event-scaler] }
actions:
  - at: 10s${queue(3)}
  - at: 30s
    manifest:
      apiVersion: keda.sh/v1alpha1
      kind: ScaledJob
      metadata: { name: orders }
      spec:
        pollingInterval: 10
        scalingStrategy: { strategy: accurate }
        jobTargetRef:
          template:
            spec:
              containers:
                - name: work
                  image: busybox
                  resources: { requests: { cpu: "64" } }
        triggers:
          - type: kubernetes-workload
            metadata: { podSelector: app=queue, value: "1" }
checks:
  - by: 1m
    count: Job
    expect: 3
  - from: 1m
    until: 2m
    count: Job
    expect: 3
`);
  expect(failures).toEqual([]);
});

test("Jobs begin at the edge of a cron window, however long the polling interval is", async () => {
  const failures = await failuresOf(`
name: a cron window, which begins within two minutes once the cluster has settled
startAt: "2026-01-05T08:58:00Z"
runFor: 4m
world: { controllers: [event-scaler] }
actions:
  - at: 10s
    manifest:
      apiVersion: keda.sh/v1alpha1
      kind: ScaledJob
      metadata: { name: orders }
      spec:
        pollingInterval: 3600
        jobTargetRef:
          template:
            spec: { containers: [{ name: work, image: busybox, command: [sleep, "36000"] }] }
        triggers:
          - type: cron
            metadata: { timezone: Etc/UTC, start: 0 9 * * *, end: 0 10 * * *, desiredReplicas: "2" }
checks:
  - from: 0
    until: 1m
    count: Job
    expect: 0
  - by: 2m
    count: Job
    expect: 2
  - from: 2m
    until: 4m
    count: Job
    expect: 2
`);
  expect(failures).toEqual([]);
});
