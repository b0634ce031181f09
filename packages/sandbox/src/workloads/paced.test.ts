import { type Controller, type ControllerContext, VirtualClock } from "@bellows/kube";
import { expect, test } from "vitest";
import { paced } from "./paced.ts";

const key = { namespace: "default", name: "web" };

function looks(pods: number) {
  const clock = new VirtualClock(0);
  const at: number[] = [];
  const plain: Controller = { name: "c", watches: [], reconcile: async () => void at.push(clock.now()) };
  const controller = paced(plain, 0.2, () => pods);
  const look = () => controller.reconcile(key, { clock } as unknown as ControllerContext);
  return { clock, at, look };
}

test("a workload of few pods is looked at with every change", async () => {
  const { at, look } = looks(50);
  for (let n = 0; n < 3; n++) expect(await look()).toBeUndefined();
  expect(at).toEqual([0, 0, 0]);
});

test("changes of a large workload are gathered, the first one is answered at once and the last is not lost", async () => {
  const { clock, at, look } = looks(500);
  await look();
  await clock.run(30);
  expect(await look()).toEqual({ lookAgainAt: 100 });
  await clock.run(70);
  expect(await look()).toBeUndefined();
  expect(at).toEqual([0, 100]);
});
