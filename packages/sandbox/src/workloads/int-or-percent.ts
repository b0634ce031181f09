/** A count, or a percentage of `total` rounded up or down (`intstr.GetScaledValueFromIntOrPercent`). */
export function scaledValue(value: number | string | undefined, total: number, round: "up" | "down"): number {
  if (value === undefined) return 0;
  if (typeof value === "number") return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  if (percent === undefined) return Number.isInteger(Number(value)) ? Number(value) : 0;
  const exact = (Number(percent) * total) / 100;
  return round === "up" ? Math.ceil(exact) : Math.floor(exact);
}
