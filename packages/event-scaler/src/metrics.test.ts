import { Registry } from "prom-client";
import { expect, test } from "vitest";
import { EventScalerMetrics } from "./metrics.ts";

const labels = {
  namespace: "default",
  scaledObject: "so",
  type: "scaledobject",
  scaler: "cron",
  triggerIndex: 0,
  metric: "s0-cron",
} as const;
const text =
  'namespace="default",metric="s0-cron",scaledObject="so",scaler="cron",triggerIndex="0",type="scaledobject"';

test("readings have KEDA's names and labels, in seconds", async () => {
  const registry = new Registry();
  const metrics = new EventScalerMetrics(registry);
  metrics.read(labels, { value: 1.5, latencyMs: 250, active: true });
  metrics.scalerError(labels, false);
  metrics.loopLatency("default", "scaledobject", "so", 20);
  metrics.paused("default", "so", false);
  metrics.countTrigger("cron", 1);
  metrics.countResource("scaled_object", "default", 1);
  metrics.countResource("cluster_trigger_authentication", "", 1);
  const written = await registry.metrics();
  for (const line of [
    `keda_scaler_metrics_value{${text}} 1.5`,
    `keda_scaler_metrics_latency_seconds{${text}} 0.25`,
    `keda_scaler_active{${text}} 1`,
    `keda_scaler_detail_errors_total{${text}} 0`,
    'keda_internal_scale_loop_latency_seconds{namespace="default",type="scaledobject",resource="so"} 0.02',
    'keda_scaled_object_paused{namespace="default",scaledObject="so"} 0',
    'keda_trigger_registered_total{type="cron"} 1',
    'keda_resource_registered_total{type="scaled_object",namespace="default"} 1',
    'keda_resource_registered_total{type="cluster_trigger_authentication",namespace="default"} 1',
  ]) {
    expect(written).toContain(`${line}\n`);
  }
});

test("HTTP requests for a metric are counted by their status", async () => {
  const registry = new Registry();
  const metrics = new EventScalerMetrics(registry);
  const request = {
    namespace: "default",
    scaledResource: "so",
    scaler: "metrics-api",
    triggerName: "queue",
    metricName: "s0-m",
  };
  metrics.requested(request, { status: 200, durationMs: 30 });
  metrics.requested(request, { status: 200, durationMs: 30 });
  metrics.requested(request, { status: undefined, durationMs: 3_000 });
  const written = await registry.metrics();
  const text =
    'namespace="default",scaled_resource="so",scaler="metrics-api",trigger_name="queue",metric_name="s0-m",status_code=';
  expect(written).toContain(`keda_scaler_http_requests_total{${text}"200"} 2\n`);
  expect(written).toContain(`keda_scaler_http_requests_total{${text}"error"} 1\n`);
  const bucket = 'keda_scaler_http_request_duration_seconds_bucket{le="0.05",scaler="metrics-api",status_code="200"} 2';
  expect(written).toContain(`${bucket}\n`);
  metrics.forget("default", "so", "scaledobject");
  expect(await registry.metrics()).not.toContain('scaled_resource="so"');
});

test.each([
  [200, "200"],
  [201, "201"],
  [301, "301"],
  [404, "404"],
  [500, "500"],
  [503, "503"],
  [undefined, "error"],
])("an answer of %s is counted as %s, once in each metric", async (status, code) => {
  const registry = new Registry();
  const request = { namespace: "a", scaledResource: "so", scaler: "redis", triggerName: "", metricName: "m" };
  new EventScalerMetrics(registry).requested(request, { status, durationMs: 50 });
  const written = await registry.metrics();
  const whose = 'namespace="a",scaled_resource="so",scaler="redis",trigger_name="",metric_name="m"';
  expect(written).toContain(`keda_scaler_http_requests_total{${whose},status_code="${code}"} 1\n`);
  const durations = `keda_scaler_http_request_duration_seconds`;
  expect(written).toContain(`${durations}_count{scaler="redis",status_code="${code}"} 1\n`);
  expect(written).toContain(`${durations}_sum{scaler="redis",status_code="${code}"} 0.05\n`);
});

test("durations have all labels where that is asked for, and go with the object", async () => {
  const registry = new Registry();
  const metrics = new EventScalerMetrics(registry, { detailedDurations: true });
  const request = { namespace: "a", scaledResource: "so", scaler: "redis", triggerName: "q", metricName: "m" };
  metrics.requested(request, { status: 200, durationMs: 50 });
  const count = "keda_scaler_http_request_duration_seconds_count";
  const whose = 'namespace="a",scaled_resource="so",scaler="redis",trigger_name="q",metric_name="m",status_code="200"';
  expect(await registry.metrics()).toContain(`${count}{${whose}} 1\n`);
  metrics.forget("a", "so", "scaledobject");
  expect(await registry.metrics()).not.toContain(`${count}{`);
});

test("triggers come and go in their count, those of no type are not counted", async () => {
  const registry = new Registry();
  const metrics = new EventScalerMetrics(registry);
  metrics.countTrigger("cron", 1);
  metrics.countTrigger("cron", -1);
  metrics.countTrigger("", 1);
  const written = await registry.metrics();
  expect(written).toContain('keda_trigger_registered_total{type="cron"} 0\n');
  expect(written).not.toContain('keda_trigger_registered_total{type=""}');
});

test("whose behaviour this is can be seen", async () => {
  const registry = new Registry();
  expect(new EventScalerMetrics(registry)).toBeDefined();
  expect(await registry.metrics()).toMatch(
    /keda_build_info\{version="2\.21\.0",git_commit="",goversion="v\d+[^"]*",goos="[a-z0-9]+",goarch="[a-z0-9]+"\} 1\n/,
  );
});

test("an error of a scaler counts for the object too", async () => {
  const registry = new Registry();
  const metrics = new EventScalerMetrics(registry);
  metrics.scalerError(labels, true);
  metrics.scaledJobError("default", "sj", true);
  const written = await registry.metrics();
  expect(written).toContain(`keda_scaler_detail_errors_total{${text}} 1\n`);
  expect(written).toContain('keda_scaled_object_errors_total{namespace="default",scaledObject="so"} 1\n');
  expect(written).toContain('keda_scaled_job_errors_total{namespace="default",scaledJob="sj"} 1\n');
});

test("an object that is gone leaves no values behind", async () => {
  const registry = new Registry();
  const metrics = new EventScalerMetrics(registry);
  metrics.read(labels, { value: 1, latencyMs: 1, active: true });
  metrics.read({ ...labels, scaledObject: "stays" }, { value: 2 });
  metrics.scalerError(labels, true);
  metrics.forget("default", "so", "scaledobject");
  const written = await registry.metrics();
  expect(written).not.toContain('metric="s0-cron",scaledObject="so"');
  expect(written).toContain('scaledObject="stays"');
});
