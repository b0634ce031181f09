const minuteMs = 60_000;
/** A window opens this long after its schedule was applied, at the earliest: there are checks before it. */
const leadMs = 45_000;
/** Nodes start within a window. */
const windowMs = 3 * minuteMs;
const cooldownSeconds = 30;

/**
 * The text of a manifest whose cron trigger is due once an hour, with the next whole minute instead, a window of three
 * minutes and a short cooldown: real time is dear. Anything else stays as it is.
 */
export function moveSchedule(text: string, now: number): string {
  if (!/^\s*- type: cron$/m.test(text)) return text;
  const start = Math.ceil((now + leadMs) / minuteMs) * minuteMs;
  const hourly = (at: number) => `${new Date(at).getUTCMinutes()} * * * *`;
  return text
    .replace(/^(\s*start: )\d+ \* \* \* \*$/m, `$1${hourly(start)}`)
    .replace(/^(\s*end: )\d+ \* \* \* \*$/m, `$1${hourly(start + windowMs)}`)
    .replace(/^spec:$/m, `spec:\n  cooldownPeriod: ${cooldownSeconds}`);
}
