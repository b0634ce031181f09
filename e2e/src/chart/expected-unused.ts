/** Of any controller with Events, and with a certificate. */
const repeated = { "patch events": "an Event that is told again" };
const renewed = { "update secrets": "a certificate that is due" };

/** Rights that a run of {@link scenarios} does not come to need, by controller, and what needs them. */
const rights: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  hpa: {
    ...repeated,
    "get custom.metrics.k8s.io/*": "metrics of pods and objects",
    "list external.metrics.k8s.io/*": "external metrics: used beside the event scaler",
  },
  cpa: {
    ...repeated,
    "get apps/replicasets/scale": "targets of other kinds",
    "patch apps/replicasets/scale": "targets of other kinds",
    "get apps/statefulsets/scale": "targets of other kinds",
    "patch apps/statefulsets/scale": "targets of other kinds",
    "get replicationcontrollers/scale": "targets of other kinds",
    "patch replicationcontrollers/scale": "targets of other kinds",
  },
  "event-scaler": {
    ...repeated,
    ...renewed,
    "create admissionregistration.k8s.io/validatingwebhookconfigurations":
      "server-side apply is recorded as a patch, and refused without create",
    "create authentication.k8s.io/tokenreviews": "callers of the metrics API with a token of their own",
    "update apiregistration.k8s.io/apiservices": "another adapter that is there, or a new certificate",
    "delete apiregistration.k8s.io/apiservices": "giving the metrics API back",
    "patch autoscaling/horizontalpodautoscalers": "an HPA that is woken because a metric changed",
    "get keda.sh/scaledobjects": "a status that was written meanwhile",
    "get keda.sh/scaledjobs": "a status that was written meanwhile",
    "get eventing.keda.sh/cloudeventsources": "a status that was written meanwhile",
    "get eventing.keda.sh/clustercloudeventsources": "a status that was written meanwhile",
    "get keda.sh/clustertriggerauthentications": "triggers that name one",
    "patch keda.sh/clustertriggerauthentications": "triggers that name one",
    "patch keda.sh/clustertriggerauthentications/status": "triggers that name one",
    "patch eventing.keda.sh/cloudeventsources": "sinks of CloudEvents",
    "patch eventing.keda.sh/clustercloudeventsources": "sinks of CloudEvents",
    "patch eventing.keda.sh/cloudeventsources/status": "sinks of CloudEvents",
    "patch eventing.keda.sh/clustercloudeventsources/status": "sinks of CloudEvents",
    "update keda.sh/scaledobjects/finalizers": "clusters that check owner references (OpenShift)",
    "update keda.sh/scaledjobs/finalizers": "clusters that check owner references (OpenShift)",
    "get apps/statefulsets": "targets of that kind",
    "list metrics.k8s.io/pods": "cpu and memory triggers of objects that are scaled directly",
    "delete batch/jobs": "Jobs over the limits of the history",
    "get serviceaccounts": "roles of service accounts",
  },
  "node-provisioner": {
    ...repeated,
    ...renewed,
    "delete karpenter.sh/nodeclaims": "nodes that are empty, underused, drifted or too old",
    "patch coordination.k8s.io/leases": "simulated kubelets that live for longer",
    "get karpenter.sh/nodeclaims": "an instance that no NodeClaim is known of",
    "patch karpenter.sh/provisioners/status": "objects of v1alpha5",
    "patch karpenter.k8s.aws/awsnodetemplates/status": "objects of v1alpha5",
  },
};

/** What was done before by the process of its own. */
const doneBefore = {
  "patch apiextensions.k8s.io/customresourcedefinitions": "the Service of the conversion is the same",
  "create apiregistration.k8s.io/apiservices": "it is there",
};

export const expectedUnused = (controller: string): Readonly<Record<string, string>> =>
  controller === "all" ? Object.assign({}, doneBefore, ...Object.values(rights)) : (rights[controller] ?? {});
