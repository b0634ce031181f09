import {
  type APIService,
  type Deployment,
  type HorizontalPodAutoscaler,
  isConditionTrue,
  type Lease,
  type MutatingWebhookConfiguration,
  type ValidatingWebhookConfiguration,
} from "@bellows/api";
import { inTreeHpaFix, inTreeHpaManager, inTreeHpaRival, type Neighbour, neighbours } from "./catalogue.ts";

/** What a cluster holds of the kinds that give a neighbour away; what may not be read is left empty. */
export interface Surroundings {
  readonly leases: readonly Lease[];
  readonly deployments: readonly Deployment[];
  readonly webhooks: readonly (ValidatingWebhookConfiguration | MutatingWebhookConfiguration)[];
  readonly apiServices: readonly APIService[];
  readonly autoscalers: readonly HorizontalPodAutoscaler[];
  /** `gitVersion` of the API server; undefined where it was not asked or not told. */
  readonly serverVersion?: string | undefined;
}

export interface FoundNeighbour {
  readonly name: string;
  readonly rivals: readonly string[];
  readonly beside?: string;
  /** It acts: it renews a lease, has ready pods, serves an API, or writes. Otherwise it left something behind that does no harm by itself. */
  readonly live: boolean;
  /** What was seen, each with the object's name. */
  readonly evidence: readonly string[];
  readonly fix: string;
}

/** An autoscaler's status that is older than this may be what a controller that is off left behind. */
const recentStatusMs = 10 * 60_000;

/**
 * Which operators decide over the same objects.
 * @param now  milliseconds since the epoch, that leases are compared with
 */
export function findNeighbours(seen: Surroundings, now: number): FoundNeighbour[] {
  const found = neighbours.map((neighbour) => look(neighbour, seen, now));
  return [...found, inTreeHpa(seen, now)].filter(({ evidence }) => evidence.length > 0);
}

function look({ name, rivals, beside, fix, ...neighbour }: Neighbour, seen: Surroundings, now: number): FoundNeighbour {
  const served = seen.apiServices.filter(({ spec }) =>
    neighbour.apiServiceBackends.includes(spec?.service?.name ?? ""),
  );
  const isAvailable = ({ status }: APIService) => isConditionTrue(status?.conditions, "Available");
  const live = [
    ...seen.leases
      .filter((lease) => neighbour.leases.includes(lease.metadata.name ?? "") && isHeld(lease, now))
      .map((lease) => `Lease ${path(lease)} is held by ${lease.spec?.holderIdentity}`),
    ...seen.deployments
      .filter((deployment) => (deployment.status?.readyReplicas ?? 0) > 0 && runs(deployment, neighbour.image))
      .map((deployment) => `Deployment ${path(deployment)} has ${deployment.status?.readyReplicas} ready`),
    ...served.filter(isAvailable).map((each) => `${pointsTo(each)}, and is available`),
  ];
  const left = [
    ...seen.webhooks
      .filter(({ metadata }) => neighbour.webhooks.includes(metadata.name ?? "") && !isOurs(metadata))
      .map((webhook) => `${webhook.kind ?? "webhook configuration"} ${webhook.metadata.name} is installed`),
    ...served.filter((each) => !isAvailable(each)).map(pointsTo),
  ];
  return { name, rivals, ...(beside && { beside }), live: live.length > 0, evidence: [...live, ...left], fix };
}

/** What EKS's API servers say, and only they: that of the sandbox does not. */
const ofEks = /-eks-/;

function inTreeHpa({ autoscalers, serverVersion = "" }: Surroundings, now: number): FoundNeighbour {
  const written = autoscalers.filter(({ metadata }) =>
    metadata.managedFields?.some(
      ({ manager, subresource, time }) =>
        manager === inTreeHpaManager && subresource === "status" && now - Date.parse(time ?? "") < recentStatusMs,
    ),
  );
  const [first] = written;
  const evidence = [
    ...(ofEks.test(serverVersion)
      ? [`the API server is EKS's (${serverVersion}), where it runs and can't be switched off`]
      : []),
    ...(first
      ? [
          `it wrote the status of ${written.length} HorizontalPodAutoscalers in the last 10 minutes, such as ${path(first)}`,
        ]
      : []),
  ];
  return {
    name: "HPA of kube-controller-manager",
    rivals: [inTreeHpaRival],
    live: evidence.length > 0,
    evidence,
    fix: inTreeHpaFix,
  };
}

function isHeld({ spec }: Lease, now: number): boolean {
  if (!spec?.holderIdentity || !spec.renewTime) return false;
  return Date.parse(spec.renewTime) + (spec.leaseDurationSeconds ?? 0) * 1000 > now;
}

/** The event scaler's webhooks have the name that KEDA's have. */
const isOurs = ({ labels }: Lease["metadata"]): boolean => labels?.["app.kubernetes.io/part-of"] === "bellows";

const runs = (deployment: Deployment, image: RegExp | undefined): boolean =>
  image !== undefined &&
  (deployment.spec?.template.spec?.containers ?? []).some((each) => image.test(each.image ?? ""));

const pointsTo = ({ metadata, spec }: APIService): string =>
  `APIService ${metadata.name} points to ${spec?.service?.namespace}/${spec?.service?.name}`;

const path = ({ metadata: { namespace, name } }: Lease | Deployment | HorizontalPodAutoscaler): string =>
  `${namespace}/${name}`;
