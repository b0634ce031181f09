import { type CronSchedule, cronProblem, parseCron } from "@bellows/api";
import type { Instant } from "@bellows/kube";
import { z } from "zod";
import { defineTrigger } from "./define-trigger.ts";
import { integer, text } from "./metadata.ts";

export const cron = defineTrigger({
  types: ["cron"],
  summary: "Asks for a number of replicas in windows of time.",
  metadata: z.object({
    start: text().meta({ description: "When a window opens: a cron expression of five fields." }),
    end: text().meta({ description: "When it closes: a cron expression of five fields." }),
    timezone: text().meta({ description: "Time zone of both, by its IANA name." }),
    desiredReplicas: integer().meta({ description: "Replicas within the window; above 0." }),
  }),
  problemPrefix: "error parsing cron metadata",
  validate: ({ start = "", end = "", timezone, desiredReplicas = 0 }) => {
    const startProblem = expressionProblem(start);
    if (startProblem !== undefined) return `error parsing start schedule: ${startProblem}`;
    const endProblem = expressionProblem(end);
    if (endProblem !== undefined) return `error parsing end schedule: ${endProblem}`;
    if (start === end) return "start and end can not have exactly same time input";
    if (desiredReplicas === 0) return "no desiredReplicas specified";
    if (desiredReplicas < 0) return `desiredReplicas must be greater than 0, got ${desiredReplicas}`;
    // Upstream finds a zone that does not exist only when it first reads; it can't be right later.
    if (timezone !== undefined && cronProblem("* * * * *", timezone) !== undefined) {
      return `unable to load timezone: unknown time zone ${timezone}`;
    }
    return undefined;
  },
  open(values, { clock, external }) {
    const schedules: CronWindow = {
      start: parseCron(values.start, values.timezone),
      end: parseCron(values.end, values.timezone),
    };
    const window: CronWindow = { start: new Remembered(schedules.start), end: new Remembered(schedules.end) };
    const edges = new Remembered(new Edges(schedules));
    const { desiredReplicas } = values;
    const name = `cron-${values.timezone}-${expressionInName(values.start)}-${expressionInName(values.end)}`;
    return {
      metricSpecs: () => [external(name, 1)],
      read: async (asked) => {
        const active = isWithin(window, clock.now());
        return { values: [{ metricName: asked, value: active ? desiredReplicas : 0 }], active };
      },
      nextChange: (after) => edges.next(after),
      close: async () => {},
    };
  },
});

/** What upstream's parser, which knows no descriptors here, finds wrong. */
function expressionProblem(expression: string): string | undefined {
  const bare = expression.replace(/^(?:CRON_)?TZ=\S*\s*/, "");
  if (bare.startsWith("@")) return `parser does not accept descriptors: ${bare}`;
  return cronProblem(expression);
}

/** The comma stays, as in KEDA up to 2.19; later ones write Cm. */
function expressionInName(expression: string): string {
  return expression.replaceAll(" ", "").replaceAll("*", "x").replaceAll("/", "Sl").replaceAll("?", "Qm");
}

interface CronWindow {
  readonly start: Firings;
  readonly end: Firings;
}

type Firings = Pick<CronSchedule, "next">;

/** Until the next firing comes, it is the next: looking for it again is what a reading would cost. */
class Remembered implements Firings {
  readonly #schedule: Firings;
  #asked = Number.NaN;
  #found: Instant | undefined;

  constructor(schedule: Firings) {
    this.#schedule = schedule;
  }

  next(after: Instant): Instant | undefined {
    const found = this.#found;
    if (after >= this.#asked && (found === undefined ? after === this.#asked : after < found)) return found;
    this.#asked = after;
    this.#found = this.#schedule.next(after);
    return this.#found;
  }
}

/**
 * Whether a window is open: the next end comes before the next start, or with it. So the start's instant is within,
 * the end's is not, and a window that opens when another closes leaves no gap.
 * A schedule that never fires counts as one that fired long ago, as upstream.
 */
function isWithin({ start, end }: CronWindow, now: Instant): boolean {
  const nextStart = start.next(now) ?? Number.NEGATIVE_INFINITY;
  const nextEnd = end.next(now) ?? Number.NEGATIVE_INFINITY;
  return nextStart < nextEnd ? now > nextStart && now < nextEnd : now > nextStart || now < nextEnd;
}

/** Firings that change nothing (a start within a window) are passed over, up to so many. */
const maxFirings = 200;

/** When a window opens or closes. */
class Edges implements Firings {
  readonly #window: CronWindow;

  constructor(window: CronWindow) {
    this.#window = window;
  }

  next(after: Instant): Instant | undefined {
    const { start, end } = this.#window;
    const before = isWithin(this.#window, after);
    let at = after;
    for (let firing = 0; firing < maxFirings; firing++) {
      const next = Math.min(start.next(at) ?? Infinity, end.next(at) ?? Infinity);
      if (next === Infinity) return undefined;
      at = next;
      if (isWithin(this.#window, at) !== before) return at;
    }
    return at;
  }
}
