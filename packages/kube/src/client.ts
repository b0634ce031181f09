import type { Kind, KubernetesObject } from "@bellows/api";
import type { Transport, WatchHandle } from "./transport.ts";

/** Names an object of a kind: `namespace` is left out for cluster-scoped kinds. */
export interface ObjectKey {
  readonly namespace?: string;
  readonly name: string;
}

export interface ListOptions {
  /** Left out: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: "NotOlderThan" | "Exact";
}

export interface ListPage<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

export interface WriteOptions {
  /** `status`, `scale`, `eviction`, `binding`, `resize`, `token`, ... */
  readonly subresource?: string;
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  readonly fieldValidation?: "Ignore" | "Warn" | "Strict";
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  readonly force?: boolean;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: "Orphan" | "Background" | "Foreground";
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun?: boolean;
}

export type Patch =
  | { readonly type: "json"; readonly body: readonly JsonPatchOperation[] }
  | { readonly type: "merge"; readonly body: object }
  | { readonly type: "strategic"; readonly body: object };

export interface JsonPatchOperation {
  readonly op: "add" | "remove" | "replace" | "move" | "copy" | "test";
  readonly path: string;
  readonly from?: string;
  readonly value?: unknown;
}

export type WatchEvent<T> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: T }
  /** No object changed; all that happened up to this version has been delivered. */
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

export interface WatchOptions extends Omit<ListOptions, "limit" | "continue"> {
  readonly event: <T>(event: WatchEvent<T>) => void;
  /** Once, when the watch is over; `error` is an {@link ApiError} (410 Gone, ...) or a TransportError. */
  readonly end: (error?: unknown) => void;
}

/**
 * A typed client. Every refusal of the server throws an `ApiError`; objects that come back are frozen.
 * What is returned is as the server sent it: nothing is dropped, so that writing it back loses nothing.
 */
export interface Client {
  readonly transport: Transport;
  get<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, subresource?: string): Promise<T>;
  /** Like `get`, but undefined where there is no such object. */
  find<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey): Promise<T | undefined>;
  list<T extends KubernetesObject>(kind: Kind<T>, options?: ListOptions): Promise<ListPage<T>>;
  /** Every item, page by page of `limit` (default 500); starts over once where a continue token has expired. */
  listAll<T extends KubernetesObject>(kind: Kind<T>, options?: ListOptions): Promise<ListPage<T>>;
  watch<T extends KubernetesObject>(kind: Kind<T>, options: WatchOptions): WatchHandle;
  create<T extends KubernetesObject>(kind: Kind<T>, object: T, options?: WriteOptions): Promise<T>;
  /** A PUT: refused with 409 where `metadata.resourceVersion` is set and no longer current. */
  update<T extends KubernetesObject>(kind: Kind<T>, object: T, options?: WriteOptions): Promise<T>;
  patch<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, patch: Patch, options?: WriteOptions): Promise<T>;
  /** Server-side apply. */
  apply<T extends KubernetesObject>(kind: Kind<T>, object: T, options: ApplyOptions): Promise<T>;
  delete<T extends KubernetesObject>(kind: Kind<T>, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  deleteCollection<T extends KubernetesObject>(
    kind: Kind<T>,
    list: ListOptions,
    options?: DeleteOptions,
  ): Promise<void>;
  /** POSTs an object to a subresource of another kind (`eviction`, `binding`, `token`). */
  createSub<B, R = unknown>(
    kind: Kind,
    key: ObjectKey,
    subresource: string,
    body: B,
    options?: WriteOptions,
  ): Promise<R>;
  getScale(target: ScaleTarget): Promise<Scale>;
  /** Writes spec.replicas by a merge patch on the scale subresource. */
  updateScale(target: ScaleTarget, replicas: number, resourceVersion?: string): Promise<Scale>;
  /** Finds the resource of any kind by discovery (cached): for targets that are named by apiVersion and kind only. */
  resourceOf(apiVersion: string, kind: string): Promise<ResourceInfo | undefined>;
  /** A GET of any path; the decoded body, which is read once as a rule: it is not frozen. */
  raw(path: string, query?: Record<string, string>): Promise<unknown>;
}

export interface ScaleTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/** autoscaling/v1 Scale. `status.selector` is a serialized label selector. */
export interface Scale extends KubernetesObject {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly replicas: number; readonly selector?: string };
}

export interface ResourceInfo {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly subresources: readonly string[];
}
