import { timestamp } from "@bellows/kube";
import { z } from "zod";
import { defineTrigger } from "./define-trigger.ts";
import {
  authorizationHeader,
  type HttpAuthentication,
  httpAuthentication,
  isDisabled,
  isEnabled,
  tlsOf,
} from "./http-authentication.ts";
import { openHttpClient } from "./http-client.ts";
import { duration, flag, float, pairs, text } from "./metadata.ts";
import { readingOf } from "./metric.ts";
import { parseSample } from "./prometheus-text.ts";
import { TriggerError } from "./trigger.ts";

const PrometheusMetadata = z.object({
  authentication: httpAuthentication(),
  serverAddress: text().meta({ description: "URL of Prometheus." }),
  query: text().meta({ description: "A query that gives one element." }),
  queryParameters: pairs().optional().meta({ description: "More parameters of the request." }),
  threshold: float().meta({ description: "The value per replica." }),
  activationThreshold: float().default(0).meta({ description: "Active above this value." }),
  namespace: text().optional().meta({ description: "Namespace of the query, for servers with tenants." }),
  customHeaders: pairs().optional().meta({ description: "Headers of the request." }),
  ignoreNullValues: flag()
    .default(true)
    .meta({ description: "An empty, infinite or undefined result counts as 0; false: it is an error." }),
  unsafeSsl: flag().default(false).meta({ description: "Accept any certificate of the server." }),
  awsRegion: text()
    .optional()
    .meta({ from: ["triggerMetadata", "authParams"], description: "Not used: there is no signing for AWS." }),
  timeout: duration().default(0).meta({ description: "Longest wait for an answer; 0: the installation's." }),
  identityOwner: text().optional().meta({ description: "Not used, as awsRegion." }),
});

type PrometheusMetadata = z.output<typeof PrometheusMetadata>;

export const prometheus = defineTrigger({
  types: ["prometheus"],
  summary: "Replicas follow the result of a Prometheus query.",
  metadata: PrometheusMetadata,
  problemPrefix: "error parsing prometheus metadata",
  parameterPrefix: "error parsing prometheus metadata",
  open(values, opening) {
    const { config, clock, external, emptyAnswer } = opening;
    const { provider } = config.podIdentity;
    const ownIdentity = provider !== undefined && provider !== "none";
    if (ownIdentity && !isDisabled(values.authentication)) {
      throw new TriggerError("pod identity cannot be enabled with other auth types");
    }
    const http = openHttpClient(
      opening,
      values.timeout || config.httpTimeoutMs,
      tlsOf(values.authentication, values.unsafeSsl),
    );
    return {
      metricSpecs: () => [external("prometheus", values.threshold)],
      read: async (asked, signal) => {
        if (ownIdentity) throw new Error(`podIdentity ${provider} is not supported for triggers of type prometheus`);
        const answer = await http.get({
          url: queryUrl(values, clock.now()),
          headers: { ...values.customHeaders, ...credentials(values.authentication) },
          signal,
        });
        if (answer.status < 200 || answer.status > 299) {
          throw new Error(`prometheus query api returned error. status: ${answer.status}`);
        }
        const value = valueOfAnswer(answer.body, values, () => emptyAnswer?.(asked, values.ignoreNullValues));
        return readingOf(asked, value, values.activationThreshold);
      },
      close: () => http.close(),
    };
  },
});

function queryUrl({ serverAddress, query, namespace, queryParameters }: PrometheusMetadata, now: number): string {
  const parameters = new URLSearchParams({ query, time: timestamp(now) });
  if (namespace) parameters.append("namespace", namespace);
  for (const [name, value] of Object.entries(queryParameters ?? {})) parameters.append(name, value);
  return `${serverAddress}/api/v1/query?${parameters}`;
}

function credentials(authentication: HttpAuthentication | undefined): Record<string, string> {
  if (isEnabled(authentication, "bearer") || isEnabled(authentication, "basic")) {
    return authorizationHeader(authentication);
  }
  if (!isEnabled(authentication, "custom")) return {};
  return { [authentication?.customAuthHeader ?? ""]: authentication?.customAuthValue ?? "" };
}

const Answer = z.object({
  data: z
    .object({
      resultType: z.string().optional(),
      result: z.array(z.object({ value: z.array(z.unknown()).nullish() })).nullish(),
    })
    .nullish(),
});

/** The one number of an answer. A number below 0 is refused: as a metric it would count as 0. */
function valueOfAnswer(
  body: string,
  { query, ignoreNullValues }: PrometheusMetadata,
  foundNothing: () => void,
): number {
  const parsed = Answer.safeParse(parseJson(body));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(`prometheus query ${query} returned no vector: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const result = parsed.data.data?.result ?? [];
  if (result.length > 1) throw new Error(`prometheus query ${query} returned multiple elements`);
  const [element] = result;
  if (!element) {
    foundNothing();
    if (ignoreNullValues) return 0;
    throw new Error("prometheus metrics 'prometheus' target may be lost, the result is empty");
  }
  const pair = element.value ?? [];
  if (pair.length === 0) {
    foundNothing();
    if (ignoreNullValues) return 0;
    throw new Error("prometheus metrics 'prometheus' target may be lost, the value list is empty");
  }
  if (pair.length < 2) throw new Error(`prometheus query ${query} didn't return enough values`);
  const sample = pair[1];
  if (typeof sample !== "string") {
    throw new Error(`prometheus query ${query} returned ${JSON.stringify(sample)}, expected a number as text`);
  }
  const value = parseSample(sample);
  if (value === undefined) throw new Error(`strconv.ParseFloat: parsing ${JSON.stringify(sample)}: invalid syntax`);
  if (!Number.isFinite(value)) {
    if (ignoreNullValues) return 0;
    throw new Error(`prometheus query returns ${Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"}`);
  }
  if (value < 0) throw new Error(`prometheus query ${query} returned ${sample}, expected a number of 0 or more`);
  return value;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new Error(`prometheus query api returned no JSON: ${(error as Error).message}`, { cause: error });
  }
}
