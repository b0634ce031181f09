import { z } from "zod";

/** What is known of a queue, or of several taken together. */
export interface QueueFigures {
  readonly messages: number;
  /** Messages a second that come in. */
  readonly publishRate: number;
  /** Messages a second that are handed to consumers. */
  readonly deliverGetRate: number;
}

/** A figure that a reading can't do without; rates that are missing are 0, since nothing has happened yet. */
export type NeededFigure = "messages";

/** A queue that can be looked at. */
export interface ObservedQueue {
  read(needed: readonly NeededFigure[], signal: AbortSignal): Promise<QueueFigures>;
  close(): Promise<void>;
}

export const queueOperations = ["sum", "avg", "max"] as const;
export type QueueOperation = (typeof queueOperations)[number];

export const isQueueOperation = (operation: string): operation is QueueOperation =>
  (queueOperations as readonly string[]).includes(operation);

const Rate = z.object({ rate: z.number().min(0).optional() }).optional();
const Count = z.int().min(0).optional();

/** A queue as the management plugin tells of it. */
export const QueueAnswer = z.object({
  name: z.string().optional(),
  state: z.string().optional(),
  messages: Count,
  messages_ready: Count,
  message_stats: z.object({ publish_details: Rate, deliver_get_details: Rate }).optional(),
});
export type QueueAnswer = z.output<typeof QueueAnswer>;

/**
 * The figures of a queue.
 * @throws where a needed one is missing: of a queue that is down, or whose counts are not collected, nothing is known
 */
export function figuresOf(queue: QueueAnswer, readyOnly: boolean, needed: readonly NeededFigure[]): QueueFigures {
  const messages = readyOnly ? queue.messages_ready : queue.messages;
  if (messages === undefined && needed.includes("messages")) {
    const field = readyOnly ? "messages_ready" : "messages";
    const state = queue.state === undefined ? "" : `, its state is ${JSON.stringify(queue.state.slice(0, 80))}`;
    throw new Error(`queue ${JSON.stringify(queue.name ?? "")} has no ${field}, expected a number${state}`);
  }
  return {
    messages: messages ?? 0,
    publishRate: queue.message_stats?.publish_details?.rate ?? 0,
    deliverGetRate: queue.message_stats?.deliver_get_details?.rate ?? 0,
  };
}

/** The figures of several queues as one; none at all are 0. An average of messages is cut to a whole number. */
export function composed(queues: readonly QueueFigures[], operation: QueueOperation): QueueFigures {
  const over = (pick: (queue: QueueFigures) => number): number => {
    if (operation === "max") return queues.reduce((most, queue) => Math.max(most, pick(queue)), 0);
    const sum = queues.reduce((total, queue) => total + pick(queue), 0);
    return operation === "avg" && queues.length > 0 ? sum / queues.length : sum;
  };
  return {
    messages: Math.trunc(over((queue) => queue.messages)),
    publishRate: over((queue) => queue.publishRate),
    deliverGetRate: over((queue) => queue.deliverGetRate),
  };
}
