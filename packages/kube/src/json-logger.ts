import pino from "pino";
import { type Clock, systemClock } from "./clock.ts";
import type { Logger } from "./logging.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LoggerOptions {
  /** Least level that is written; default info. */
  readonly level?: LogLevel;
  /** Default: standard output. Each line is written whole. */
  readonly destination?: "stdout" | "stderr" | { write(line: string): void };
  /** The time of a line; default the machine's. */
  readonly clock?: Clock;
  /** The `logger` of a line; default `controller`. A child may name its own by a field `logger`. */
  readonly name?: string;
}

/**
 * JSON lines with the keys and their order as Karpenter's users know them:
 * `{"level":"INFO","time":"2026-01-01T00:00:00.000Z","logger":"controller","message":"launched nodeclaim",...}`.
 */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = "info", destination = "stdout", clock = systemClock, name = "controller" } = options;
  const lines = pino(
    {
      level,
      base: null,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
      timestamp: () => `,"time":"${new Date(clock.now()).toISOString()}"`,
    },
    typeof destination === "object"
      ? destination
      : pino.destination({ fd: destination === "stdout" ? 1 : 2, sync: true }),
  );
  return loggerOver(lines, { logger: name });
}

/** Fields of children are kept here and not in pino, which would write them before the message. */
function loggerOver(lines: pino.Logger, { logger, ...bound }: Record<string, unknown>): Logger {
  const write = (level: LogLevel) => (message: string, fields?: Record<string, unknown>) => {
    if (lines.isLevelEnabled(level)) lines[level]({ logger, message, ...bound, ...plain(fields) });
  };
  return {
    debug: write("debug"),
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    child: (fields) => loggerOver(lines, { logger, ...bound, ...plain(fields) }),
  };
}

/** An Error as its text; anything else as it is. */
function plain(fields: Record<string, unknown> | undefined): Record<string, unknown> | undefined {
  if (!fields || !Object.values(fields).some((value) => value instanceof Error)) return fields;
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? errorMessage(value) : value]),
  );
}

/** The message of an error, followed by those of its causes: `launching nodeclaim default-x7k2p: throttled`. */
export function errorMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause === undefined) return error.message;
  const cause = errorMessage(error.cause);
  return error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
}
