import type { Metrics } from "@bellows/kube";
import { Counter, Gauge, Histogram } from "prom-client";

/** Karpenter's metrics, by their names there. */
export interface ProvisionerMetrics {
  readonly nodeClaimsCreated: Counter<string>;
  readonly nodeClaimsTerminated: Counter<string>;
  readonly nodeClaimsDisrupted: Counter<string>;
  readonly nodesCreated: Counter<string>;
  readonly nodesTerminated: Counter<string>;
  readonly schedulingDuration: Histogram<string>;
  readonly unschedulablePods: Gauge<string>;
  readonly nodePoolUsage: Gauge<string>;
  readonly nodePoolLimit: Gauge<string>;
  readonly podsStartup: Histogram<string>;
  readonly evictionRequests: Counter<string>;
}

/** Made once for a registry: the controllers of a process share it. */
export function provisionerMetrics(registry: Metrics): ProvisionerMetrics {
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    (registry.getSingleMetric(name) as Counter<string> | undefined) ??
    new Counter({ name, help, labelNames, registers: [registry] });
  const gauge = (name: string, help: string, ...labelNames: string[]) =>
    (registry.getSingleMetric(name) as Gauge<string> | undefined) ??
    new Gauge({ name, help, labelNames, registers: [registry] });
  const histogram = (name: string, help: string, buckets: number[], ...labelNames: string[]) =>
    (registry.getSingleMetric(name) as Histogram<string> | undefined) ??
    new Histogram({ name, help, buckets, labelNames, registers: [registry] });
  return {
    nodeClaimsCreated: counter(
      "karpenter_nodeclaims_created_total",
      "NodeClaims created, by why and for which NodePool",
      "reason",
      "nodepool",
      "min_values_relaxed",
    ),
    nodeClaimsTerminated: counter(
      "karpenter_nodeclaims_terminated_total",
      "NodeClaims that are gone",
      "nodepool",
      "capacity_type",
      "zone",
    ),
    nodeClaimsDisrupted: counter(
      "karpenter_nodeclaims_disrupted_total",
      "NodeClaims that were given up, by why",
      "reason",
      "nodepool",
      "capacity_type",
    ),
    nodesCreated: counter("karpenter_nodes_created_total", "Nodes that registered", "nodepool", "zone"),
    nodesTerminated: counter("karpenter_nodes_terminated_total", "Nodes that are gone", "nodepool", "zone"),
    schedulingDuration: histogram(
      "karpenter_scheduler_scheduling_duration_seconds",
      "Time to find places for pods, in seconds",
      [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      "controller",
    ),
    unschedulablePods: gauge(
      "karpenter_scheduler_unschedulable_pods_count",
      "Pods for which no place was found",
      "controller",
    ),
    nodePoolUsage: gauge("karpenter_nodepools_usage", "What a NodePool's nodes add up to", "nodepool", "resource_type"),
    nodePoolLimit: gauge("karpenter_nodepools_limit", "The limits of a NodePool", "nodepool", "resource_type"),
    podsStartup: histogram(
      "karpenter_pods_startup_duration_seconds",
      "Time from a pod's creation until it runs, in seconds",
      [0.5, 1, 2, 5, 10, 20, 30, 45, 60, 90, 120, 180, 300, 600],
    ),
    evictionRequests: counter("karpenter_nodes_eviction_requests_total", "Evictions asked for, by the answer", "code"),
  };
}
