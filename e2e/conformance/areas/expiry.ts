import { area, it } from "../harness/case.ts";
import type { Conversation, Json } from "../harness/conversation.ts";

const names = (list: Json) => list.items?.map((one: Json) => one.metadata.name) ?? list;
const page = (list: Json) => ({
  names: names(list),
  remaining: list.metadata?.remainingItemCount,
  more: Boolean(list.metadata?.continue),
});
const seven = async (t: Conversation) => {
  for (const name of ["a", "b", "c", "d", "e", "f", "g"])
    await t.given("configmaps", { metadata: { name, labels: { n: name, all: "yes" } } });
};

/** What is answered once old revisions have been forgotten; alone, since others' pages would be forgotten too. */
export const expiry = area(
  "expiry",
  [
    it(
      "a continue token of a revision that is forgotten",
      async (t) => {
        await seven(t);
        await t.get(
          `configmaps?limit=2&continue=${Buffer.from(`{"v":"meta.k8s.io/v1","rv":2,"start":"b\\u0000"}`).toString("base64url")}`,
          {
            show: (body) => ({ ...body, metadata: { ...body.metadata, continue: typeof body.metadata?.continue } }),
          },
        );
      },
      { needsCompaction: true },
    ),
    it(
      "the token in a 410 goes on from where it stopped",
      async (t) => {
        await seven(t);
        const { body } = await t.get(
          `configmaps?labelSelector=all&limit=2&continue=${Buffer.from(`{"v":"meta.k8s.io/v1","rv":2,"start":"c\\u0000"}`).toString("base64url")}`,
          { show: ({ code, reason }) => [code, reason] },
        );
        await t.get(
          `configmaps?labelSelector=all&limit=2&continue=${encodeURIComponent(body.metadata?.continue ?? "")}`,
          { show: page },
        );
      },
      { needsCompaction: true },
    ),
    it(
      "a list of a revision that is forgotten",
      (t) => t.get("configmaps?resourceVersion=2&resourceVersionMatch=Exact"),
      {
        needsCompaction: true,
      },
    ),
    it(
      "a page of a revision that is forgotten",
      (t) => t.get("configmaps?resourceVersion=2&limit=1", { show: (list) => list.message ?? names(list) }),
      { needsCompaction: true },
    ),
    it(
      "what is not older than a revision that is forgotten",
      (t) =>
        t.get("configmaps?resourceVersion=2&resourceVersionMatch=NotOlderThan", {
          show: ({ kind, message }) => message ?? kind,
        }),
      { needsCompaction: true },
    ),
  ],
  { alone: true },
);
