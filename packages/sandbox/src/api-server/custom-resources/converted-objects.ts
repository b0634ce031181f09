import type { KubernetesObject } from "@bellows/api";
import { deepFreeze } from "@bellows/kube";
import type { ApiObject } from "../api-object.ts";
import { StatusError } from "../status-error.ts";
import type { ConvertObjects } from "./conversion-webhook.ts";

/** Stands in this process for the conversion webhook of an API group. Pure; throws where it does not know the version. */
export type ConvertObject = (object: KubernetesObject, apiVersion: string) => KubernetesObject;

/** How the objects of a definition become those of another version, where it has a conversion webhook. */
export interface Conversion {
  /** What stands for the webhook in this process. */
  readonly convert?: ConvertObject | undefined;
  /** Asks the webhook. */
  readonly ask?: ConvertObjects | undefined;
}

/** The objects of a definition in its other versions, each made once for every reader. */
export class ConvertedObjects {
  readonly #conversion: Conversion;
  readonly #made = new WeakMap<ApiObject, Map<string, ApiObject>>();

  constructor(conversion: Conversion) {
    this.#conversion = conversion;
  }

  /** Whether what is not known yet must be asked for first: a webhook takes its time. */
  get mustBeAsked(): boolean {
    return this.#conversion.convert === undefined && this.#conversion.ask !== undefined;
  }

  /** Has the webhook convert what is not known yet; rejects with a StatusError where it fails. */
  async ask(objects: readonly ApiObject[], apiVersion: string): Promise<void> {
    const missing = objects.filter((one) => one.apiVersion !== apiVersion && !this.#made.get(one)?.has(apiVersion));
    // One request converts objects of one version.
    for (const alike of Map.groupBy(missing, (one) => one.apiVersion).values()) {
      const made = (await this.#conversion.ask?.(alike, apiVersion)) ?? [];
      for (const [position, object] of made.entries()) this.#keep(alike[position] as ApiObject, object);
    }
  }

  inVersion(object: ApiObject, apiVersion: string): ApiObject {
    if (object.apiVersion === apiVersion) return object;
    const known = this.#made.get(object)?.get(apiVersion);
    if (known) return known;
    const { convert } = this.#conversion;
    if (convert) return this.#keep(object, convertedHere(convert, object, apiVersion));
    if (this.mustBeAsked) throw new Error(`${object.kind} ${object.metadata.name}: ${apiVersion} was not asked for`);
    return { ...object, apiVersion };
  }

  #keep(from: ApiObject, made: ApiObject): ApiObject {
    const versions = this.#made.get(from) ?? new Map<string, ApiObject>();
    this.#made.set(from, versions.set(made.apiVersion as string, made));
    return made;
  }
}

function convertedHere(convert: ConvertObject, object: ApiObject, apiVersion: string): ApiObject {
  try {
    return deepFreeze(convert(object, apiVersion) as ApiObject);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StatusError(500, "", `conversion webhook for ${object.apiVersion}, Kind=${object.kind} failed: ${why}`);
  }
}
