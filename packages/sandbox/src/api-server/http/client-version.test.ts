import { expect, test } from "vitest";
import { oldClientWarning } from "./client-version.ts";

test.each([
  ["kubectl/v1.20.2 (linux/amd64) kubernetes/faecb19", "kubectl v1.20.2 is too old"],
  ["kubectl/v1.31.9 (darwin/arm64) kubernetes/abc", "works with 1.32 to 1.36"],
])("%s is told so", (agent, text) => expect(oldClientWarning(agent)).toContain(text));

test.each([
  "kubectl/v1.32.4-dispatcher (linux/amd64) kubernetes/abc",
  "kubectl/v1.36.0 (linux/amd64)",
  "helm/v3.1",
  undefined,
])("%s is not", (agent) => expect(oldClientWarning(agent)).toBeUndefined());
