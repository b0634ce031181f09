import fc from "fast-check";
import { expect, test } from "vitest";
import { decision, decisionId } from "./decision.ts";
import { stableHash, stableJson } from "./stable-hash.ts";

const subject = { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", namespace: "default", name: "web" };

test("the same subject, generation and readings give the same id", () => {
  expect(decisionId(subject, 1, { cpu: 1, pods: 2 })).toBe(decisionId({ ...subject }, 1, { pods: 2, cpu: 1 }));
  expect(decisionId(subject, 1, { cpu: 1 })).not.toBe(decisionId(subject, 2, { cpu: 1 }));
  expect(decisionId(subject, 1, { cpu: 1 })).not.toBe(decisionId(subject, 1, { cpu: 2 }));
  expect(decisionId(subject, 1, { cpu: 1 })).not.toBe(decisionId({ ...subject, name: "db" }, 1, { cpu: 1 }));
  expect(decisionId(subject, 1, {})).toMatch(/^[0-9a-f]{10}$/);
});

test("what is not said is empty", () => {
  const made = decision<{ cpu: number }, { replicas: number }>({
    subject,
    generation: 3,
    at: 0,
    seen: { cpu: 5 },
    validUntil: 15_000,
  });
  expect(made).toMatchObject({ causes: [], computed: [], limits: [], action: undefined, usdPerHour: 0 });
  expect(made.id).toBe(decisionId(subject, 3, { cpu: 5 }));
});

test("FNV-1a of 64 bits, over the text with sorted keys", () => {
  expect(stableJson({ b: 1, a: [undefined, { d: null, c: undefined }] })).toBe('{"a":[null,{"d":null}],"b":1}');
  expect(stableJson(JSON.parse('{"b":1,"__proto__":{"c":2},"10":3,"9":4}'))).toBe(
    '{"9":4,"10":3,"__proto__":{"c":2},"b":1}',
  );
  // Worked out from the definition, byte by byte.
  const reference = (text: string) => {
    let hash = 0xcbf29ce484222325n;
    for (const byte of new TextEncoder().encode(text)) {
      hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
    }
    return hash.toString(16).padStart(16, "0");
  };
  fc.assert(
    fc.property(fc.json(), (json) => {
      const value: unknown = JSON.parse(json);
      expect(stableHash(value)).toBe(reference(stableJson(value)));
    }),
  );
});
