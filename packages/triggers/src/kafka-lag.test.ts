import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { consumerLag, type LagSettings, type Offsets } from "./kafka-lag.ts";

const settings: LagSettings = {
  lagThreshold: 10,
  offsetResetPolicy: "latest",
  allowIdleConsumers: false,
  excludePersistentLag: false,
  scaleToZeroOnInvalidOffset: false,
  limitToPartitionsWithLag: false,
  ensureEvenDistributionOfPartitions: false,
};

const offsets = (...topics: readonly (readonly number[])[]): Offsets =>
  new Map(topics.map((of, index) => [`t${index}`, new Map(of.map((offset, partition) => [partition, offset]))]));

describe("the lag of a group", () => {
  test.each<[string, Offsets, Offsets, Partial<LagSettings>, number, number?]>([
    ["is what it has not committed", offsets([5, 9]), offsets([2, 9]), {}, 3],
    ["of several topics", offsets([5], [7, 1]), offsets([2], [0, 1]), {}, 10],
    ["is no more than a replica for each partition is for", offsets([500, 9]), offsets([0, 9]), {}, 20, 500],
    ["is not bounded just above that, as replicas are rounded down here", offsets([25]), offsets([6]), {}, 19],
    ["is all of it where consumers may be idle", offsets([500, 9]), offsets([0, 9]), { allowIdleConsumers: true }, 500],
    [
      "is no more than a replica for each partition with lag is for",
      offsets([500, 9, 9]),
      offsets([0, 9, 9]),
      { limitToPartitionsWithLag: true },
      10,
      500,
    ],
    ["is 1 a partition without a commit, read from its end", offsets([5, 9]), offsets([-1, -1]), {}, 2],
    [
      "is all of a partition without a commit, read from its start",
      offsets([5, 9]),
      offsets([-1, 9]),
      { offsetResetPolicy: "earliest" },
      5,
    ],
    ["is 0 for those where that is wanted", offsets([5, 9]), offsets([-1, 9]), { scaleToZeroOnInvalidOffset: true }, 0],
    [
      "is 0 for those read from their start, where that is wanted",
      offsets([5, 9]),
      offsets([-1, 8]),
      { scaleToZeroOnInvalidOffset: true, offsetResetPolicy: "earliest" },
      1,
    ],
    ["is not that of a partition whose end was not told", offsets([105]), offsets([100, 100]), {}, 5],
    ["is none where no end was told", offsets([]), offsets([100]), { offsetResetPolicy: "earliest" }, 0],
    [
      "is none of those without a commit where no end was told",
      offsets([]),
      offsets([-1]),
      { offsetResetPolicy: "earliest" },
      0,
    ],
    [
      "is made fit for a number of replicas that divides the partitions",
      offsets([25, 0, 0, 0, 0, 0]),
      offsets([0, 0, 0, 0, 0, 0]),
      { ensureEvenDistributionOfPartitions: true },
      30,
      25,
    ],
  ])("%s", (_, written, committed, more, value, withPersistent = value) => {
    expect(consumerLag(written, committed, { ...settings, ...more })).toMatchObject({ value, withPersistent });
  });

  test.each([
    [10, 1],
    [20, 2],
    [40, 4],
    [50, 5],
    [99, 10],
    [100, 10],
    [101, 20],
    [5000, 100],
  ])("a lag of %i over 100 partitions is for %i consumers", (lag, consumers) => {
    const written = offsets([lag, ...Array<number>(99).fill(0)]);
    const committed = offsets(Array<number>(100).fill(0));
    const even = { ...settings, ensureEvenDistributionOfPartitions: true };
    expect(consumerLag(written, committed, even).value).toBe(consumers * 10);
  });

  test.each([10, 13, 17, 25, 50, 100])(
    "over %i partitions is for numbers of consumers that divide them",
    (partitions) => {
      const even = { ...settings, ensureEvenDistributionOfPartitions: true };
      const consumers = new Set<number>();
      for (let lag = 1; lag <= partitions * 10; lag++) {
        const written = offsets([lag, ...Array<number>(partitions - 1).fill(0)]);
        consumers.add(consumerLag(written, offsets(Array<number>(partitions).fill(0)), even).value / 10);
      }
      const divisors = Array.from({ length: partitions }, (_, index) => index + 1).filter(
        (one) => partitions % one === 0,
      );
      expect([...consumers].sort((a, b) => a - b)).toEqual(divisors);
    },
  );

  test("is not known where nothing was told of what is committed", () => {
    expect(() => consumerLag(offsets([1, 1]), offsets([1]), settings)).toThrow(
      "error finding offset block for topic t0 and partition 1",
    );
  });

  test("does not count where it persists, but keeps the group active", () => {
    const excluding = { ...settings, excludePersistentLag: true };
    const first = consumerLag(offsets([9, 9, 9]), offsets([1, 2, -1]), excluding);
    expect(first).toMatchObject({ value: 16, withPersistent: 16 });
    const second = consumerLag(offsets([9, 9, 9]), offsets([1, 5, -1]), excluding, first.committed);
    expect(second).toMatchObject({ value: 5, withPersistent: 13 });
    const third = consumerLag(offsets([9, 9, 9]), offsets([2, 5, 0]), excluding, second.committed);
    expect(third).toMatchObject({ value: 16, withPersistent: 20 });
  });
});

const partition = fc.record({ end: fc.nat(1_000), committed: fc.integer({ min: -1, max: 1_000 }) });
const anySettings = fc.record({
  lagThreshold: fc.integer({ min: 1, max: 100 }),
  offsetResetPolicy: fc.constantFrom("latest" as const, "earliest" as const),
  allowIdleConsumers: fc.boolean(),
  excludePersistentLag: fc.constant(false),
  scaleToZeroOnInvalidOffset: fc.boolean(),
  limitToPartitionsWithLag: fc.boolean(),
  ensureEvenDistributionOfPartitions: fc.boolean(),
});

test("a bounded lag never asks for more replicas than there are partitions", () => {
  fc.assert(
    fc.property(fc.array(partition, { minLength: 1, maxLength: 30 }), anySettings, (partitions, given) => {
      const written = offsets(partitions.map(({ end, committed }) => Math.max(end, committed)));
      const committed = offsets(partitions.map((one) => one.committed));
      const { value, withPersistent } = consumerLag(written, committed, given);
      expect(withPersistent).toBeGreaterThanOrEqual(0);
      const isBounded =
        !given.allowIdleConsumers || given.limitToPartitionsWithLag || given.ensureEvenDistributionOfPartitions;
      if (!isBounded) expect(value).toBe(withPersistent);
      else expect(Math.trunc(value / given.lagThreshold)).toBeLessThanOrEqual(partitions.length);
      if (given.ensureEvenDistributionOfPartitions && !given.limitToPartitionsWithLag) {
        expect(partitions.length % (value / given.lagThreshold)).toBe(0);
      }
    }),
  );
});
