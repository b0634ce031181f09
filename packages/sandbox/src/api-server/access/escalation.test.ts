import type { PolicyRule } from "@bellows/api";
import { expect, test } from "vitest";
import { escalation } from "./escalation.ts";

const ann = { username: "ann", groups: ["a", "b"] };
const rule = (verbs: string[], apiGroups: string[], resources: string[], resourceNames?: string[]): PolicyRule => ({
  verbs,
  apiGroups,
  resources,
  ...(resourceNames && { resourceNames }),
});

test.each<{ name: string; held: PolicyRule[]; given: PolicyRule[] }>([
  { name: "nothing", held: [], given: [] },
  { name: "what she has", held: [rule(["get", "list"], [""], ["pods"])], given: [rule(["list"], [""], ["pods"])] },
  {
    name: "what stars cover",
    held: [rule(["*"], ["*"], ["*"])],
    given: [rule(["get"], ["apps"], ["deployments/scale"])],
  },
  {
    name: "a name of what she has whole",
    held: [rule(["get"], [""], ["pods"])],
    given: [rule(["get"], [""], ["pods"], ["p"])],
  },
  {
    name: "what two of her rules cover together",
    held: [rule(["get"], [""], ["pods"]), rule(["list"], [""], ["pods"])],
    given: [rule(["get", "list"], [""], ["pods"])],
  },
  {
    name: "a path below hers",
    held: [{ verbs: ["get"], nonResourceURLs: ["/api/*"] }],
    given: [{ verbs: ["get"], nonResourceURLs: ["/api/v1"] }],
  },
])("who holds it may give $name", ({ held, given }) => {
  expect(escalation(ann, held, given)).toBeUndefined();
});

test("what is missing is told, the verbs of one thing together", () => {
  const held = [rule(["get"], [""], ["pods"], ["p"])];
  const given = [rule(["get", "list"], ["", "apps"], ["pods"]), { verbs: ["get"], nonResourceURLs: ["/x"] }];
  expect(escalation(ann, held, given)?.split("\n")).toEqual([
    'user "ann" (groups=["a" "b"]) is attempting to grant RBAC permissions not currently held:',
    '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
    '{APIGroups:["apps"], Resources:["pods"], Verbs:["get" "list"]}',
    '{NonResourceURLs:["/x"], Verbs:["get"]}',
  ]);
});
