import type { KubernetesObject } from "@bellows/api";
import type { Random } from "@bellows/kube";
import type { ApiObject } from "../api-object.ts";
import type { UserInfo } from "../api-request.ts";
import { forbidden, type StatusError } from "../status-error.ts";

export type Operation = "CREATE" | "UPDATE" | "DELETE" | "CONNECT";

/** A write that wants to be admitted. Objects are in the request's version and are never changed in place. */
export interface AdmissionRequest {
  readonly operation: Operation;
  readonly group: string;
  readonly version: string;
  /** Plural: `pods`. */
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly kind: string;
  readonly namespace: string | undefined;
  /** Empty while the name is still to be generated. */
  readonly name: string;
  /** Undefined for a deletion. */
  readonly object: ApiObject | undefined;
  /** Undefined for a creation. */
  readonly old: ApiObject | undefined;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** Told to the client in `Warning` headers. */
  readonly warnings: string[];
}

/** What admission sees of the cluster. Places are `group/plural`: `/pods`, `storage.k8s.io/storageclasses`. */
export interface AdmissionWorld {
  get(place: string, namespace: string | undefined, name: string): ApiObject | undefined;
  list(place: string, namespace?: string): readonly ApiObject[];
  /** Writes an object that exists, past admission. */
  replace(place: string, object: ApiObject): void;
  readonly random: Random;
}

/** One of the built-in admission plug-ins. */
export interface AdmissionPlugin {
  readonly name: string;
  /** The object as it should be; the same one where nothing changes. Throws a StatusError to refuse. */
  mutate?(request: AdmissionRequest, world: AdmissionWorld): ApiObject | undefined;
  /** Throws a StatusError to refuse. */
  validate?(request: AdmissionRequest, world: AdmissionWorld): void;
}

/** 403 with the name of the object, or what its name will be generated from. */
export function refuse(request: AdmissionRequest, why: string): StatusError {
  const { group, resource, name, object } = request;
  return forbidden({ group, resource }, name || object?.metadata.generateName || "", why);
}

/** Whether the request is about the resource itself and not one of its subresources. */
export const isFor = ({ group, resource, subresource }: AdmissionRequest, place: string): boolean =>
  subresource === undefined && `${group}/${resource}` === place;

/** The object as its kind's type. */
export const typed = <T extends KubernetesObject>(object: ApiObject | undefined) => object as unknown as T;
export const untyped = <T extends KubernetesObject>(object: T) => object as unknown as ApiObject;
