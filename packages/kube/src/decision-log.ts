import { type Decision, decisionAnnotation, type KubernetesObject } from "@bellows/api";
import { Counter, Gauge } from "prom-client";
import type { ControllerContext } from "./controller.ts";
import { RecentMap } from "./event-correlator.ts";
import type { EventInput } from "./events.ts";

/** What is said of a decision besides the record itself. */
export interface Explanation {
  /** The object that the Event is about; usually the decision's subject. */
  readonly regarding: KubernetesObject;
  /** A constant, lower-case sentence for the log: `rescaled workload`. */
  readonly log: string;
  /** The Event, with upstream's reason and message where upstream has one. Without it none is written. */
  readonly event?: EventInput;
}

export interface DecisionLog {
  /** Once for each decision: a repeat of the last one of its subject is not a new one. */
  explain(decision: Decision<unknown, unknown>, explanation: Explanation): void;
}

/** Subjects whose last decision is remembered; beyond it the oldest may be told once more. */
const mostSubjects = 50_000;

/** Makes the Event, the log line and the metric of a decision from the one record of it. */
export function createDecisionLog(
  { events, log, metrics }: Pick<ControllerContext, "events" | "log" | "metrics">,
  controller: string,
): DecisionLog {
  const last = new RecentMap<string>(mostSubjects);
  const total = decisionsTotal(metrics);
  const cost = costPerHour(metrics).labels(controller);
  return {
    explain(decision, { regarding, log: message, event }) {
      const { id, subject, causes, computed, limits, action, usdPerHour } = decision;
      const { kind, namespace = "", name } = subject;
      const key = `${kind}/${namespace}/${name}`;
      if (last.get(key) === id) return;
      last.set(key, id);
      total.labels(controller, action === undefined ? "none" : "acted", limits.at(-1)?.reason ?? "").inc();
      if (action === undefined) return;
      cost.inc(usdPerHour);
      log.info(message, {
        decision: id,
        [kind]: namespace ? { namespace, name } : { name },
        ...(causes.length > 0 && { causes }),
        computed,
        ...(limits.length > 0 && { limits }),
        action,
        "usd-per-hour": usdPerHour,
      });
      if (event)
        events.record(regarding, { ...event, annotations: { ...event.annotations, [decisionAnnotation]: id } });
    },
  };
}

function decisionsTotal(metrics: ControllerContext["metrics"]): Counter<"controller" | "outcome" | "limit"> {
  const name = "bellows_decisions_total";
  const known = metrics.getSingleMetric(name) as Counter<"controller" | "outcome" | "limit"> | undefined;
  const help = "Decisions by controller, whether they changed something, and what limited them last.";
  return known ?? new Counter({ name, help, labelNames: ["controller", "outcome", "limit"], registers: [metrics] });
}

function costPerHour(metrics: ControllerContext["metrics"]): Gauge<"controller"> {
  const name = "bellows_decided_usd_per_hour";
  const known = metrics.getSingleMetric(name) as Gauge<"controller"> | undefined;
  const help = "What the decisions since the start have added to the cost of the cluster, in dollars per hour.";
  return known ?? new Gauge({ name, help, labelNames: ["controller"], registers: [metrics] });
}
