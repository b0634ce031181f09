import protobuf from "protobufjs";

// The published contract, read by an implementation of protocol buffers that is not ours.
const field = (id: number, type: string, rule?: string) => ({ id, type, ...(rule ? { rule } : {}) });
const root = protobuf.Root.fromJSON({
  nested: {
    ScaledObjectRef: {
      fields: {
        name: field(1, "string"),
        namespace: field(2, "string"),
        scalerMetadata: { id: 3, type: "string", keyType: "string" } as never,
      },
    },
    IsActiveResponse: { fields: { result: field(1, "bool") } },
    MetricSpec: {
      fields: { metricName: field(1, "string"), targetSize: field(2, "int64"), targetSizeFloat: field(3, "double") },
    },
    GetMetricSpecResponse: { fields: { metricSpecs: field(1, "MetricSpec", "repeated") } },
    GetMetricsRequest: { fields: { scaledObjectRef: field(1, "ScaledObjectRef"), metricName: field(2, "string") } },
    MetricValue: {
      fields: { metricName: field(1, "string"), metricValue: field(2, "int64"), metricValueFloat: field(3, "double") },
    },
    GetMetricsResponse: { fields: { metricValues: field(1, "MetricValue", "repeated") } },
  },
});

/** A message, its fields by their names. */
export type Message = Record<string, unknown>;

function method(name: string, request: string, answer: string, streams = false) {
  return {
    path: `/externalscaler.ExternalScaler/${name}`,
    requestStream: false,
    responseStream: streams,
    requestDeserialize: (bytes: Buffer) =>
      root.lookupType(request).toObject(root.lookupType(request).decode(bytes)) as Message,
    requestSerialize: (message: Message) => Buffer.from(root.lookupType(request).encode(message).finish()),
    responseDeserialize: (bytes: Buffer) => root.lookupType(answer).decode(bytes) as unknown as Message,
    responseSerialize: (message: Message) =>
      Buffer.from(root.lookupType(answer).encode(root.lookupType(answer).fromObject(message)).finish()),
  };
}

/** The service of scalers, for a server of `@grpc/grpc-js`. */
export const externalScalerContract = {
  IsActive: method("IsActive", "ScaledObjectRef", "IsActiveResponse"),
  StreamIsActive: method("StreamIsActive", "ScaledObjectRef", "IsActiveResponse", true),
  GetMetricSpec: method("GetMetricSpec", "ScaledObjectRef", "GetMetricSpecResponse"),
  GetMetrics: method("GetMetrics", "GetMetricsRequest", "GetMetricsResponse"),
  StreamMetricSpec: method("StreamMetricSpec", "ScaledObjectRef", "GetMetricSpecResponse", true),
};
