import type { CloudEventSource, KubernetesObject } from "@bellows/api";
import {
  type Controller,
  type ControllerContext,
  type EventInput,
  keyText,
  type ObjectKey,
  randomUuid,
  timestamp,
} from "@bellows/kube";
import { cloudEventTypeOf, isSubscribed } from "./event-types.ts";
import type { Sender } from "./sender.ts";

interface Source {
  readonly spec: NonNullable<CloudEventSource["spec"]>;
  readonly sender: Sender;
}

/** Gives Events that are CloudEvents, too, to every source that wants them. */
export class CloudEventEmitter {
  readonly #sources = new Map<string, Source>();

  get(key: ObjectKey): Source | undefined {
    return this.#sources.get(keyText(key));
  }

  /** Replaces the source of this key. */
  set(key: ObjectKey, source: Source): void {
    this.delete(key);
    this.#sources.set(keyText(key), source);
  }

  delete(key: ObjectKey): void {
    this.get(key)?.sender.close();
    this.#sources.delete(keyText(key));
  }

  /** A controller whose Events are emitted as CloudEvents as well. */
  emitting(controller: Controller): Controller {
    const known = new WeakMap<ControllerContext, ControllerContext>();
    const emittingContext = (context: ControllerContext) => {
      const made = known.get(context) ?? this.#decorated(context);
      known.set(context, made);
      return made;
    };
    return {
      ...controller,
      ...(controller.start && { start: (context) => controller.start?.(emittingContext(context)) }),
      reconcile: (key, context) => controller.reconcile(key, emittingContext(context)),
    };
  }

  #decorated(context: ControllerContext): ControllerContext {
    const { events } = context;
    return {
      ...context,
      events: {
        record: (object, event) => {
          events.record(object, event);
          this.#emit(object, event, context);
        },
        flush: () => events.flush(),
      },
    };
  }

  #emit(
    object: KubernetesObject,
    { reason, message }: EventInput,
    { clock, random }: Pick<ControllerContext, "clock" | "random">,
  ): void {
    if (this.#sources.size === 0) return;
    const type = cloudEventTypeOf(object, reason);
    if (!type) return;
    const { namespace = "", name } = object.metadata;
    const happening = { type, namespace, kind: object.kind ?? "", name, reason, message, time: timestamp(clock.now()) };
    for (const { spec, sender } of this.#sources.values()) {
      if (isSubscribed(spec.eventSubscription ?? {}, type)) sender.send({ ...happening, id: randomUuid(random) });
    }
  }
}
