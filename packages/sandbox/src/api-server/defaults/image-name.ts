const domainComponent = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const domain = `(?:${domainComponent}(?:\\.${domainComponent})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const pathComponent = "[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*";
const reference = new RegExp(
  `^(?:${domain}/)?${pathComponent}(?:/${pathComponent})*(?::([\\w][\\w.-]{0,127}))?(@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`,
);

/**
 * `Always` for an image tagged `latest` or not tagged at all; `IfNotPresent` for any other tag, a digest, and text that
 * is no image reference.
 */
export function pullPolicyOf(image: string): "Always" | "IfNotPresent" {
  const cached = cache.get(image);
  if (cached) return cached;
  const match = image.length > 0 && !/^[a-f0-9]{64}$/.test(image) ? reference.exec(image) : null;
  const [, tag, digest] = match ?? [];
  const policy = match && (tag === "latest" || (tag === undefined && digest === undefined)) ? "Always" : "IfNotPresent";
  if (cache.size >= cacheLimit) cache.clear();
  cache.set(image, policy);
  return policy;
}

/** Clusters run thousands of pods from few images. */
const cache = new Map<string, "Always" | "IfNotPresent">();
const cacheLimit = 1000;
