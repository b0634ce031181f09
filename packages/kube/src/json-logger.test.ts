import { expect, test } from "vitest";
import { createLogger } from "./json-logger.ts";
import { VirtualClock } from "./virtual-clock.ts";

function written(level?: "debug" | "info") {
  const lines: string[] = [];
  const clock = new VirtualClock(Date.parse("2026-01-01T00:00:00.5Z"));
  const log = createLogger({ clock, destination: { write: (line) => lines.push(line) }, ...(level && { level }) });
  return { lines, log };
}

test("a line has level, time, logger and message first, then its fields", () => {
  const { lines, log } = written();
  log.child({ controller: "nodeclaim.lifecycle" }).info("launched nodeclaim", { "instance-type": "c5.large" });
  expect(lines).toEqual([
    '{"level":"INFO","time":"2026-01-01T00:00:00.500Z","logger":"controller","message":"launched nodeclaim","controller":"nodeclaim.lifecycle","instance-type":"c5.large"}\n',
  ]);
});

test("a child may have a logger name of its own", () => {
  const { lines, log } = written();
  log.child({ logger: "controller.provisioner" }).warn("no capacity");
  expect(lines[0]).toContain('"level":"WARN","time":"2026-01-01T00:00:00.500Z","logger":"controller.provisioner"');
});

test("debug lines are written only where asked for", () => {
  const quiet = written();
  quiet.log.debug("x");
  expect(quiet.lines).toEqual([]);
  const loud = written("debug");
  loud.log.debug("x");
  expect(loud.lines).toHaveLength(1);
});

test("an error is written with its causes", () => {
  const { lines, log } = written();
  log.error("reconcile failed", { error: new Error("launching", { cause: new Error("throttled") }) });
  expect(JSON.parse(lines[0] as string)).toMatchObject({ level: "ERROR", error: "launching: throttled" });
});
