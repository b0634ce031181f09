import { generateKeyPairSync, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient, issueCa, issueServing, kubeconfigTransport, systemClock } from "@bellows/kube";
import { kubeconfig as kubeconfigText } from "@bellows/sandbox";
import type { StartedControlPlane } from "../suite.ts";
import { goTools, kubernetesVersion } from "./go-tools.ts";
import { freePorts, lastLines, type ManagedProcess, startProcess } from "./process.ts";
import { untilReady } from "./ready.ts";

/** What service accounts ask for, so that a test can compare it with their rights. */
const auditPolicy = JSON.stringify({
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived", "ResponseStarted"],
  rules: [
    { level: "None", userGroups: ["system:serviceaccounts:kube-system"] },
    { level: "Metadata", userGroups: ["system:serviceaccounts"] },
    { level: "None" },
  ],
});

/** kube-apiserver, kube-controller-manager and kube-scheduler as processes of this machine, beside its etcd. */
export async function startGoControlPlane(options: {
  readonly print: (line: string) => void;
  /** Where its data, certificates and logs go. */
  readonly folder: string;
}): Promise<StartedControlPlane> {
  const { print, folder } = options;
  const tools = await goTools(["kube-apiserver", "kube-controller-manager", "kube-scheduler"], print);
  const file = (name: string, text?: string) => {
    const path = join(folder, name);
    if (text !== undefined) writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const [etcdPort, peerPort, port, kcmPort, schedulerPort] = await freePorts(5);
  const etcd = `http://127.0.0.1:${etcdPort}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const url = `https://127.0.0.1:${port}`;
  const token = randomBytes(24).toString("hex");
  const now = systemClock.now();
  const [ca, proxyCa, kubeletCa] = await Promise.all([issueCa(now, {}), issueCa(now, {}), issueCa(now, {})]);
  const names = ["127.0.0.1", "localhost", "kubernetes", "kubernetes.default.svc", "10.100.0.1"];
  const serving = await issueServing(ca, now, { names });
  const proxy = await issueServing(proxyCa, now, { names: ["front-proxy-client"], usage: "client" });
  const kubeletHost = "localhost";
  const kubelet = await issueServing(kubeletCa, now, { names: [kubeletHost] });
  const kubeletClient = await issueServing(kubeletCa, now, {
    names: ["kube-apiserver-kubelet-client"],
    usage: "client",
  });
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const serviceAccountKey = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const key = file("sa.key", serviceAccountKey);
  const kubeconfig = file("kubeconfig", kubeconfigText({ url, ca: ca.certificate, token, name: "bellows-e2e" }));
  const caFile = file("ca.crt", ca.certificate);

  const apiServerArgs = [
    `--etcd-servers=${etcd}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--tls-cert-file=${file("serving.crt", serving.certificate)}`,
    `--tls-private-key-file=${file("serving.key", serving.key)}`,
    `--token-auth-file=${file("tokens.csv", `${token},admin,admin,system:masters\n`)}`,
    "--authorization-mode=RBAC",
    "--service-cluster-ip-range=10.100.0.0/16",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${file("sa.pub", publicKey.export({ type: "spki", format: "pem" }) as string)}`,
    `--service-account-signing-key-file=${key}`,
    `--audit-policy-file=${file("audit-policy.yaml", auditPolicy)}`,
    `--audit-log-path=${join(folder, "audit.log")}`,
    `--requestheader-client-ca-file=${file("proxy-ca.crt", proxyCa.certificate)}`,
    "--requestheader-allowed-names=front-proxy-client",
    "--requestheader-username-headers=X-Remote-User",
    "--requestheader-group-headers=X-Remote-Group",
    "--requestheader-extra-headers-prefix=X-Remote-Extra-",
    `--proxy-client-cert-file=${file("proxy.crt", proxy.certificate)}`,
    `--proxy-client-key-file=${file("proxy.key", proxy.key)}`,
    // Nodes have no machines: their kubelets listen on this one, under a name that only the Node says.
    "--kubelet-preferred-address-types=ExternalDNS",
    `--kubelet-certificate-authority=${file("kubelet-ca.crt", kubeletCa.certificate)}`,
    `--kubelet-client-certificate=${file("kubelet-client.crt", kubeletClient.certificate)}`,
    `--kubelet-client-key=${file("kubelet-client.key", kubeletClient.key)}`,
    // There is no kube-proxy: Services are reached by the addresses of their endpoints.
    "--enable-aggregator-routing=true",
    // As every distribution does: privileged pods are for admission to refuse.
    "--allow-privileged=true",
  ];
  const started: ManagedProcess[] = [];
  const run = (program: string, name: string, args: readonly string[]) => {
    const one = startProcess(program, args, file(`${name}.log`));
    started.unshift(one);
    return one;
  };
  const stop = async () => {
    for (const one of started.splice(0)) await one.stop();
  };
  try {
    run("etcd", "etcd", [
      `--data-dir=${join(folder, "etcd")}`,
      `--listen-client-urls=${etcd}`,
      `--advertise-client-urls=${etcd}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      "--unsafe-no-fsync",
    ]);
    const startApiServer = () => run(tools["kube-apiserver"] as string, "kube-apiserver", apiServerArgs);
    let apiServer = startApiServer();
    const transport = await kubeconfigTransport({ kubeconfig });
    const client = createClient(transport, { clock: systemClock, userAgent: "bellows-e2e" });
    const ready = () => untilReady(client, async () => lastLines(file("kube-apiserver.log")));
    await ready();
    run(tools["kube-controller-manager"] as string, "kube-controller-manager", [
      `--kubeconfig=${kubeconfig}`,
      "--controllers=*,-horizontal-pod-autoscaler-controller",
      `--service-account-private-key-file=${key}`,
      `--root-ca-file=${caFile}`,
      "--use-service-account-credentials=true",
      "--leader-elect=false",
      "--bind-address=127.0.0.1",
      `--secure-port=${kcmPort}`,
    ]);
    run(tools["kube-scheduler"] as string, "kube-scheduler", [
      `--kubeconfig=${kubeconfig}`,
      "--leader-elect=false",
      "--bind-address=127.0.0.1",
      `--secure-port=${schedulerPort}`,
    ]);
    return {
      driver: `go (Kubernetes ${kubernetesVersion}, in-tree HPA off)`,
      kubeconfig,
      client,
      etcd,
      serviceAccountKey,
      kubeletApi: { hostname: kubeletHost, host: "127.0.0.1", tls: { ...kubelet, clientCa: kubeletCa.certificate } },
      auditLog: join(folder, "audit.log"),
      async startInTreeHpa() {
        const [securePort] = await freePorts(1);
        const one = run(tools["kube-controller-manager"] as string, "in-tree-hpa", [
          `--kubeconfig=${kubeconfig}`,
          "--controllers=horizontal-pod-autoscaler-controller",
          "--leader-elect=false",
          "--bind-address=127.0.0.1",
          `--secure-port=${securePort}`,
        ]);
        return async () => {
          started.splice(started.indexOf(one), 1);
          await one.stop();
        };
      },
      async restartApiServer() {
        await apiServer.stop();
        started.splice(started.indexOf(apiServer), 1);
        apiServer = startApiServer();
        await ready();
      },
      async stop() {
        await transport.close();
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
