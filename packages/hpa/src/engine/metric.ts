import {
  DurationError,
  type MetricIdentifier,
  type MetricSpec,
  type MetricStatus,
  type MetricTarget,
  milliOf,
  type PodMetrics,
  Quantity,
  QuantityError,
  SelectorError,
  selectorOf,
} from "@bellows/api";
import { labelSelectorText } from "./label-selector-text.ts";
import { MissingRequest } from "./pods.ts";
import {
  NoProposal,
  type PodsSeen,
  type Proposal,
  replicasForPodAverage,
  replicasForShare,
  replicasForUtilization,
  replicasForValue,
  sumOfValues,
} from "./replicas.ts";
import { milliIn64Bits, resourceSamples, type Samples } from "./samples.ts";

/** What a metrics API answered for one metric: the data, or why there is none (in the client's words). */
export type Reading =
  | { readonly error: string }
  /** Resource and ContainerResource: the items of metrics.k8s.io. */
  | { readonly podMetrics: readonly PodMetrics[] }
  /** Pods: samples of custom.metrics.k8s.io. */
  | { readonly samples: Samples }
  /** Object (one value) and External (any number). */
  | { readonly valuesMilli: readonly bigint[] };

/**
 * The reading of an Object or External metric whose values are known: quantities as text, or numbers. External metrics
 * are summed.
 * @throws QuantityError where one is no quantity; NaN and infinite numbers are none
 */
export const readingOfValues = (values: readonly (string | number)[]): Reading => ({
  valuesMilli: values.map(milliIn64Bits),
});

export interface MetricContext extends PodsSeen {
  readonly namespace: string;
  readonly specReplicas: number;
  readonly statusReplicas: number;
}

export type MetricOutcome =
  | (Pick<Proposal, "replicas" | "isTolerated"> & { readonly description: string; readonly status: MetricStatus })
  /** `event` is the reason and text of the Warning and the condition, `error` what the sync reports. */
  | { readonly failure: { readonly reason: string; readonly message: string; readonly error: string } };

/** The replicas that one metric of an autoscaler asks for (`computeReplicasForMetric`). Never throws for bad input. */
export function evaluateMetric(spec: MetricSpec, reading: Reading, context: MetricContext): MetricOutcome {
  switch (spec.type) {
    case "Resource": {
      const { name, target } = spec.resource as NonNullable<MetricSpec["resource"]>;
      return attempt("FailedGetResourceMetric", `failed to get ${name} resource metric value`, () => {
        const { proposal, description, current } = resource(reading, context, name, target);
        return { proposal, description, status: { type: "Resource", resource: { name, current } } };
      });
    }
    case "ContainerResource": {
      const { name, container, target } = spec.containerResource as NonNullable<MetricSpec["containerResource"]>;
      return attempt("FailedGetContainerResourceMetric", `failed to get ${container} container metric value`, () => {
        const { proposal, description, current } = resource(reading, context, name, target, container);
        const status = { type: "ContainerResource", containerResource: { name, container, current } };
        return { proposal, description, status };
      });
    }
    case "Pods":
      return attempt("FailedGetPodsMetric", "failed to get pods metric value", () => {
        checkSelector(spec.pods?.metric);
        return pods(spec, reading, context);
      });
    case "Object":
      return object(spec, reading, context);
    case "External":
      return external(spec, reading, context);
    default: {
      const error = `unknown metric source type "${spec.type}"`;
      return { failure: { reason: "InvalidMetricSourceType", message: error, error } };
    }
  }
}

/** More than the field of the status holds. */
const maxInt32 = 2 ** 31 - 1;

interface Found {
  readonly proposal: Proposal;
  readonly description: string;
  readonly status: MetricStatus;
}

function attempt(reason: string, act: string, evaluate: () => Found): MetricOutcome {
  try {
    const { proposal, description, status } = evaluate();
    const { replicas, isTolerated } = proposal;
    return { replicas, description, status, ...(isTolerated && { isTolerated }) };
  } catch (error) {
    if (!(error instanceof NoProposal || error instanceof MissingRequest)) throw error;
    return { failure: { reason, message: error.message, error: `${act}: ${error.message}` } };
  }
}

/** Puts what was being done before the reason, as wrapped errors read. */
function during<T>(act: string, evaluate: () => T): T {
  try {
    return evaluate();
  } catch (error) {
    if (!(error instanceof NoProposal || error instanceof MissingRequest)) throw error;
    throw new NoProposal(`${act}: ${error.message}`);
  }
}

function resource(reading: Reading, context: MetricContext, name: string, target: MetricTarget, container?: string) {
  const quantityOfMilli = (milli: bigint) =>
    Quantity.of(milli, -3, name === "memory" ? "BinarySI" : "DecimalSI").toString();
  const samples = () => {
    if ("error" in reading) throw new NoProposal(`unable to get metrics for resource ${name}: ${reading.error}`);
    if (!("podMetrics" in reading)) throw new TypeError("a resource metric is read from metrics.k8s.io");
    try {
      return resourceSamples(reading.podMetrics, name, container);
    } catch (error) {
      if (!(error instanceof QuantityError || error instanceof DurationError)) throw error;
      throw new NoProposal(`unable to get metrics for resource ${name}: ${error.message}`);
    }
  };
  if (target.averageValue !== undefined && target.averageValue !== null) {
    const targetMilli = milliOf(target.averageValue);
    const proposal = during(`failed to get ${name} usage`, () =>
      replicasForPodAverage(context, samples(), context.specReplicas, targetMilli, name),
    );
    return {
      proposal,
      description: `${name} resource`,
      current: { averageValue: quantityOfMilli(proposal.valueMilli) },
    };
  }
  const percent = target.averageUtilization;
  if (percent === undefined || percent === null) {
    throw new NoProposal(
      "invalid resource metric source: neither an average utilization target nor an average value (usage) target was set",
    );
  }
  const proposal = during(`failed to get ${name} utilization`, () =>
    replicasForUtilization(context, samples(), context.specReplicas, percent, name, container),
  );
  return {
    proposal,
    description: `${name} ${container === undefined ? "" : "container "}resource utilization (percentage of request)`,
    current: {
      averageUtilization: Math.min(maxInt32, proposal.percent as number),
      averageValue: quantityOfMilli(proposal.valueMilli),
    },
  };
}

