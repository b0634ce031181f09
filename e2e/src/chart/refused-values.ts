import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chart } from "./chart.ts";

/** A value that is refused, and what Helm says: where it is, what was found, what was expected. */
export interface Refusal {
  readonly set: string;
  readonly says: string;
}

/** One of every kind of mistake; `hpa.enabled=true` is said besides. */
export const refusals: readonly Refusal[] = [
  {
    set: "vpa.enabled=true",
    says: "vpa.enabled: true, expected false: the VerticalPodAutoscaler controllers are not in this version",
  },
  { set: "allInOne.enabled=true", says: "hpa.enabled: true, expected false, or allInOne.controllers without hpa" },
  { set: "hpaa.enabled=true", says: "additional properties 'hpaa' not allowed" },
  { set: "hpa.enabled=yes", says: "at '/hpa/enabled': got string, want boolean" },
  { set: "hpa.replicas=many", says: "at '/replicas': got string, want integer" },
  { set: "hpa.replicas=1.5", says: "at '/replicas': got string, want integer" },
  { set: "hpa.replicas=-1", says: "at '/replicas': minimum: got -1, want 0" },
  { set: "hpa.config=fast", says: "at '/config': got string, want object" },
  { set: "hpa.config.syncPeriod=15s", says: "at '/config': additional properties 'syncPeriod' not allowed" },
  {
    set: "hpa.config.horizontalPodAutoscalerTolerance=high",
    says: "at '/config/horizontalPodAutoscalerTolerance': got string, want number",
  },
  {
    set: "hpa.config.horizontalPodAutoscalerTolerance=-1",
    says: "at '/config/horizontalPodAutoscalerTolerance': minimum: got -1, want 0",
  },
  {
    set: "hpa.config.concurrentHorizontalPodAutoscalerSyncs=0",
    says: "at '/config/concurrentHorizontalPodAutoscalerSyncs': minimum: got 0, want 1",
  },
  { set: "hpa.config.metricsPort=70000", says: "at '/config/metricsPort': maximum: got 70,000, want 65,535" },
  { set: "hpa.config.leaderElect=maybe", says: "at '/config/leaderElect': got string, want boolean" },
  {
    set: "hpa.config.logLevel=loud",
    says: "at '/config/logLevel': value must be one of 'debug', 'info', 'warn', 'error'",
  },
  { set: "hpa.config.logLevel={info}", says: "at '/config/logLevel': got array, want string" },
  { set: "hpa.config.logLevel.hpa=info", says: "at '/config/logLevel': got object, want string" },
  { set: "hpa.config.leaderElectRetryPeriod=2", says: "at '/config/leaderElectRetryPeriod': got number, want string" },
  { set: "hpa.config.leaderElectRetryPeriod=soon", says: "at '/config/leaderElectRetryPeriod': 'soon' does not match" },
  { set: "hpa.config.featureGates=HPA=true", says: "at '/config/featureGates': 'HPA=true' does not match" },
  { set: "hpa.networkPolicy.apiServerPorts={any}", says: "at '/networkPolicy/apiServerPorts/0': got string" },
  { set: "hpa.env.A=b", says: "at '/env': got object, want array" },
  { set: "hpa.tolerations={all}", says: "at '/tolerations/0': got string, want object" },
  { set: "hpa.nodeSelector.ready=true", says: "at '/nodeSelector/ready': got boolean, want string" },
  { set: "hpa.topologySpreadConstraints=zone", says: "at '/topologySpreadConstraints': got string, want" },
  { set: "hpa.dnsPolicy=Mine", says: "at '/dnsPolicy': value must be one of" },
  { set: "hpa.unregisterHook.enabled=true", says: "additional properties 'unregisterHook' not allowed" },
  { set: "global.image.digest=latest", says: "at '/global/image/digest': 'latest' does not match pattern" },
  { set: "global.image.pullPolicy=Sometimes", says: "at '/global/image/pullPolicy': value must be one of" },
];

/** The settings of a part, by its folder, as its schema names them. */
export function settingsOf(folder: string): string[] {
  const schema = JSON.parse(readFileSync(join(chart, "charts", folder, "values.schema.json"), "utf8")) as {
    properties: { config: { properties: object } };
  };
  return Object.keys(schema.properties.config.properties);
}
