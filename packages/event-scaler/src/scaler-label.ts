/** Where KEDA's name of a scaler does not follow from that of the trigger's type. */
const named: Readonly<Record<string, string>> = {
  cpu: "cpuMemory",
  memory: "cpuMemory",
  "metrics-api": "metricsAPI",
  "nats-jetstream": "natsJetStream",
  postgresql: "postgreSQL",
  rabbitmq: "rabbitMQ",
  "redis-cluster": "redis",
  "redis-sentinel": "redis",
  "redis-cluster-streams": "redisStreams",
  "redis-sentinel-streams": "redisStreams",
};

/** The `scaler` of KEDA's metrics: the trigger's name or, where it has none, what KEDA calls scalers of its type. */
export function scalerLabel({ name, type }: { readonly name?: string | undefined; readonly type: string }): string {
  if (name) return name;
  return `${named[type] ?? type.replace(/-+(.)/g, (_, first: string) => first.toUpperCase())}Scaler`;
}
