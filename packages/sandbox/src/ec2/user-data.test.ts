import { expect, test } from "vitest";
import { readUserData } from "./user-data.ts";

const nodeadm = `apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  cluster:
    name: test
  kubelet:
    config:
      maxPods: 29
      kubeReserved:
        cpu: 100m
      registerWithTaints:
        - {key: team, value: a, effect: NoSchedule}
    flags:
      - --node-labels="a=b,c.io/d=e"
`;

test.each([
  { name: "a NodeConfig", userData: nodeadm },
  {
    name: "a NodeConfig as a part of MIME",
    userData: `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="BOUNDARY"\n\n--BOUNDARY\nContent-Type: application/node.eks.aws\n\n${nodeadm}\n--BOUNDARY--\n`,
  },
  { name: "a NodeConfig in base64", userData: Buffer.from(nodeadm).toString("base64") },
])("$name says labels, taints and settings", ({ userData }) => {
  expect(readUserData(userData)).toEqual({
    labels: { a: "b", "c.io/d": "e" },
    taints: [{ key: "team", value: "a", effect: "NoSchedule" }],
    kubelet: { maxPods: 29, kubeReserved: { cpu: "100m" } },
  });
});

test("the arguments of bootstrap.sh", () => {
  const userData = `#!/bin/bash -xe
/etc/eks/bootstrap.sh 'test' --apiserver-endpoint 'https://x' \\
--kubelet-extra-args '--node-labels="a=b,karpenter.sh/capacity-type=spot" --register-with-taints="karpenter.sh/unregistered:NoExecute,team=a:NoSchedule" --max-pods=110'`;
  expect(readUserData(userData)).toEqual({
    labels: { a: "b", "karpenter.sh/capacity-type": "spot" },
    taints: [
      { key: "karpenter.sh/unregistered", effect: "NoExecute" },
      { key: "team", value: "a", effect: "NoSchedule" },
    ],
    kubelet: { maxPods: 110 },
  });
});

test("Bottlerocket's settings", () => {
  const userData = `[settings.kubernetes]
api-server = 'https://x'
max-pods = 58

[settings.kubernetes.node-labels]
'karpenter.sh/capacity-type' = 'spot'
"a" = "b"

[settings.kubernetes.node-taints]
'team' = ['a:NoSchedule', 'b:NoExecute']
"karpenter.sh/unregistered" = [":NoExecute"]

[settings.kubernetes.kube-reserved]
cpu = "90m"
`;
  expect(readUserData(userData)).toEqual({
    labels: { "karpenter.sh/capacity-type": "spot", a: "b" },
    taints: [
      { key: "team", value: "a", effect: "NoSchedule" },
      { key: "team", value: "b", effect: "NoExecute" },
      { key: "karpenter.sh/unregistered", effect: "NoExecute" },
    ],
    kubelet: { maxPods: 58, kubeReserved: { cpu: "90m" } },
  });
});

test.each(["", "#!/bin/sh\necho hi", "kind: NodeConfig\n: ["])(
  "what it does not know is left alone: %j",
  (userData) => {
    expect(readUserData(userData)).toMatchObject({ labels: {}, taints: [] });
  },
);
