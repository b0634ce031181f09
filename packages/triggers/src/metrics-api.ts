import { EndpointSlice } from "@bellows/api";
import type { Client } from "@bellows/kube";
import { z } from "zod";
import { defineTrigger } from "./define-trigger.ts";
import { authorizationHeader, httpAuthentication, isEnabled, tlsOf } from "./http-authentication.ts";
import { openHttpClient } from "./http-client.ts";
import { duration, flag, float, oneOf, text } from "./metadata.ts";
import { readingOf } from "./metric.ts";
import { TriggerError } from "./trigger.ts";
import { valueAt } from "./value-location.ts";

const MetricsApiMetadata = z.object({
  targetValue: float().default(0).meta({ description: "The value per replica; not 0 unless it feeds a formula." }),
  activationTargetValue: float().default(0).meta({ description: "Active above this value." }),
  url: text().meta({ description: "What is asked, by GET." }),
  format: oneOf("prometheus", "json", "xml", "yaml").default("json").meta({ description: "Format of the answer." }),
  valueLocation: text().meta({
    description:
      'Where the number is: a GJSON path, names parted by dots (XML, YAML), or a series such as `name{label="value"}`.',
  }),
  unsafeSsl: flag().default(false).meta({ description: "Accept any certificate of the server." }),
  aggregateFromKubeServiceEndpoints: flag()
    .default(false)
    .meta({ description: "Ask every ready endpoint of the Service that the URL names (`http://NAME.NAMESPACE.svc`)." }),
  aggregationType: oneOf("average", "sum", "max", "min")
    .default("average")
    .meta({ description: "How the endpoints' values become one." }),
  timeout: duration().default(0).meta({ description: "Longest wait for an answer; 0: the installation's." }),
  authentication: httpAuthentication(),
});

type MetricsApiMetadata = z.output<typeof MetricsApiMetadata>;

/** So many endpoints are asked at once. */
const maxConcurrent = 5;

export const metricsApi = defineTrigger({
  types: ["metrics-api"],
  summary: "Replicas follow a number that an HTTP endpoint answers with.",
  metadata: MetricsApiMetadata,
  problemPrefix: "error parsing metric API metadata",
  parameterPrefix: "error parsing metrics API metadata",
  open(values, opening) {
    const { config, client, external } = opening;
    if (values.targetValue === 0 && !config.asMetricSource) {
      throw new TriggerError("no targetValue given in metadata");
    }
    const { authentication } = values;
    const http = openHttpClient(
      opening,
      values.timeout || config.httpTimeoutMs,
      isEnabled(authentication, "tls") ? tlsOf(authentication, values.unsafeSsl) : { unsafe: values.unsafeSsl },
    );

    async function ask(url: string, signal: AbortSignal): Promise<number> {
      const answer = await http.get({ ...authenticated(url, values), signal });
      if (answer.status !== 200) throw new Error(`${pathOf(url)}: api returned ${answer.status}`);
      return amount(await valueAt(answer.body, values.valueLocation, values.format), values.valueLocation);
    }

    async function askEndpoints(signal: AbortSignal): Promise<number> {
      const urls = await endpointUrls(client, values.url);
      if (urls.length === 0) throw new Error("no endpoints URLs were given for the service name");
      const found = (await inBatches(urls, (url) => ask(url, signal))).flatMap((one) =>
        one.status === "fulfilled" ? one.value : [],
      );
      if (found.length === 0) {
        throw new Error(`could not get any metric successfully from the ${urls.length} provided endpoints`);
      }
      return aggregate(found, values.aggregationType);
    }

    return {
      metricSpecs: () => [external(`metric-api-${values.valueLocation}`, values.targetValue)],
      read: async (asked, signal) => {
        try {
          const value = values.aggregateFromKubeServiceEndpoints
            ? await askEndpoints(signal)
            : await ask(values.url, signal);
          return readingOf(asked, value, values.activationTargetValue);
        } catch (error) {
          throw new Error(`error requesting metrics endpoint: ${(error as Error).message}`, { cause: error });
        }
      },
      close: () => http.close(),
    };
  },
});

/** As a metric a number below 0 would count as 0, and one that is none too. */
function amount(value: number, location: string): number {
  if (Number.isFinite(value) && value >= 0) return value;
  throw new Error(`valueLocation ${JSON.stringify(location)} points to ${value}, expected a number of 0 or more`);
}

function authenticated(
  url: string,
  { authentication }: MetricsApiMetadata,
): { url: string; headers: Record<string, string> } {
  const headers = authorizationHeader(authentication);
  if (!authentication || !isEnabled(authentication, "apiKey")) return { url, headers };
  const { apiKey = "", method, keyParamName } = authentication;
  if (method !== "query") return { url, headers: { ...headers, [keyParamName ?? "x-api-key"]: apiKey } };
  const asked = URL.parse(url);
  asked?.searchParams.set(keyParamName ?? "api_key", apiKey);
  return { url: asked?.href ?? url, headers };
}

const pathOf = (url: string): string => URL.parse(url)?.pathname ?? "";

async function inBatches<T>(urls: readonly string[], run: (url: string) => Promise<T>) {
  const results: PromiseSettledResult<T>[] = [];
  for (let start = 0; start < urls.length; start += maxConcurrent) {
    results.push(...(await Promise.allSettled(urls.slice(start, start + maxConcurrent).map(run))));
  }
  return results;
}

function aggregate(found: readonly number[], type: MetricsApiMetadata["aggregationType"]): number {
  if (type === "max") return found.reduce((most, one) => Math.max(most, one));
  if (type === "min") return found.reduce((least, one) => Math.min(least, one));
  const sum = found.reduce((total, one) => total + one, 0);
  return type === "sum" ? sum : sum / found.length;
}

/** One URL for each ready address of the Service; its port where the Service has it, else the scheme's. */
async function endpointUrls(client: Client, serviceUrl: string): Promise<string[]> {
  const url = URL.parse(serviceUrl);
  const [service, namespace] = url?.hostname.split(".") ?? [];
  if (!url || !service || !namespace) {
    throw new Error(
      `invalid hostname ${url?.host ?? serviceUrl} : expected at least 2 elements, first being service name and second being the namespace`,
    );
  }
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const { items } = await client.listAll(EndpointSlice, {
    namespace,
    labelSelector: `kubernetes.io/service-name=${service}`,
  });
  const urls = new Map<string, string>();
  for (const slice of items) {
    for (const address of readyAddresses(slice)) {
      const known = slice.ports?.some((one) => String(one.port) === port) ? `:${port}` : "";
      const host = address.includes(":") ? `[${address}]` : address;
      if (!urls.has(address)) urls.set(address, `${url.protocol}//${host}${known}${url.pathname}`);
    }
  }
  return [...urls.values()];
}

const readyAddresses = (slice: EndpointSlice): string[] =>
  (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false).flatMap((one) => one.addresses);
