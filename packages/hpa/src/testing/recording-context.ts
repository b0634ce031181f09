import type { Kind, KubernetesObject } from "@bellows/api";
import { type Client, type ControllerContext, seededRandom, silentLogger, VirtualClock } from "@bellows/kube";
import { Registry } from "prom-client";

/** A cluster that has one object, writes its patches, and records Events; with `refusal`, every patch is refused. */
export function recordingContext<T extends KubernetesObject>(kind: Kind<T>, stored: T, refusal?: Error) {
  let object = stored as T & { readonly status?: object };
  const events: string[] = [];
  const client = {
    async patch(_: unknown, __: unknown, { body }: { body: { status?: object } }) {
      if (refusal) throw refusal;
      object = { ...object, status: { ...object.status, ...body.status } };
    },
  } as unknown as Client;
  const context: ControllerContext = {
    client,
    cache: {
      get: (asked) => (asked === (kind as unknown) ? object : undefined) as never,
      list: () => [],
      informer: () => ({ size: 1, handle() {} }) as never,
    },
    clock: new VirtualClock(Date.parse("2026-01-01T00:00:00Z")),
    random: seededRandom(1),
    log: silentLogger,
    events: {
      record: (_, { type, reason, message }) => void events.push(`${type} ${reason}: ${message}`),
      async flush() {},
    },
    metrics: new Registry(),
    signal: new AbortController().signal,
    enqueue() {},
  };
  return { context, events, object: () => object };
}
