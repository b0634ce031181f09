import type { Volume } from "@bellows/api";
import type { FieldErrors } from "./field-errors.ts";
import { dns1123LabelProblems } from "./formats.ts";
import { validateClaimSpec } from "./persistent-volume-claim.ts";

/** The volumes of a pod; returns the names that containers can mount. */
export function validateVolumes(
  errors: FieldErrors,
  volumes: readonly Volume[] | undefined,
  path: string,
): ReadonlySet<string> {
  const names = new Set<string>();
  volumes?.forEach((volume, index) => {
    const at = `${path}[${index}]`;
    const before = errors.list.length;
    validateSource(errors, volume, at);
    if (!volume.name) errors.required(`${at}.name`);
    else errors.invalidEach(`${at}.name`, volume.name, dns1123LabelProblems(volume.name));
    if (volume.name && names.has(volume.name)) errors.duplicate(`${at}.name`, volume.name);
    if (errors.list.length === before) names.add(volume.name);
  });
  return names;
}

const modeProblem = "must be a number between 0 and 0777 (octal), both inclusive";

function validateSource(errors: FieldErrors, volume: Volume, path: string): void {
  const sources = sourceOrder.filter((name) => volume[name] !== undefined);
  sources.slice(1).forEach((name) => {
    errors.forbidden(`${path}.${name}`, "may not specify more than 1 volume type");
  });
  const [source] = sources;
  if (!source) {
    if (!Object.keys(volume).some((key) => key !== "name")) errors.required(path, "must specify a volume type");
    return;
  }
  const at = `${path}.${source}`;
  const mode = (value: number | undefined) => {
    if (value !== undefined && (value < 0 || value > 0o777)) errors.invalid(`${at}.defaultMode`, value, modeProblem);
  };
  const items = (list: readonly { key?: string; path?: string }[] | undefined) =>
    list?.forEach((item, index) => {
      if (!item.key) errors.required(`${at}.items[${index}].key`);
      if (!item.path) errors.required(`${at}.items[${index}].path`);
      else if (item.path.startsWith("/"))
        errors.invalid(`${at}.items[${index}].path`, item.path, "must be a relative path");
    });
  switch (source) {
    case "hostPath":
      if (!volume.hostPath?.path) errors.required(`${at}.path`);
      else if (volume.hostPath.path.split("/").includes(".."))
        errors.invalid(`${at}.path`, volume.hostPath.path, "must not contain '..'");
      if (volume.hostPath?.type)
        errors.oneOf(`${at}.type`, volume.hostPath.type, [
          "",
          "BlockDevice",
          "CharDevice",
          "Directory",
          "DirectoryOrCreate",
          "File",
          "FileOrCreate",
          "Socket",
        ]);
      break;
    case "secret":
      if (!volume.secret?.secretName) errors.required(`${at}.secretName`);
      mode(volume.secret?.defaultMode);
      items(volume.secret?.items);
      break;
    case "configMap":
      if (!volume.configMap?.name) errors.required(`${at}.name`);
      mode(volume.configMap?.defaultMode);
      items(volume.configMap?.items);
      break;
    case "downwardAPI":
      mode(volume.downwardAPI?.defaultMode);
      break;
    case "projected":
      mode(volume.projected?.defaultMode);
      break;
    case "persistentVolumeClaim":
      if (!volume.persistentVolumeClaim?.claimName) errors.required(`${at}.claimName`);
      break;
    case "emptyDir":
      if (volume.emptyDir?.sizeLimit?.startsWith("-"))
        errors.forbidden(`${at}.sizeLimit`, "SizeLimit field must be a valid resource quantity");
      break;
    case "nfs":
      if (!volume.nfs?.server) errors.required(`${at}.server`);
      if (!volume.nfs?.path) errors.required(`${at}.path`);
      else if (!volume.nfs.path.startsWith("/"))
        errors.invalid(`${at}.path`, volume.nfs.path, "must be an absolute path");
      break;
    case "csi":
      if (!volume.csi?.driver) errors.required(`${at}.driver`);
      break;
    case "ephemeral": {
      const template = volume.ephemeral?.volumeClaimTemplate;
      if (!template) errors.required(`${at}.volumeClaimTemplate`);
      else validateClaimSpec(errors, template.spec, `${at}.volumeClaimTemplate.spec`);
    }
  }
}

const sourceOrder = [
  "emptyDir",
  "hostPath",
  "secret",
  "nfs",
  "persistentVolumeClaim",
  "downwardAPI",
  "configMap",
  "projected",
  "csi",
  "ephemeral",
] as const;
