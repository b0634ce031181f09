/** Longer is a slip of the pen. */
const maxPartitions = 100_000;
const pattern = /^[+-]?\d+$/;

/**
 * Numbers of partitions, as `1,3-5` or what is wrong with the text, in upstream's words.
 * Spaces around the parts of a range are allowed, and a range that ends before it begins is none.
 */
export function parsePartitionLimitation(source: string): ReadonlySet<number> | string {
  const partitions = new Set<number>();
  for (const untrimmed of source.split(",")) {
    const part = untrimmed.trim();
    const ends = part.includes("-") ? part.split("-").map((end) => end.trim()) : [part, part];
    if (ends.length !== 2) return `invalid partition limitation range: ${part}`;
    const [first = Number.NaN, last = Number.NaN] = ends.map(int32);
    if (Number.isNaN(first) || Number.isNaN(last) || last - first >= maxPartitions) {
      return `invalid partition limitation: ${part}`;
    }
    for (let partition = first; partition <= last; partition++) partitions.add(partition);
  }
  return partitions;
}

function int32(source: string): number {
  const value = pattern.test(source) ? Number(source) : Number.NaN;
  return value >= -(2 ** 31) && value < 2 ** 31 ? value : Number.NaN;
}
