import { type Client, seededRandom, silentLogger, VirtualClock } from "@bellows/kube";
import { expect, test } from "vitest";
import { takeTurn } from "./take-turn.ts";

test("a turn is ready once its controllers have started, neither before nor after", async () => {
  const clock = new VirtualClock(0);
  const made = Promise.withResolvers<[]>();
  const logged = Promise.withResolvers<void>();
  const log = { ...silentLogger, info: () => logged.resolve() };
  const parts = { client: {} as Client, clock, random: seededRandom(1), log, namespace: "default" };
  const stopping = new AbortController();
  const turn = takeTurn(parts, [{ controllers: () => made.promise }], undefined, stopping.signal);
  await clock.run(0);
  expect(await turn.ready()).toBe("the controllers are starting");
  made.resolve([]);
  await logged.promise;
  expect(await turn.ready()).toBeUndefined();
  stopping.abort();
  await turn.done;
  expect(await turn.ready()).toBe("the controllers have stopped");
});