function pods(spec: MetricSpec, reading: Reading, context: MetricContext): Found {
  const { metric, target } = spec.pods as NonNullable<MetricSpec["pods"]>;
  if ("error" in reading) throw new NoProposal(`unable to get metric ${metric.name}: ${reading.error}`);
  if (!("samples" in reading)) throw new TypeError("a pods metric is read from custom.metrics.k8s.io");
  const proposal = replicasForPodAverage(
    context,
    reading.samples,
    context.specReplicas,
    milliOf(target.averageValue ?? "0"),
  );
  const current = { averageValue: decimal(proposal.valueMilli) };
  return {
    proposal,
    description: `pods metric ${metric.name}`,
    status: { type: "Pods", pods: { metric: { ...metric }, current } },
  };
}

function object(spec: MetricSpec, reading: Reading, context: MetricContext): MetricOutcome {
  const { metric, describedObject, target } = spec.object as NonNullable<MetricSpec["object"]>;
  const value = () => {
    if ("error" in reading) {
      const place = `${describedObject.kind} on ${context.namespace} ${describedObject.name}`;
      throw new NoProposal(`unable to get metric ${metric.name}: ${place}/${reading.error}`);
    }
    if (!("valuesMilli" in reading)) throw new TypeError("an object metric is read from custom.metrics.k8s.io");
    return reading.valuesMilli[0] ?? 0n;
  };
  const act = "failed to get object metric value";
  const unusable = selectorProblem(metric);
  if (unusable !== undefined) {
    return { failure: { reason: "FailedGetObjectMetric", message: unusable, error: `${act}: ${unusable}` } };
  }
  const statusOf = (current: object) => ({
    type: "Object",
    object: { describedObject, metric: { ...metric }, current },
  });
  if (target.type === "Value" && target.value !== undefined) {
    return attempt("FailedGetObjectMetric", act, () => {
      const proposal = replicasForValue(context, value(), context.specReplicas, milliOf(target.value as string));
      const status = statusOf({ value: decimal(proposal.valueMilli) });
      return { proposal, description: `${describedObject.kind} metric ${metric.name}`, status };
    });
  }
  if (target.type === "AverageValue" && target.averageValue !== undefined) {
    return attempt("FailedGetObjectMetric", `${act}: failed to get ${metric.name} object metric`, () => {
      const targetMilli = milliOf(target.averageValue as string);
      const proposal = replicasForShare(value(), context.statusReplicas, targetMilli, context.tolerance);
      const description = `external metric ${metric.name}(${labelSelectorText(metric.selector)})`;
      return { proposal, description, status: statusOf({ averageValue: decimal(proposal.valueMilli) }) };
    });
  }
  return attempt("FailedGetObjectMetric", act, () => {
    throw new NoProposal("invalid object metric source: neither a value target nor an average value target was set");
  });
}

function external(spec: MetricSpec, reading: Reading, context: MetricContext): MetricOutcome {
  const { metric, target } = spec.external as NonNullable<MetricSpec["external"]>;
  const selector = labelSelectorText(metric.selector);
  const value = () => {
    checkSelector(metric);
    if ("error" in reading) {
      const name = `${context.namespace}/${metric.name}/${selector}`;
      throw new NoProposal(`unable to get external metric ${name}: ${reading.error}`);
    }
    if (!("valuesMilli" in reading)) throw new TypeError("an external metric is read from external.metrics.k8s.io");
    return sumOfValues(reading.valuesMilli);
  };
  const act = `failed to get ${metric.name} external metric value`;
  const statusOf = (current: object) => ({ type: "External", external: { metric: { ...metric }, current } });
  const description = `external metric ${metric.name}(${selector})`;
  if (target.averageValue !== undefined) {
    return attempt("FailedGetExternalMetric", `${act}: failed to get ${metric.name} external metric`, () => {
      const targetMilli = milliOf(target.averageValue as string);
      const proposal = replicasForShare(value(), context.statusReplicas, targetMilli, context.tolerance);
      return { proposal, description, status: statusOf({ averageValue: decimal(proposal.valueMilli) }) };
    });
  }
  if (target.value !== undefined) {
    return attempt("FailedGetExternalMetric", `${act}: failed to get external metric ${metric.name}`, () => {
      const proposal = replicasForValue(context, value(), context.specReplicas, milliOf(target.value as string));
      return { proposal, description, status: statusOf({ value: decimal(proposal.valueMilli) }) };
    });
  }
  return attempt("FailedGetExternalMetric", act, () => {
    throw new NoProposal("invalid external metric source: neither a value target nor an average value target was set");
  });
}

/** A metric's own selector may be one that no API can be asked with: that is said, whatever was read. */
function checkSelector(metric: MetricIdentifier | undefined): void {
  const problem = selectorProblem(metric);
  if (problem !== undefined) throw new NoProposal(problem);
}

function selectorProblem(metric: MetricIdentifier | undefined): string | undefined {
  try {
    if (metric?.selector) selectorOf(metric.selector);
    return undefined;
  } catch (error) {
    if (error instanceof SelectorError) return error.message;
    throw error;
  }
}

const decimal = (milli: bigint) => Quantity.ofMilli(milli).toString();
