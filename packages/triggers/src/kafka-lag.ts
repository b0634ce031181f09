/** What is written or committed, by topic and partition. */
export type Offsets = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** How the lag of a consumer group becomes a metric. */
export interface LagSettings {
  /** Lag per replica. */
  readonly lagThreshold: number;
  readonly offsetResetPolicy: "latest" | "earliest";
  readonly allowIdleConsumers: boolean;
  readonly excludePersistentLag: boolean;
  readonly scaleToZeroOnInvalidOffset: boolean;
  readonly limitToPartitionsWithLag: boolean;
  readonly ensureEvenDistributionOfPartitions: boolean;
}

export interface Lag {
  /** What the metric is: bounded, and without what persists where that is excluded. */
  readonly value: number;
  /** All of it: a group that is stuck is active too. */
  readonly withPersistent: number;
  /** What is committed, to be seen as `before` by the next call; only where persistent lag is excluded. */
  readonly committed: Offsets;
}

/** What Kafka gives for a partition that the group has committed nothing of. */
const nothingCommitted = -1;

const none: Offsets = new Map();

/**
 * The lag of a group over partitions.
 * @param written  where each partition ends; only these partitions count
 * @param before  what was committed when the lag was last read
 * @throws where Kafka did not tell what is committed
 */
export function consumerLag(written: Offsets, committed: Offsets, settings: LagSettings, before: Offsets = none): Lag {
  const { excludePersistentLag } = settings;
  const seen = new Map<string, Map<number, number>>();
  let lag = 0;
  let withPersistent = 0;
  let partitions = 0;
  let partitionsWithLag = 0;
  for (const [topic, ends] of written) {
    for (const [partition, end] of ends) {
      partitions++;
      const offset = committed.get(topic)?.get(partition);
      if (offset === undefined) {
        throw new Error(`error finding offset block for topic ${topic} and partition ${partition}`);
      }
      const all = offset === nothingCommitted ? lagWithoutOffset(end, settings) : end - offset;
      const known = excludePersistentLag && offset !== nothingCommitted;
      const persists = known && before.get(topic)?.get(partition) === offset;
      if (known) setOffset(seen, topic, partition, offset);
      withPersistent += all;
      if (persists) continue;
      lag += all;
      if (all > 0) partitionsWithLag++;
    }
  }
  return { value: boundedLag(lag, partitions, partitionsWithLag, settings), withPersistent, committed: seen };
}

/** A group that begins at the end has nothing to read yet; one replica has to come for it to commit something. */
function lagWithoutOffset(end: number, { offsetResetPolicy, scaleToZeroOnInvalidOffset }: LagSettings): number {
  if (scaleToZeroOnInvalidOffset) return 0;
  return offsetResetPolicy === "latest" ? 1 : end;
}

function setOffset(offsets: Map<string, Map<number, number>>, topic: string, partition: number, offset: number): void {
  const known = offsets.get(topic);
  if (known) known.set(partition, offset);
  else offsets.set(topic, new Map([[partition, offset]]));
}

/** No more consumers than partitions have something to do. */
function boundedLag(lag: number, partitions: number, partitionsWithLag: number, settings: LagSettings): number {
  const { lagThreshold, allowIdleConsumers, limitToPartitionsWithLag, ensureEvenDistributionOfPartitions } = settings;
  if (allowIdleConsumers && !limitToPartitionsWithLag && !ensureEvenDistributionOfPartitions) return lag;
  const evened = ensureEvenDistributionOfPartitions ? evenConsumers(lag, partitions, lagThreshold) * lagThreshold : lag;
  const bound = limitToPartitionsWithLag ? partitionsWithLag : partitions;
  return Math.trunc(evened / lagThreshold) > bound ? bound * lagThreshold : evened;
}

/** The least number of consumers that is enough and among whom the partitions can be shared evenly. */
function evenConsumers(lag: number, partitions: number, lagThreshold: number): number {
  for (let consumers = 1; consumers < partitions; consumers++) {
    if (partitions % consumers === 0 && consumers * lagThreshold >= lag) return consumers;
  }
  return partitions;
}
