import type { Pod, ServiceAccount } from "@bellows/api";
import { randomSuffix } from "@bellows/kube";
import { type AdmissionPlugin, isFor, refuse, typed, untyped } from "./admission-request.ts";

type PodSpec = NonNullable<Pod["spec"]>;
type Container = PodSpec["containers"][number];
type Volume = NonNullable<PodSpec["volumes"]>[number];

const mountPath = "/var/run/secrets/kubernetes.io/serviceaccount";
const volumePrefix = "kube-api-access-";
const mirrorAnnotation = "kubernetes.io/config.mirror";

/** Gives every pod a service account, its token and its image pull secrets. */
export const serviceAccountAdmission: AdmissionPlugin = {
  name: "ServiceAccount",
  mutate(request, world) {
    if (!isFor(request, "/pods") || request.operation !== "CREATE" || !request.object) return request.object;
    const pod = typed<Pod>(request.object);
    if (!pod.spec || pod.metadata.annotations?.[mirrorAnnotation] !== undefined) return request.object;
    const name = pod.spec.serviceAccountName || "default";
    const found = world.get("/serviceaccounts", request.namespace, name);
    if (!found)
      throw refuse(
        request,
        `error looking up service account ${request.namespace}/${name}: serviceaccount "${name}" not found`,
      );
    const account = typed<ServiceAccount>(found);
    let spec: PodSpec = { ...pod.spec, serviceAccountName: name, serviceAccount: name };
    const automount = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
    if (automount) spec = withToken(spec, () => `${volumePrefix}${randomSuffix(world.random)}`);
    if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length)
      spec = { ...spec, imagePullSecrets: account.imagePullSecrets.map((secret) => ({ ...secret })) };
    return untyped({ ...pod, spec });
  },
};

/** Mounts the token into every container that has nothing at its place. */
function withToken(spec: PodSpec, newName: () => string): PodSpec {
  const existing = spec.volumes?.find((volume) => volume.name.startsWith(volumePrefix));
  const name = existing?.name ?? newName();
  const mounted = (container: Container) => container.volumeMounts?.some((mount) => mount.mountPath === mountPath);
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  if (containers.every(mounted)) return spec;
  const mount = (container: Container): Container =>
    mounted(container)
      ? container
      : { ...container, volumeMounts: [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath }] };
  return {
    ...spec,
    ...(spec.initContainers && { initContainers: spec.initContainers.map(mount) }),
    containers: spec.containers.map(mount),
    ...(!existing && { volumes: [...(spec.volumes ?? []), tokenVolume(name)] }),
  };
}

const tokenVolume = (name: string): Volume => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: "token" } },
      { configMap: { items: [{ key: "ca.crt", path: "ca.crt" }], name: "kube-root-ca.crt" } },
      {
        downwardAPI: {
          items: [{ fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" }, path: "namespace" }],
        },
      },
    ],
    defaultMode: 0o644,
  },
});
