import { expect, test } from "vitest";
import { decodeProtobuf } from "./decode-protobuf.ts";

/** A Deployment as kube-apiserver 1.35 wrote it. */
const deployment = [
  "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50EsYLCs8ICgN3ZWISABoHZGVmYXVsdCIAKiQxOWU3MTBhZi0yMmUzLTQ3NjUtOWUy",
  "NS03MDI3ZjhjNjMxYTkyADgBQggIsvyU2AYQAFoKCgNhcHASA3dlYooB+QcKAW0SBlVwZGF0ZRoHYXBwcy92MSIICLL8lNgGEAAy",
  "CEZpZWxkc1YxOswHCskHeyJmOm1ldGFkYXRhIjp7ImY6bGFiZWxzIjp7Ii4iOnt9LCJmOmFwcCI6e319fSwiZjpzcGVjIjp7ImY6",
  "cHJvZ3Jlc3NEZWFkbGluZVNlY29uZHMiOnt9LCJmOnJlcGxpY2FzIjp7fSwiZjpyZXZpc2lvbkhpc3RvcnlMaW1pdCI6e30sImY6",
  "c2VsZWN0b3IiOnt9LCJmOnN0cmF0ZWd5Ijp7ImY6cm9sbGluZ1VwZGF0ZSI6eyIuIjp7fSwiZjptYXhTdXJnZSI6e30sImY6bWF4",
  "VW5hdmFpbGFibGUiOnt9fSwiZjp0eXBlIjp7fX0sImY6dGVtcGxhdGUiOnsiZjptZXRhZGF0YSI6eyJmOmxhYmVscyI6eyIuIjp7",
  "fSwiZjphcHAiOnt9fX0sImY6c3BlYyI6eyJmOmNvbnRhaW5lcnMiOnsiazp7XCJuYW1lXCI6XCJjXCJ9Ijp7Ii4iOnt9LCJmOmlt",
  "YWdlIjp7fSwiZjppbWFnZVB1bGxQb2xpY3kiOnt9LCJmOm5hbWUiOnt9LCJmOnBvcnRzIjp7Ii4iOnt9LCJrOntcImNvbnRhaW5l",
  "clBvcnRcIjo4MCxcInByb3RvY29sXCI6XCJUQ1BcIn0iOnsiLiI6e30sImY6Y29udGFpbmVyUG9ydCI6e30sImY6cHJvdG9jb2wi",
  "Ont9fX0sImY6cmVhZGluZXNzUHJvYmUiOnsiLiI6e30sImY6ZmFpbHVyZVRocmVzaG9sZCI6e30sImY6aHR0cEdldCI6eyIuIjp7",
  "fSwiZjpwYXRoIjp7fSwiZjpwb3J0Ijp7fSwiZjpzY2hlbWUiOnt9fSwiZjpwZXJpb2RTZWNvbmRzIjp7fSwiZjpzdWNjZXNzVGhy",
  "ZXNob2xkIjp7fSwiZjp0aW1lb3V0U2Vjb25kcyI6e319LCJmOnJlc291cmNlcyI6eyIuIjp7fSwiZjpyZXF1ZXN0cyI6eyIuIjp7",
  "fSwiZjpjcHUiOnt9LCJmOm1lbW9yeSI6e319fSwiZjp0ZXJtaW5hdGlvbk1lc3NhZ2VQYXRoIjp7fSwiZjp0ZXJtaW5hdGlvbk1l",
  "c3NhZ2VQb2xpY3kiOnt9fX0sImY6ZG5zUG9saWN5Ijp7fSwiZjpyZXN0YXJ0UG9saWN5Ijp7fSwiZjpzY2hlZHVsZXJOYW1lIjp7",
  "fSwiZjpzZWN1cml0eUNvbnRleHQiOnt9LCJmOnRlcm1pbmF0aW9uR3JhY2VQZXJpb2RTZWNvbmRzIjp7fSwiZjp0b2xlcmF0aW9u",
  "cyI6e319fX19QgAS4wIIAxIMCgoKA2FwcBIDd2ViGqECChwKABIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEoACEp4BCgFjEgpu",
  "Z2lueDoxLjI3KgAyDQoAEAAYUCIDVENQKgBCIRINCgNjcHUSBgoEMjUwbRIQCgZtZW1vcnkSBgoENjRNaVolChkSFwoBLxIKCAEQ",
  "ABoEaHR0cBoAIgRIVFRQEAAYASAFKAEwA2oUL2Rldi90ZXJtaW5hdGlvbi1sb2dyDElmTm90UHJlc2VudIABAIgBAJABAKIBBEZp",
  "bGUaBkFsd2F5cyAeMgxDbHVzdGVyRmlyc3RCAEoAUgBYAGAAaAByAIIBAIoBAJoBEWRlZmF1bHQtc2NoZWR1bGVysgEZCgFhEgZF",
  "eGlzdHMaACIKTm9TY2hlZHVsZcIBACIkCg1Sb2xsaW5nVXBkYXRlEhMKBggAEAEaABIJCAEQABoDMjUlKAAwCjgASNgEGgwIABAA",
  "GAAgACgAOAAaACIA",
].join("");

test("a Deployment of a real API server reads as its JSON", () => {
  const object = decodeProtobuf(Buffer.from(deployment, "base64"));
  expect(object).toMatchObject({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default", labels: { app: "web" }, generation: 1 },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: "web" } },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: "25%", maxUnavailable: 1 } },
      template: {
        spec: {
          containers: [
            {
              image: "nginx:1.27",
              ports: [{ containerPort: 80, protocol: "TCP" }],
              resources: { requests: { cpu: "250m", memory: "64Mi" } },
              readinessProbe: { httpGet: { path: "/", port: "http", scheme: "HTTP" }, periodSeconds: 5 },
            },
          ],
          tolerations: [{ key: "a", operator: "Exists", effect: "NoSchedule" }],
        },
      },
    },
  });
});

test.each([
  ["no protobuf", Buffer.from("{}"), "provided data does not appear to be a protobuf message"],
  ["half of one", Buffer.from(deployment, "base64").subarray(0, 300), "protobuf body cannot be read"],
])("%s is refused", (_what, bytes, text) => expect(() => decodeProtobuf(bytes)).toThrow(text));
