import {
  ApiError,
  apiErrorOf,
  type Clock,
  type HealthCheck,
  type Logger,
  type Metrics,
  type Transport,
} from "@bellows/kube";
import { Counter } from "prom-client";
import { definitionOfPath } from "../neighbours/definitions.ts";

export interface AccessOptions {
  readonly controller: string;
  readonly server: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

interface Problem {
  readonly reason: "Forbidden" | "Unauthorized" | "Unreachable" | "NotServed";
  readonly fix: string;
  readonly loggedAt: number;
  readonly seenAt: number;
}

/** The same problem is logged again after this long. */
const repeatMs = 60_000;
/** A request that was not made again for this long is no longer wanted. */
const forgottenMs = 5 * 60_000;
/** A watch that lasts this long was answered; of a quiet kind nothing comes for minutes. */
const answeredAfterMs = 5_000;

/**
 * A transport that notices what keeps a controller from the API server: a missing permission, a refused token, no
 * answer, a definition that is missing or serves other versions. Each is logged once a minute with what mends it, counted, and keeps the process from being ready until the
 * same request succeeds. Who sent the request gets its error all the same, and tries again as it does.
 */
export function watchAccess(
  transport: Transport,
  options: AccessOptions,
): { transport: Transport; healthCheck: HealthCheck } {
  const { clock, log, metrics, controller } = options;
  const problems = new Map<string, Problem>();
  const counter = new Counter({
    name: "bellows_api_access_problems_total",
    help: "Requests that the API server refused or did not answer, by reason.",
    labelNames: ["reason"],
    registers: [metrics],
  });

  function failed(id: string, path: string, error: unknown): void {
    const problem = problemOf(error, path, options);
    if (!problem) return answered(id);
    counter.labels(problem.reason).inc();
    const before = problems.get(id);
    const now = clock.now();
    const isKnown = before?.reason === problem.reason && now - before.loggedAt < repeatMs;
    problems.set(id, { ...problem, loggedAt: isKnown ? before.loggedAt : now, seenAt: now });
    if (isKnown) return;
    log.error("no access to the API server, trying again", {
      controller,
      reason: problem.reason,
      request: id,
      error: error instanceof Error ? error.message : String(error),
      fix: problem.fix,
    });
  }

  /** Whoever answers one request is there for all, and knows who asks. */
  function answered(id: string): void {
    problems.delete(id);
    for (const [other, { reason }] of problems)
      if (reason === "Unreachable" || reason === "Unauthorized") problems.delete(other);
  }

  return {
    transport: {
      async request(request) {
        const id = `${request.method} ${request.path}`;
        try {
          const response = await transport.request(request);
          if (response.status === 401 || response.status === 403 || response.status === 404)
            failed(id, request.path, apiErrorOf(response));
          else answered(id);
          return response;
        } catch (error) {
          if (!request.signal?.aborted) failed(id, request.path, error);
          throw error;
        }
      },
      watch(request, handler) {
        const id = `WATCH ${request.path}`;
        const lasting = clock.after(answeredAfterMs, () => answered(id));
        const watching = transport.watch(request, {
          event(event) {
            answered(id);
            handler.event(event);
          },
          end(error) {
            lasting.cancel();
            if (error !== undefined) failed(id, request.path, error);
            else answered(id);
            handler.end(error);
          },
        });
        return {
          stop() {
            lasting.cancel();
            watching.stop();
          },
        };
      },
    },
    healthCheck: {
      name: "api-access",
      check() {
        // Nobody asks for an object that is gone again, so that its problem would last for ever.
        for (const [id, { seenAt }] of problems) if (clock.now() - seenAt > forgottenMs) problems.delete(id);
        return [...problems].map(([id, { reason, fix }]) => `${reason}: ${id}: ${fix}`).join("; ") || undefined;
      },
    },
  };
}

function problemOf(
  error: unknown,
  path: string,
  { controller, server }: AccessOptions,
): Omit<Problem, "loggedAt" | "seenAt"> | undefined {
  if (error instanceof ApiError) {
    const definition = error.code === 404 ? definitionOfPath(path) : undefined;
    if (definition) {
      const { version, fix } = definition;
      return { reason: "NotServed", fix: `the definition is not installed, or does not serve ${version}: ${fix}` };
    }
    if (error.code === 401) {
      return {
        reason: "Unauthorized",
        fix: "the token is not accepted: it expired or its ServiceAccount was deleted. In a pod it is exchanged by the kubelet (restart the pod where it stays so); outside give a kubeconfig that is current",
      };
    }
    // Admission refuses with 403, too: a full quota, or a namespace that is going away, is no lack of rights.
    if (error.code !== 403 || !/ cannot \S+ /.test(error.message)) return undefined;
    const [, verb = "this", resource = "resource", group = ""] =
      /cannot (\S+) resource "([^"]+)"(?: in API group "([^"]*)")?/.exec(error.message) ?? [];
    return {
      reason: "Forbidden",
      fix: `the ClusterRole bellows-${controller} must allow ${verb} of ${group ? `${resource}.${group}` : resource}: set ${valueName(controller)}.rbac.create=true in the chart and upgrade, or add the rule by hand`,
    };
  }
  if (!(error instanceof Error && error.name === "TransportError")) return undefined;
  return {
    reason: "Unreachable",
    fix: `${server || "the API server"} gave no answer: is the address right, is it up, do NetworkPolicies let this process reach it?`,
  };
}

/** The part of the chart's values that is a controller's: `event-scaler` as `eventScaler`. */
export const valueName = (controller: string): string =>
  (controller === "all" ? "all-in-one" : controller).replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
