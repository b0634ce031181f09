import { defineConfig } from "vitest/config";

/**
 * How long tests may take, for all packages. Limits are for tests that hang, not for slow machines: many drive real
 * processes and sockets, on machines that do much besides. A test waits for what it is about, never for a time to pass.
 */
export default defineConfig({
  test: {
    testTimeout: 180_000,
    hookTimeout: 180_000,
    teardownTimeout: 60_000,
    expect: { poll: { interval: 20, timeout: 60_000 } },
  },
});
