import { seededRandom } from "@bellows/kube";
import { describe, expect, test } from "vitest";
import type { ApiObject } from "../../api-object.ts";
import type { CallWebhook, Review } from "../../webhook-client.ts";
import type { AdmissionRequest, AdmissionWorld } from "../admission-request.ts";
import { runMutatingWebhooks } from "./mutating-webhooks.ts";
import { runValidatingWebhooks } from "./validating-webhooks.ts";

const rule = { operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["pods"] };
const hook = (more: object = {}) => ({
  name: "check.example.com",
  clientConfig: { url: "https://hook" },
  rules: [rule],
  sideEffects: "None",
  admissionReviewVersions: ["v1"],
  failurePolicy: "Fail",
  timeoutSeconds: 3,
  ...more,
});

function world(...hooks: object[]): AdmissionWorld {
  const configuration = { metadata: { name: "c" }, webhooks: hooks } as unknown as ApiObject;
  const namespace = { metadata: { name: "default", labels: { team: "a" } } } as unknown as ApiObject;
  return {
    get: () => namespace,
    list: (place) => (place.endsWith("webhookconfigurations") ? [configuration] : []),
    replace() {},
    random: seededRandom(1),
  };
}

const pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", labels: { a: "b" } },
  spec: {},
} as unknown as ApiObject;
const request = (more: Partial<AdmissionRequest> = {}): AdmissionRequest => ({
  operation: "CREATE",
  group: "",
  version: "v1",
  resource: "pods",
  subresource: undefined,
  kind: "Pod",
  namespace: "default",
  name: "p",
  object: pod,
  old: undefined,
  user: { username: "u", groups: ["g"] },
  dryRun: false,
  warnings: [],
  ...more,
});

/** Answers every review with the given response; remembers what it was asked. */
function answering(response: object): CallWebhook & { asked: Review[] } {
  const asked: Review[] = [];
  const call: CallWebhook = async (_, review) => {
    asked.push(review);
    return {
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid: review.request?.["uid"], ...response },
    };
  };
  return Object.assign(call, { asked });
}
const failing: CallWebhook = async () => {
  throw new Error('Post "https://hook?timeout=3s": context deadline exceeded');
};

