/** Rights that a run may not need, by controller, and when they are needed. */
const rights: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  hpa: {},
  "event-scaler": {
    "patch autoscaling/horizontalpodautoscalers":
      "a metric that changes at once, of an HPA that a Bellows controller in another process scales",
    "patch eventing.keda.sh/cloudeventsources": "the finalizer of a CloudEventSource",
    "patch eventing.keda.sh/clustercloudeventsources": "the finalizer of a ClusterCloudEventSource",
    "patch eventing.keda.sh/cloudeventsources/status": "the condition of a CloudEventSource",
    "patch eventing.keda.sh/clustercloudeventsources/status": "the condition of a ClusterCloudEventSource",
  },
};

export const expectedUnused = (controller: string): Readonly<Record<string, string>> =>
  controller === "all" ? Object.assign({}, ...Object.values(rights)) : (rights[controller] ?? {});
