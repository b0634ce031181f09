/** The parts of an image reference. */
export interface ImageReference {
  /** With registry and path, as written: `registry.k8s.io/hpa-example`. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** Reads `registry:5000/path/name:tag@sha256:...`; undefined where it is no reference (an upper-case letter, a blank). */
export function parseImage(image: string): ImageReference | undefined {
  const match =
    /^((?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)(?::([\w][\w.-]{0,127}))?(?:@([a-z0-9]+:[a-f0-9]{32,}))?$/.exec(
      image,
    );
  if (!match) return undefined;
  return { repository: match[1] as string, tag: match[2], digest: match[3] };
}

/** The last part of the repository: `registry.k8s.io/hpa-example:1.0` gives `hpa-example`. */
export function imageName(image: string): string {
  const repository = parseImage(image)?.repository ?? image;
  return repository.slice(repository.lastIndexOf("/") + 1);
}

/** With the default tag, as the kubelet pulls it: `nginx` gives `nginx:latest`. */
export function taggedImage(image: string): string {
  const parsed = parseImage(image);
  return parsed && !parsed.tag && !parsed.digest ? `${image}:latest` : image;
}

/** As the container runtime names it: `nginx` gives `docker.io/library/nginx:latest`. */
export function fullImage(image: string): string {
  const tagged = taggedImage(image);
  const slash = tagged.indexOf("/");
  if (slash < 0) return `docker.io/library/${tagged}`;
  const host = tagged.slice(0, slash);
  return /[.:]/.test(host) || host === "localhost" ? tagged : `docker.io/${tagged}`;
}