describe("a validating webhook", () => {
  test("is sent what is to be written, and by whom", async () => {
    const call = answering({ allowed: true });
    await runValidatingWebhooks(request(), world(hook()), call);
    expect(call.asked[0]?.request).toMatchObject({
      kind: { group: "", version: "v1", kind: "Pod" },
      resource: { group: "", version: "v1", resource: "pods" },
      name: "p",
      namespace: "default",
      operation: "CREATE",
      userInfo: { username: "u", groups: ["g"] },
      object: pod,
      oldObject: null,
      dryRun: false,
    });
  });

  test.each([
    { status: { message: "no" }, says: 'admission webhook "check.example.com" denied the request: no', code: 400 },
    {
      status: { message: "no", code: 403, reason: "Forbidden" },
      says: 'admission webhook "check.example.com" denied the request: no',
      code: 403,
    },
    {
      status: undefined,
      says: 'admission webhook "check.example.com" denied the request without explanation',
      code: 400,
    },
  ])("that denies is quoted: $says ($code)", async ({ status, says, code }) => {
    const call = answering({ allowed: false, ...(status && { status }) });
    await expect(runValidatingWebhooks(request(), world(hook()), call)).rejects.toMatchObject({ message: says, code });
  });

  test("that can't be reached fails the request, or not, by its policy", async () => {
    await expect(runValidatingWebhooks(request(), world(hook()), failing)).rejects.toMatchObject({
      code: 500,
      message:
        'Internal error occurred: failed calling webhook "check.example.com": failed to call webhook: Post "https://hook?timeout=3s": context deadline exceeded',
    });
    await runValidatingWebhooks(request(), world(hook({ failurePolicy: "Ignore" })), failing);
  });

  test("passes its warnings on", async () => {
    const asked = request();
    await runValidatingWebhooks(asked, world(hook()), answering({ allowed: true, warnings: ["careful"] }));
    expect(asked.warnings).toEqual(["careful"]);
  });

  test("with side effects is not asked in a dry run", async () => {
    const cluster = world(hook({ sideEffects: "Some" }));
    await expect(
      runValidatingWebhooks(request({ dryRun: true }), cluster, answering({ allowed: true })),
    ).rejects.toThrow('admission webhook "check.example.com" does not support dry run');
  });

  test.each([
    { name: "another operation", more: {}, asked: request({ operation: "UPDATE" }), times: 0 },
    { name: "a subresource", more: {}, asked: request({ subresource: "status" }), times: 0 },
    {
      name: "any subresource it names",
      more: { rules: [{ ...rule, resources: ["pods/*"] }] },
      asked: request({ subresource: "status" }),
      times: 1,
    },
    {
      name: "a namespace it selects",
      more: { namespaceSelector: { matchLabels: { team: "a" } } },
      asked: request(),
      times: 1,
    },
    {
      name: "a namespace it does not select",
      more: { namespaceSelector: { matchLabels: { team: "b" } } },
      asked: request(),
      times: 0,
    },
    {
      name: "an object it does not select",
      more: { objectSelector: { matchLabels: { a: "c" } } },
      asked: request(),
      times: 0,
    },
    { name: "cluster scope only", more: { rules: [{ ...rule, scope: "Cluster" }] }, asked: request(), times: 0 },
    {
      name: "a condition that holds",
      more: { matchConditions: [{ name: "m", expression: "object.metadata.name == 'p'" }] },
      asked: request(),
      times: 1,
    },
    {
      name: "a condition that does not",
      more: { matchConditions: [{ name: "m", expression: "request.userInfo.username != 'u'" }] },
      asked: request(),
      times: 0,
    },
  ])("sees $name $times times", async ({ more, asked, times }) => {
    const call = answering({ allowed: true });
    await runValidatingWebhooks(asked, world(hook(more)), call);
    expect(call.asked).toHaveLength(times);
  });
});

describe("a mutating webhook", () => {
  const patch = (operations: object[]) => ({
    allowed: true,
    patchType: "JSONPatch",
    patch: Buffer.from(JSON.stringify(operations)).toString("base64"),
  });
  const add = patch([{ op: "add", path: "/metadata/labels/new", value: "x" }]);
  const same = (object: ApiObject) => object;

  test("changes the object by a patch", async () => {
    const result = await runMutatingWebhooks(request(), world(hook()), answering(add), same);
    expect(result.object?.metadata.labels).toEqual({ a: "b", new: "x" });
    expect(pod.metadata.labels).toEqual({ a: "b" });
  });

  test("sees the object once more when a later one changed it and it asks for that", async () => {
    const names: string[] = [];
    const call: CallWebhook = async (config, review) => {
      names.push(config.url ?? "");
      const response = config.url === "second" ? add : { allowed: true };
      return {
        apiVersion: "admission.k8s.io/v1",
        kind: "AdmissionReview",
        response: { uid: review.request?.["uid"], ...response },
      };
    };
    const first = hook({ name: "a.example.com", clientConfig: { url: "first" }, reinvocationPolicy: "IfNeeded" });
    const second = hook({ name: "b.example.com", clientConfig: { url: "second" } });
    await runMutatingWebhooks(request(), world(first, second), call, same);
    expect(names).toEqual(["first", "second", "first"]);
  });

  test("that answers nonsense fails the request", async () => {
    const call = answering({ allowed: true, patch: "eA==", patchType: "Merge" });
    await expect(runMutatingWebhooks(request(), world(hook()), call, same)).rejects.toThrow(
      'failed calling webhook "check.example.com": received invalid webhook response',
    );
  });
});
