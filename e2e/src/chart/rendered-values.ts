/** What a value changes in what is rendered; `hpa.enabled=true` or the like is part of it. */
export interface Rendering {
  readonly name: string;
  readonly set: readonly string[];
  /** Values as JSON: what `--set` has no words for. */
  readonly json?: string;
  readonly contains?: readonly string[];
  readonly lacks?: readonly string[];
}

const hpa = "hpa.enabled=true";
const eventScaler = "eventScaler.enabled=true";
const digest = `sha256:${"a".repeat(64)}`;

/** Values that platform engineers know from other charts. */
export const renderings: readonly Rendering[] = [
  {
    name: "nothing said",
    set: [hpa],
    contains: [
      "serviceAccountName: bellows-hpa",
      "topologyKey: topology.kubernetes.io/zone",
      "kind: PodDisruptionBudget",
    ],
    lacks: ["hostNetwork", "dnsPolicy", "volumes:", "strategy:", "VAULT", "helm.sh/hook"],
  },
  {
    name: "an event scaler of one namespace has a role there",
    set: [eventScaler, "eventScaler.config.watchNamespace=team-a", "eventScaler.config.clusterObjectNamespace=shared"],
    contains: [
      "name: bellows-event-scaler-watched\n  namespace: team-a",
      "name: bellows-event-scaler-cluster-objects\n  namespace: shared",
      '"--watch-namespace=team-a"',
    ],
  },
  {
    name: "an event scaler of all namespaces has no other role",
    set: [eventScaler],
    contains: ['resources: ["*/scale"]'],
    lacks: ["event-scaler-watched", "event-scaler-cluster-objects"],
  },
  {
    name: "one replica needs no disruption budget",
    set: [hpa, "hpa.replicas=1"],
    lacks: ["kind: PodDisruptionBudget"],
  },
  {
    name: "an image by its digest",
    set: [hpa, "global.image.repository=registry.example/bellows", `global.image.digest=${digest}`],
    contains: [`image: "registry.example/bellows@${digest}"`],
  },
  {
    name: "secrets to pull with, of all parts and of one",
    set: [hpa, "global.imagePullSecrets[0].name=for-all", "hpa.imagePullSecrets[0].name=for-one"],
    contains: ["imagePullSecrets:\n        - name: for-all\n        - name: for-one"],
  },
  {
    name: "labels of everything, of a Deployment and of its pods",
    set: [
      hpa,
      "global.labels.team=core",
      "hpa.deploymentAnnotations.a=b",
      "hpa.podAnnotations.c=d",
      "hpa.podLabels.e=f",
    ],
    contains: ["team: core", "annotations:\n    a: b", "annotations:\n        c: d", "e: f"],
  },
  {
    name: "a service account of one's own",
    set: [hpa, "hpa.serviceAccount.create=false", "hpa.serviceAccount.name=mine"],
    contains: ["serviceAccountName: mine", "{ kind: ServiceAccount, name: mine, namespace: default }"],
    lacks: ["kind: ServiceAccount\n"],
  },
  {
    name: "a role of AWS for the service account",
    set: [hpa, "hpa.serviceAccount.annotations.eks\\.amazonaws\\.com/role-arn=arn:aws:iam::1:role/x"],
    contains: ["annotations:\n    eks.amazonaws.com/role-arn: arn:aws:iam::1:role/x"],
  },
  {
    name: "volumes and where they are mounted",
    set: [
      hpa,
      "hpa.volumes[0].name=ca",
      "hpa.volumes[0].configMap.name=company-ca",
      "hpa.volumeMounts[0].name=ca",
      "hpa.volumeMounts[0].mountPath=/etc/ca",
    ],
    contains: [
      "volumeMounts:\n            - mountPath: /etc/ca\n              name: ca",
      "volumes:\n        - configMap:\n            name: company-ca\n          name: ca",
    ],
  },
  {
    name: "the host's network, with its names",
    set: [hpa, "hpa.hostNetwork=true", "hpa.config.metricsPort=9090", "hpa.strategy.type=Recreate"],
    contains: [
      "hostNetwork: true\n      dnsPolicy: ClusterFirstWithHostNet",
      "--metrics-port=9090",
      "{ name: http, containerPort: 9090 }",
      "strategy:\n    type: Recreate",
    ],
  },
  {
    name: "where its names come from",
    set: [hpa, "hpa.dnsPolicy=None", "hpa.dnsConfig.nameservers={10.0.0.2}"],
    contains: ["dnsPolicy: None", "dnsConfig:\n        nameservers:\n        - 10.0.0.2"],
  },
  {
    name: "no constraints of topology, and a longer end",
    set: [hpa, "hpa.terminationGracePeriodSeconds=60"],
    json: "hpa.topologySpreadConstraints=[]",
    contains: ["terminationGracePeriodSeconds: 60"],
    lacks: ["topologySpreadConstraints"],
  },
  {
    name: "constraints of one's own",
    set: [hpa, "hpa.topologySpreadConstraints[0].topologyKey=rack", "hpa.topologySpreadConstraints[0].maxSkew=1"],
    contains: ["topologySpreadConstraints:\n        - maxSkew: 1\n          topologyKey: rack"],
    lacks: ["topologyKey: kubernetes.io/hostname"],
  },
  {
    name: "a user of the platform's choice (OpenShift)",
    set: [hpa, "hpa.podSecurityContext.runAsUser=null", "hpa.podSecurityContext.runAsGroup=null"],
    contains: ["runAsNonRoot: true"],
    lacks: ["runAsUser: 65532", "runAsGroup: 65532"],
  },
  {
    name: "what Prometheus' operator reads",
    set: [
      hpa,
      "hpa.serviceMonitor.enabled=true",
      "hpa.serviceMonitor.relabelings[0].targetLabel=cluster",
      "hpa.prometheusRule.enabled=true",
      "hpa.prometheusRule.labels.release=prometheus",
      "hpa.prometheusRule.rules[0].alert=Mine",
    ],
    contains: [
      "kind: ServiceMonitor",
      "targetLabel: cluster",
      "alert: BellowsNoAccess",
      "alert: Mine",
      "({{ $labels.reason }})",
    ],
  },
  {
    name: "Vault's token of a Secret, and its namespace",
    set: [eventScaler, "eventScaler.vault.tokenSecret.name=vault", "eventScaler.vault.namespace=admin"],
    contains: [
      "- name: VAULT_TOKEN\n              valueFrom: { secretKeyRef: { name: vault, key: token } }",
      'name: VAULT_NAMESPACE, value: "admin"',
    ],
  },
  {
    name: "the hook that unregisters runs as the part does",
    set: [
      eventScaler,
      "eventScaler.tolerations[0].key=infra",
      "eventScaler.nodeSelector.pool=infra",
      "eventScaler.podSecurityContext.runAsUser=1000",
    ],
    contains: [
      "helm.sh/hook: pre-delete",
      "args: [unregister, --stop, --namespace=default, --service-name=bellows-event-scaler]",
      "serviceAccountName: bellows-event-scaler-unregister",
      "nodeSelector:\n        pool: infra\n      tolerations:\n        - key: infra\n      containers:\n        - name: unregister",
    ],
    lacks: ["runAsUser: 65532"],
  },
  {
    name: "the hook of all in one",
    set: ["allInOne.enabled=true", "allInOne.controllers={event-scaler}"],
    contains: ["--service-name=bellows-all]", "name: bellows-all-unregister"],
  },
  {
    name: "no hook",
    set: [eventScaler, "eventScaler.unregisterHook.enabled=false"],
    lacks: ["helm.sh/hook", "unregister"],
  },
  { name: "no hook without rights", set: [eventScaler, "eventScaler.rbac.create=false"], lacks: ["helm.sh/hook"] },
];
