import type { KafkaClient, Partitions } from "./kafka-client.ts";
import { consumerLag, type LagSettings, type Offsets } from "./kafka-lag.ts";
import { readingOf } from "./metric.ts";
import type { Trigger } from "./trigger.ts";

/** Whose lag is read, and of what. */
export interface WatchedGroup extends LagSettings {
  readonly consumerGroup: string;
  readonly activationLagThreshold: number;
}

/**
 * Reads the lag of a consumer group; remembers what was committed from one reading to the next.
 * @param partitionsOf  finds out which partitions count
 */
export function lagReader(
  client: KafkaClient,
  group: WatchedGroup,
  partitionsOf: (signal: AbortSignal) => Promise<Partitions>,
): Trigger["read"] {
  let before: Offsets | undefined;
  return async (asked, signal) => {
    const partitions = await partitionsOf(signal);
    const [committed, ends] = await Promise.all([
      client.committed(group.consumerGroup, partitions, signal),
      client.ends(partitions, signal),
    ]);
    const lag = consumerLag(ends, committed, group, before);
    before = lag.committed;
    const { active } = readingOf(asked, lag.withPersistent, group.activationLagThreshold);
    return { ...readingOf(asked, lag.value, group.activationLagThreshold), active };
  };
}

/**
 * The partitions of a topic that count.
 * @throws where none does: that would be a lag of 0
 */
export function activePartitions(
  topic: string,
  partitions: readonly number[],
  limitation: ReadonlySet<number> | undefined,
): readonly number[] {
  const active = limitation ? partitions.filter((partition) => limitation.has(partition)) : partitions;
  if (active.length === 0) throw new Error(`expected at least one active partition within the topic '${topic}'`);
  return active;
}

/** What Kafka says of a topic that is not there. */
export const unknownTopic = (topics: string): Error =>
  new Error(
    `error describing topics: kafka server: Request was for a topic or partition that does not exist on this broker: ${topics}`,
  );
