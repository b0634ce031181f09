import { StatusError } from "./status-error.ts";

/** How an object is to be written, and as what. */
export interface Representation {
  readonly format: "json" | "yaml";
  /** `Table`, `PartialObjectMetadata`, `PartialObjectMetadataList`: undefined is the object as it is. */
  readonly as: string | undefined;
  readonly asVersion: string;
}

interface MediaRange {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly quality: number;
}

/** The ranges of an `Accept` header, the most wanted first. */
export function acceptedRanges(header: string): readonly MediaRange[] {
  return header
    .split(",")
    .map((range, index) => {
      const [type = "", ...rest] = range.split(";").map((part) => part.trim());
      const parameters: Record<string, string> = {};
      for (const part of rest) {
        const [name = "", value = ""] = part.split("=");
        parameters[name] = value;
      }
      return { type: type.toLowerCase(), parameters, quality: Number(parameters.q ?? 1), index };
    })
    .filter(({ type }) => type !== "")
    .sort((a, b) => b.quality - a.quality || a.index - b.index);
}

const formats: Readonly<Record<string, Representation["format"]>> = {
  "application/json": "json",
  "application/yaml": "yaml",
  "application/*": "json",
  "*/*": "json",
};

const conversions = new Set(["Table", "PartialObjectMetadata", "PartialObjectMetadataList"]);

/** The first representation of an `Accept` header that this server has; 406 where it has none. */
export function negotiate(header: string | undefined, watch = false, listing = watch): Representation {
  if (!header || header === "*/*" || header === "application/json")
    return { format: "json", as: undefined, asVersion: "" };
  let known = false;
  for (const { type, parameters } of acceptedRanges(header)) {
    const format = formats[type];
    if (!format) continue;
    known = true;
    if (watch && format === "yaml") throw notAcceptable(["application/json;stream=watch", `${protobuf};stream=watch`]);
    const as = parameters.as;
    if (as === undefined) return { format, as: undefined, asVersion: "" };
    if (conversions.has(as) && parameters.g === "meta.k8s.io" && (parameters.v === "v1" || parameters.v === "v1beta1"))
      return { format, as, asVersion: parameters.v };
  }
  const all = ["application/json", "application/yaml", protobuf];
  if (known) throw notAcceptable(all);
  // The router's own answer, before any handler is chosen.
  const streams = listing ? ["application/json;stream=watch", `${protobuf};stream=watch`] : [];
  const text = `406: Not Acceptable\n\nAvailable representations: ${[...all, ...streams].join(", ")}`;
  throw new StatusError(406, "NotAcceptable", text, {});
}

const protobuf = "application/vnd.kubernetes.protobuf";

const notAcceptable = (accepted: readonly string[]) =>
  new StatusError(406, "NotAcceptable", `only the following media types are accepted: ${accepted.join(", ")}`);

export type BodyFormat = "json" | "yaml" | "protobuf";

/** The format of a request body by its `content-type`; 415 for one that this server cannot read. */
export function bodyFormat(contentType: string | undefined): BodyFormat {
  const type = (contentType ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  if (type === "" || type === "application/json" || type === "*/*") return "json";
  if (type === "application/yaml") return "yaml";
  if (type === protobuf) return "protobuf";
  throw unsupportedMediaType(["application/json", "application/yaml", protobuf]);
}

const unsupportedMediaType = (accepted: readonly string[]) =>
  new StatusError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  );
