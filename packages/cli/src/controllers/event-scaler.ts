import { readFile } from "node:fs/promises";
import { durationMs, ValidatingWebhookConfiguration } from "@bellows/api";
import {
  admissionHandler,
  admissionRoutes,
  createEventScaler,
  createResolveAccess,
  externalMetricsHandler,
  externalMetricsRoutes,
  type FormerAdapter,
  forwarder,
  guardedHandler,
  readRequestHeaderConfig,
  registerApiService,
  reviewedKinds,
  unregisterApiService,
  WebhookMetrics,
  webhookConfiguration,
} from "@bellows/event-scaler";
import type { EventScalerSettings } from "@bellows/event-scaler/config";
import { type Controller, createEventRecorder } from "@bellows/kube";
import { TurnOver } from "../neighbours/watch-neighbours.ts";
import type { ControllerParts } from "./catalogue.ts";
import { serveSecurely } from "./secure-serving.ts";
import { trustCertificatesIn } from "./trusted-folders.ts";

const tokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** The controllers of KEDA's kinds, with the external metrics API and the webhooks served beside them. */
export async function eventScalerControllers(
  parts: ControllerParts,
  settings: EventScalerSettings,
): Promise<readonly Controller[]> {
  const { client, clock, random, log, cache, namespace, metrics, signal } = parts;
  await trustCertificatesIn(settings.caDir.split(",").filter(Boolean), log);
  const { VAULT_TOKEN: vaultToken, VAULT_NAMESPACE: vaultNamespace } = process.env;
  const scaler = createEventScaler({
    resolveAccess: createResolveAccess({
      client,
      clock,
      log,
      clusterObjectNamespace: settings.clusterObjectNamespace,
      restrictSecretAccess: settings.restrictSecretAccess,
      boundServiceAccountTokenExpiryMs: durationMs(settings.boundServiceAccountTokenExpiry),
      ...(settings.filepathAuthRootPath !== undefined && { filePathAuthRootPath: settings.filepathAuthRootPath }),
      readFile: (path) => readFile(path, "utf8"),
      ...(vaultToken && { vaultToken }),
      ...(vaultNamespace && { vaultNamespace }),
    }),
    httpTimeoutMs: durationMs(settings.httpDefaultTimeout),
    registry: metrics,
    detailedDurations: settings.enableHighCardinalityMetricsLabels,
    engine: settings.engine,
    cloudEvents: { clusterName: settings.k8sClusterName, kedaNamespace: settings.clusterObjectNamespace },
  });
  const service = { namespace, name: settings.serviceName };
  let former: FormerAdapter | undefined;
  const token = () => readFile(tokenFile, "utf8").catch(() => undefined);
  const handler = externalMetricsHandler({ ...scaler, clock, forward: forwarder({ former: () => former, token }) });
  let requestHeader = await readRequestHeaderConfig(client);
  const guarded = guardedHandler({ handler, client, clock, requestHeader: () => requestHeader });
  const events = createEventRecorder({ client, clock, random, log, component: "keda-admission" });
  parts.atEnd(() => events.flush());
  const review = admissionHandler({
    cache,
    events,
    resourceOf: (apiVersion, kind) => client.resourceOf(apiVersion, kind),
    metrics: new WebhookMetrics(metrics),
  });

  await serveSecurely(parts, {
    host: settings.bindAddress,
    port: settings.securePort,
    service,
    clientCa: () => requestHeader.clientCa,
    async routes(app) {
      await externalMetricsRoutes(guarded)(app);
      await admissionRoutes(review)(app);
    },
    async register(caBundle) {
      requestHeader = await readRequestHeaderConfig(client);
      if (settings.registerApiService) former = await registerApiService(client, { service, caBundle });
      if (!settings.registerWebhooks) return;
      await client.apply(ValidatingWebhookConfiguration, webhookConfiguration({ service, caBundle }), {
        fieldManager: "bellows-event-scaler",
        force: true,
      });
    },
  });
  parts.atEnd(async () => {
    const { reason } = signal;
    const isTakenOver = reason instanceof TurnOver && reason.blocked.includes("event-scaler");
    if (!settings.registerApiService || !isTakenOver) return;
    await unregisterApiService(client, service).catch((error: unknown) =>
      log.error("external metrics API not given back", { error: String(error) }),
    );
  });
  const [first, ...others] = scaler.controllers;
  return first ? [{ ...first, reads: [...(first.reads ?? []), ...reviewedKinds] }, ...others] : [];
}
