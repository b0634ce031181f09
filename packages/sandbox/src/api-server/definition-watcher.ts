import type { CustomResourceDefinition } from "@bellows/api";
import { type Clock, type Logger, type Random, timestamp } from "@bellows/kube";
import { type ApiObject, storeKey, withMetadata } from "./api-object.ts";
import { conversionWebhook } from "./custom-resources/conversion-webhook.ts";
import type { ConvertObject } from "./custom-resources/converted-objects.ts";
import { establish, isEstablished, terminating } from "./custom-resources/custom-resource-definition.ts";
import { customServedResources } from "./custom-served-resources.ts";
import { equalJson } from "./json-value.ts";
import type { ServedResource } from "./resource.ts";
import type { ResourceRegistry } from "./resource-registry.ts";
import type { Store } from "./store.ts";
import type { CallWebhook } from "./webhook-client.ts";

export const cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

interface Parts {
  readonly store: Store;
  readonly registry: ResourceRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly callWebhook: CallWebhook;
  /** By API group. */
  readonly conversions: Readonly<Record<string, ConvertObject>>;
}

/**
 * Keeps what is served in step with the CustomResourceDefinitions: accepts their names, establishes them, serves their
 * versions; and when one is deleted, deletes its objects first.
 */
export class DefinitionWatcher {
  readonly #parts: Parts;
  readonly #served = new Map<string, { readonly spec: unknown; readonly resources: readonly ServedResource[] }>();
  /** Definitions that wait for their last object to go. */
  readonly #terminating = new Set<string>();

  constructor(parts: Parts) {
    this.#parts = parts;
    const { collection } = this;
    collection.subscribe(
      {
        event: ({ type, key, object }) => {
          if (type === "DELETED") this.#withdraw(key);
          else this.#look(key, object);
        },
        gone() {},
      },
      parts.store.revision,
    );
    for (const object of collection.list()) this.#look(object.metadata.name, object);
  }

  private get collection() {
    return this.#parts.store.collection("apiextensions.k8s.io/customresourcedefinitions");
  }

  #look(key: string, seen: ApiObject): void {
    // What matters is the definition as it is now; an older event says nothing more.
    if (this.collection.get(key) !== seen) return;
    const crd = seen as unknown as CustomResourceDefinition;
    if (seen.metadata.deletionTimestamp) {
      this.#terminate(key, crd);
      return;
    }
    const { clock } = this.#parts;
    const others = this.collection.list().filter((one) => one !== seen) as unknown as CustomResourceDefinition[];
    const status = establish(crd, others, timestamp(clock.now()));
    if (!equalJson(status, crd.status)) {
      this.collection.replace(key, { ...seen, status });
      return;
    }
    if (isEstablished(crd)) this.#serve(key, crd);
  }

  #serve(key: string, crd: CustomResourceDefinition): void {
    const { registry, store, log, conversions, callWebhook, random } = this.#parts;
    const known = this.#served.get(key);
    if (known && equalJson(known.spec, crd.spec)) return;
    try {
      const resources = customServedResources(crd, store, {
        convert: conversions[crd.spec?.group ?? ""],
        ask: conversionWebhook(crd, callWebhook, random),
      });
      for (const resource of known?.resources ?? []) registry.remove(resource);
      for (const resource of resources) registry.add(resource);
      this.#served.set(key, { spec: crd.spec, resources });
    } catch (error) {
      log.error("custom resource cannot be served", { definition: key, error: String(error) });
    }
  }

  #withdraw(key: string): void {
    const known = this.#served.get(key);
    if (!known) return;
    this.#served.delete(key);
    this.#terminating.delete(key);
    for (const resource of known.resources) this.#parts.registry.remove(resource);
    known.resources[0]?.collection.close();
  }

  #terminate(key: string, crd: CustomResourceDefinition): void {
    if (!crd.metadata.finalizers?.includes(cleanupFinalizer)) return;
    const objects = this.#parts.store.collection(`${crd.spec?.group}/${crd.spec?.names.plural}`);
    const now = timestamp(this.#parts.clock.now());
    if (objects.size > 0) {
      const status = terminating(crd, "InstanceDeletionInProgress", now);
      const seen = this.collection.get(key);
      if (seen && !equalJson(status, seen.status)) {
        // Its own event brings it here again.
        this.collection.replace(key, { ...seen, status });
        return;
      }
    }
    for (const object of objects.list()) {
      const { metadata } = object;
      const place = storeKey(metadata.namespace, metadata.name);
      if (!metadata.finalizers?.length) objects.remove(place);
      else if (!metadata.deletionTimestamp)
        objects.replace(place, withMetadata(object, { deletionTimestamp: now, deletionGracePeriodSeconds: 0 }));
    }
    if (objects.size > 0) this.#awaitEmpty(key, objects);
    else this.#release(key);
  }

  #awaitEmpty(key: string, objects: ReturnType<Store["collection"]>): void {
    if (this.#terminating.has(key)) return;
    this.#terminating.add(key);
    const subscriber = {
      event: () => {
        if (objects.size > 0) return;
        objects.unsubscribe(subscriber);
        this.#terminating.delete(key);
        this.#release(key);
      },
      gone() {},
    };
    objects.subscribe(subscriber, this.#parts.store.revision);
  }

  /** The objects are gone: takes the finalizer off, and with the last one the definition goes. */
  #release(key: string): void {
    const crd = this.collection.get(key);
    if (!crd) return;
    const finalizers = (crd.metadata.finalizers ?? []).filter((finalizer) => finalizer !== cleanupFinalizer);
    const next = withMetadata(crd, (finalizers.length > 0 ? { finalizers } : { finalizers: undefined }) as object);
    if (finalizers.length > 0) this.collection.replace(key, next);
    else this.collection.remove(key, next);
  }
}
