/** Time since the start of a run as `00:02:30`. */
export function clockTime(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, "0")).join(":");
}

export type TimelineEntry =
  | { readonly at: number; readonly kind: "action"; readonly text: string }
  | {
      readonly at: number;
      readonly kind: "decision";
      readonly object: string;
      readonly reason: string;
      readonly text: string;
    }
  | {
      readonly at: number;
      readonly kind: "check";
      readonly passed: boolean;
      readonly name: string;
      readonly seen: string;
    };

/** One entry as a line: when, what, of what, and why. */
export function timelineLine(entry: TimelineEntry): string {
  const time = clockTime(entry.at);
  switch (entry.kind) {
    case "action":
      return `${time}  > ${entry.text}`;
    case "decision":
      return `${time}    ${entry.object.padEnd(44)} ${entry.reason.padEnd(22)} ${entry.text}`;
    case "check":
      return `${time}  ${entry.passed ? "ok  " : "FAIL"} ${entry.name}: ${entry.seen}`;
  }
}
