import { type Clock, createLogger, type Instant, type Logger } from "@bellows/kube";

/** A line of a component's log. */
export interface LogLine {
  readonly at: Instant;
  readonly text: string;
}

/** Lines kept of each component; older ones are forgotten. */
const keptLines = 10_000;

/** The logs of the controllers that run in this process, so that `kubectl logs` and scenarios can read them. */
export class ComponentLogs {
  readonly #clock: Clock;
  readonly #lines = new Map<string, LogLine[]>();
  readonly #listeners = new Set<(component: string, line: LogLine) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A logger whose lines are kept under `component`. */
  logger(component: string): Logger {
    const lines = this.#linesOf(component);
    const write = (text: string) => {
      const line = { at: this.#clock.now(), text: text.trimEnd() };
      lines.push(line);
      if (lines.length > keptLines) lines.splice(0, lines.length - keptLines);
      for (const listener of this.#listeners) listener(component, line);
    };
    return createLogger({ clock: this.#clock, destination: { write } });
  }

  components(): readonly string[] {
    return [...this.#lines.keys()];
  }

  of(component: string): readonly LogLine[] {
    return this.#lines.get(component) ?? [];
  }

  /** Calls `listener` for every line from now on. @returns how to stop */
  follow(listener: (component: string, line: LogLine) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #linesOf(component: string): LogLine[] {
    const lines = this.#lines.get(component) ?? [];
    this.#lines.set(component, lines);
    return lines;
  }
}
