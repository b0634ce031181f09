import { Secret } from "@bellows/api";
import { isAlreadyExists, isConflict } from "./api-error.ts";
import type { Client, ObjectKey } from "./client.ts";
import { type Clock, sleep } from "./clock.ts";
import type { Logger } from "./logging.ts";
import { type CertificateBundle, type CertificateRequest, renewed } from "./tls-certificates.ts";

/** Where a bundle outlives the process, shared by its replicas. */
export interface CertificateStore {
  load(): Promise<CertificateBundle | undefined>;
  /** @returns false where another replica has written since the last `load`: load again */
  save(bundle: CertificateBundle): Promise<boolean>;
}

export interface CertificateOptions extends CertificateRequest {
  readonly store: CertificateStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called for every bundle but the first: give it to the server, write the `caBundle` of webhooks. */
  readonly changed?: (bundle: CertificateBundle) => Promise<void> | void;
  /** How often to look for what is due, and for what another replica has exchanged; default one hour. */
  readonly checkMs?: number;
}

/** Another replica may win each time; more often than this it is something else. */
const saveTries = 5;

/** The bundle of the store, made or renewed where needed. */
export async function currentCertificates(options: CertificateOptions): Promise<CertificateBundle> {
  const { store, clock, log } = options;
  for (let attempt = 1; attempt <= saveTries; attempt++) {
    const stored = await store.load();
    const bundle = await renewed(stored, clock.now(), options);
    if (bundle === stored) return bundle;
    if (await store.save(bundle)) {
      log.info(stored ? "renewed serving certificate" : "issued serving certificate", { names: options.names });
      return bundle;
    }
  }
  throw new Error(`serving certificate: not saved in ${saveTries} tries, another writer was first each time`);
}

/** Keeps certificates good until `signal` aborts. Resolves with the first bundle. */
export async function keepCertificates(options: CertificateOptions, signal: AbortSignal): Promise<CertificateBundle> {
  const first = await currentCertificates(options);
  void follow(options, first, signal);
  return first;
}

async function follow(options: CertificateOptions, first: CertificateBundle, signal: AbortSignal): Promise<void> {
  const { clock, log, changed, checkMs = 3_600_000 } = options;
  for (let used = first; ; ) {
    await sleep(clock, checkMs, signal);
    if (signal.aborted) return;
    try {
      const bundle = await currentCertificates(options);
      if (bundle.certificate === used.certificate && bundle.caBundle === used.caBundle) continue;
      await changed?.(bundle);
      used = bundle;
    } catch (error) {
      log.error("failed to renew serving certificate", { error });
    }
  }
}

/** Keeps a bundle in a Secret, under the keys that are usual: `tls.crt`, `tls.key`, `ca.crt`, and `ca.key`. */
export function secretStore(client: Client, key: ObjectKey): CertificateStore {
  let known: Secret | undefined;
  return {
    async load() {
      known = await client.find(Secret, key);
      const { "tls.crt": certificate, "tls.key": tlsKey, "ca.crt": caBundle, "ca.key": caKey } = known?.data ?? {};
      if (!certificate || !tlsKey || !caBundle || !caKey) return undefined;
      const bundle = decode(caBundle);
      const ca = { certificate: bundle.slice(0, bundle.indexOf(end) + end.length), key: decode(caKey) };
      return { certificate: decode(certificate), key: decode(tlsKey), ca, caBundle: bundle };
    },
    async save(bundle) {
      const data = {
        ...known?.data,
        "tls.crt": encode(bundle.certificate),
        "tls.key": encode(bundle.key),
        "ca.crt": encode(bundle.caBundle),
        "ca.key": encode(bundle.ca.key),
      };
      try {
        known = known
          ? await client.update(Secret, { ...known, data })
          : await client.create(Secret, { metadata: { ...key }, type: "kubernetes.io/tls", data });
        return true;
      } catch (error) {
        if (isConflict(error) || isAlreadyExists(error)) return false;
        throw error;
      }
    },
  };
}

const end = "-----END CERTIFICATE-----\n";
const encode = (text: string): string => Buffer.from(text).toString("base64");
const decode = (text: string): string => Buffer.from(text, "base64").toString();
