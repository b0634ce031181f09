import type { Pod } from "@bellows/api";
import { expect, test } from "vitest";
import { SelectorsByNamespace } from "./selectors-by-namespace.ts";

const pods: Pod[] = [{ metadata: { name: "web-0", namespace: "shop", labels: { app: "web" } } }];
const web = { namespace: "shop", name: "web" };

test("two autoscalers whose targets select one pod are both named, a neighbour's and another namespace's are not", () => {
  const selectors = new SelectorsByNamespace();
  selectors.set(web, "app=web");
  selectors.set({ namespace: "shop", name: "again" }, "app in (web)");
  selectors.set({ namespace: "shop", name: "other" }, "app=other");
  selectors.set({ namespace: "elsewhere", name: "web" }, "app=web");
  expect(selectors.selecting(web, pods)).toEqual(["shop/again", "shop/web"]);
  selectors.delete({ namespace: "shop", name: "again" });
  expect(selectors.selecting(web, pods)).toEqual(["shop/web"]);
});

test("a target that lost its selector selects nothing", () => {
  const selectors = new SelectorsByNamespace();
  selectors.set({ namespace: "shop", name: "again" }, "app=web");
  selectors.set({ namespace: "shop", name: "again" }, "");
  expect(selectors.selecting(web, pods)).toEqual(["shop/web"]);
});
