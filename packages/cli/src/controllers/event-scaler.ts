import { readFile } from "node:fs/promises";
import {
  Deployment,
  durationMs,
  HorizontalPodAutoscaler,
  LimitRange,
  ScaledObject,
  StatefulSet,
  ValidatingWebhookConfiguration,
} from "@bellows/api";
import {
  admissionHandler,
  admissionRoutes,
  createEventScaler,
  createResolveAccess,
  type EventScalerSettings,
  externalMetricsHandler,
  externalMetricsRoutes,
  type FormerAdapter,
  forwarder,
  guardedHandler,
  readRequestHeaderConfig,
  registerApiService,
  webhookConfiguration,
} from "@bellows/event-scaler";
import { type CertificateBundle, type Controller, keepCertificates, secretStore, serve } from "@bellows/kube";
import type { ControllerParts } from "./catalogue.ts";

/** What the webhooks look at; some of it no controller reads. */
const reviewedKinds = [ScaledObject, HorizontalPodAutoscaler, LimitRange, Deployment, StatefulSet];
const tokenFile = "/var/run/secrets/kubernetes.io/serviceaccount/token";

/** The controllers of KEDA's kinds, with the external metrics API and the webhooks served beside them. */
export async function eventScalerControllers(
  parts: ControllerParts,
  settings: EventScalerSettings,
): Promise<readonly Controller[]> {
  const { client, clock, log, cache, namespace, metrics, signal } = parts;
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
    }),
    httpTimeoutMs: durationMs(settings.httpDefaultTimeout),
    registry: metrics,
  });
  const service = { namespace, name: settings.serviceName };
  let former: FormerAdapter | undefined;
  const token = () => readFile(tokenFile, "utf8").catch(() => undefined);
  const handler = externalMetricsHandler({ ...scaler, clock, forward: forwarder({ former: () => former, token }) });
  const requestHeader = await readRequestHeaderConfig(client);
  const guarded = guardedHandler({ handler, client, clock, requestHeader: () => requestHeader });
  const review = admissionHandler({ cache, resourceOf: (apiVersion, kind) => client.resourceOf(apiVersion, kind) });

  async function register({ caBundle }: CertificateBundle): Promise<void> {
    if (settings.registerApiService) former = await registerApiService(client, { service, caBundle });
    if (!settings.registerWebhooks) return;
    const configuration = webhookConfiguration({ service, caBundle });
    await client.apply(ValidatingWebhookConfiguration, configuration, {
      fieldManager: "bellows-event-scaler",
      force: true,
    });
  }
  const names = [`${service.name}.${namespace}.svc`, `${service.name}.${namespace}.svc.cluster.local`];
  const store = secretStore(client, { namespace, name: `${service.name}-certificate` });
  const used = ({ certificate, key }: CertificateBundle) => ({ certificate, key, clientCa: requestHeader.clientCa });
  const changed = async (bundle: CertificateBundle) => {
    serving.use(used(bundle));
    await register(bundle);
  };
  const bundle = await keepCertificates({ store, clock, log, names, changed }, signal);
  const serving = await serve({
    log,
    host: settings.bindAddress,
    port: settings.securePort,
    tls: used(bundle),
    async routes(app) {
      await externalMetricsRoutes(guarded)(app);
      await admissionRoutes(review)(app);
    },
  });
  signal.addEventListener("abort", () => void serving.close(), { once: true });
  log.info("serving external metrics and webhooks", { address: `${serving.host}:${serving.port}` });
  await register(bundle);
  const [first, ...others] = scaler.controllers;
  return first ? [{ ...first, reads: [...(first.reads ?? []), ...reviewedKinds] }, ...others] : [];
}
