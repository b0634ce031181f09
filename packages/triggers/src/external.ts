import { type MetricSpec, sameJson } from "@bellows/api";
import { z } from "zod";
import { defineTrigger, type Opening } from "./define-trigger.ts";
import { type ExternalScalerClient, openExternalScalerClient } from "./external-scaler-client.ts";
import type { NamedAmount, ScaledObjectRef } from "./external-scaler-messages.ts";
import { checkCertificates } from "./http-client.ts";
import { flag, text } from "./metadata.ts";
import { readingOf } from "./metric.ts";
import { paced } from "./paced.ts";
import type { Trigger, TriggerConfig, TriggerType } from "./trigger.ts";

const fromAuth = ["authParams"] as const;

const ExternalMetadata = z.object({
  scalerAddress: text().meta({ description: "host:port of the scaler." }),
  enableTLS: flag().default(false).meta({ description: "Connect by TLS; certificates imply it." }),
  unsafeSsl: flag().default(false).meta({ description: "Accept any certificate of the scaler." }),
  caCert: text().optional().meta({ from: fromAuth, description: "Certificate that the scaler's is signed by, PEM." }),
  tlsClientCert: text().optional().meta({ from: fromAuth, description: "The client's certificate, PEM." }),
  tlsClientKey: text().optional().meta({ from: fromAuth, description: "The key of the client's certificate, PEM." }),
});

/** A scaler of one's own, by the gRPC contract that KEDA published. */
export const external = externalTrigger("external", false);

/** The same, which also tells by itself when it becomes active. */
export const externalPush = externalTrigger("external-push", true);

function externalTrigger(type: string, pushes: boolean): TriggerType {
  return defineTrigger({
    types: [type],
    summary: pushes
      ? "As `external`; the scaler also tells when it becomes active, and which targets it wants."
      : "Asks a scaler of your own by gRPC (`externalscaler.ExternalScaler`); it gets all of the metadata.",
    metadata: ExternalMetadata,
    anyMetadata: true,
    metricTypePrefix: "error getting external scaler metric type",
    problemPrefix: "error parsing external scaler metadata",
    parameterPrefix: "error parsing external scaler metadata",
    open(values, opening) {
      const tls = { ca: values.caCert, ...clientCertificate(values), unsafe: values.unsafeSsl };
      checkCertificates(tls);
      const scaler = openExternalScalerClient({
        ...tls,
        address: values.scalerAddress,
        encrypted: values.enableTLS || tls.cert !== undefined || tls.ca !== undefined,
      });
      const trigger = polled(scaler, opening);
      return pushes ? { ...trigger, listen: listening(scaler, opening) } : trigger;
    },
  });
}

/** Half a pair is as none, as upstream. */
function clientCertificate({ tlsClientCert, tlsClientKey }: z.output<typeof ExternalMetadata>) {
  return tlsClientCert === undefined || tlsClientKey === undefined ? {} : { cert: tlsClientCert, key: tlsClientKey };
}

function polled(scaler: ExternalScalerClient, opening: Opening): Trigger {
  const { config } = opening;
  const object = objectRef(config);
  const prefix = `s${config.index}-`;
  return {
    metricSpecs: async () => specsOf(await scaler.metricSpecs(object), opening),
    read: async (asked, signal) => {
      const metricName = asked.startsWith(prefix) ? asked.slice(prefix.length) : asked;
      const amounts = await scaler.metrics({ scaledObjectRef: object, metricName }, signal);
      const values = amounts.flatMap((amount) => readingOf(asked, chosen(amount), 0).values);
      return { values, active: await scaler.isActive(object, signal) };
    },
    close: async () => scaler.close(),
  };
}

/** What a scaler wants is written into an HPA: where it wants something else all the time, no more often than this. */
const specsPauseMs = 1000;

function listening(scaler: ExternalScalerClient, opening: Opening): NonNullable<Trigger["listen"]> {
  const object = objectRef(opening.config);
  return async (handler, signal) => {
    let before: readonly MetricSpec[] | undefined;
    const tell = (wanted: readonly MetricSpec[]) => {
      if (!sameJson(wanted, before)) handler.metricSpecs(wanted);
      before = wanted;
    };
    const ended = new AbortController();
    const until = AbortSignal.any([signal, ended.signal]);
    // Both streams begin anew together: what one has missed the other would not tell.
    const active = scaler.streamActive(object, (isActive) => handler.push({ active: isActive }), until);
    const heard = paced(tell, specsPauseMs, opening.clock, until);
    const specs = scaler
      .streamMetricSpecs(object, (wanted) => heard(specsOf(wanted, opening)), until)
      .then((has) => (has ? undefined : active));
    try {
      await Promise.race([active, specs]);
    } finally {
      ended.abort();
      await Promise.allSettled([active, specs]);
    }
  };
}

const chosen = ({ whole, float }: NamedAmount): number => (float === 0 ? whole : float);

const specsOf = (amounts: readonly NamedAmount[], { external }: Opening): MetricSpec[] =>
  amounts.map((amount) => external(amount.name, amount.float > 0 ? amount.float : amount.whole, { asIs: true }));

/** The scaler gets the metadata as they are, and the variables that they name in place of the names. */
function objectRef({ object, metadata, resolvedEnv }: TriggerConfig): ScaledObjectRef {
  const scalerMetadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata)) {
    const given = key.endsWith("FromEnv") ? resolvedEnv[value] : value;
    if (given !== undefined && (given !== "" || !key.endsWith("FromEnv"))) scalerMetadata[key] = given;
  }
  return { name: object.name, namespace: object.namespace, scalerMetadata };
}
