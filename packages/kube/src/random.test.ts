import { expect, test } from "vitest";
import { randomInteger, randomSuffix, randomUuid, seededRandom, systemRandom } from "./random.ts";

test("the same seed gives the same sequence, another seed another", () => {
  const sequence = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 5 }, () => random.next());
  };
  expect(sequence(1)).toEqual(sequence(1));
  expect(sequence(1)).not.toEqual(sequence(2));
});

test.each([
  { name: "seeded", random: seededRandom(3) },
  { name: "the system's", random: systemRandom },
])("$name chance is spread evenly over [0, 1)", ({ random }) => {
  const buckets = new Array<number>(10).fill(0);
  for (let draw = 0; draw < 10_000; draw++) {
    const bucket = randomInteger(random, 10);
    buckets[bucket] = (buckets[bucket] as number) + 1;
  }
  for (const count of buckets) expect(count).toBeGreaterThan(800);
});

test("names and UUIDs have the form that Kubernetes gives them", () => {
  const random = seededRandom(4);
  for (let times = 0; times < 100; times++) {
    expect(randomSuffix(random)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(randomUuid(random)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});
