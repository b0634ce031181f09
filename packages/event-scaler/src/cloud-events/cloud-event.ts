import type { CloudEventType } from "./event-types.ts";

/** What has happened to an object. */
export interface Happening {
  readonly id: string;
  readonly type: CloudEventType;
  /** Of the object; empty for one of the cluster. */
  readonly namespace: string;
  /** The object's kind, as `ScaledObject`. */
  readonly kind: string;
  readonly name: string;
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. */
  readonly time: string;
}

/** Where it happened. */
export interface Origin {
  readonly clusterName: string;
  /** The namespace of KEDA itself. */
  readonly kedaNamespace: string;
}

/** A CloudEvent 1.0 as a POST in binary mode, which is how KEDA's client sends it: attributes in headers, data as the body. */
export function cloudEventRequest(
  { id, type, namespace, kind, name, reason, message, time }: Happening,
  { clusterName, kedaNamespace }: Origin,
): { readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  const attributes = {
    id,
    source: `/${clusterName}/${kedaNamespace}/keda`,
    specversion: "1.0",
    subject: `/${clusterName}/${namespace}/${kind.toLowerCase()}/${name.toLowerCase()}`,
    time,
    type,
  };
  const headers = Object.entries(attributes).map(([attribute, value]) => [`ce-${attribute}`, headerText(value)]);
  return {
    headers: { ...Object.fromEntries(headers), "content-type": "application/json" },
    body: JSON.stringify({ reason, message }),
  };
}

/** The HTTP binding asks for percent-encoding of what is no plain ASCII, and of the quote and the percent sign. */
const headerText = (text: string): string =>
  text.replace(/[^\x21-\x7e]|["%]/gu, (character) =>
    [...new TextEncoder().encode(character)]
      .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
      .join(""),
  );
