import { readFileSync } from "node:fs";

/** What `protobuf-messages.generated.json` holds. */
export interface ProtobufDocument {
  /** The message of a kind, by `apps/v1/Deployment`. */
  readonly kinds: Readonly<Record<string, string>>;
  /** The fields of a message by their numbers: `replicas|*int`. */
  readonly messages: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** A field of a message. */
export interface ProtobufField {
  /** The name in JSON; empty where the message's own fields stand in for it. */
  readonly name: string;
  readonly type: ProtobufType;
}

export type ProtobufType =
  | { readonly shape: "list" | "map"; readonly of: ProtobufType }
  | { readonly shape: "message"; readonly message: string; readonly optional: boolean }
  /** A named list, which is a message with its items in field 1. */
  | { readonly shape: "items"; readonly of: ProtobufType }
  | { readonly shape: "scalar"; readonly scalar: string; readonly optional: boolean };

let loaded: ProtobufDocument | undefined;
const parsed = new Map<string, ReadonlyMap<number, ProtobufField>>();

const document = (): ProtobufDocument => {
  loaded ??= JSON.parse(
    readFileSync(new URL("protobuf-messages.generated.json", import.meta.url), "utf8"),
  ) as ProtobufDocument;
  return loaded;
};

/** The message of a kind; undefined for one that has no protobuf form, such as a custom resource. */
export function messageOfKind(apiVersion: string, kind: string): string | undefined {
  if (kind === "DeleteOptions") return document().kinds.DeleteOptions;
  return document().kinds[`${apiVersion}/${kind}`];
}

/** The fields of a message by number. */
export function fieldsOf(message: string): ReadonlyMap<number, ProtobufField> {
  let fields = parsed.get(message);
  if (!fields) {
    fields = new Map(
      Object.entries(document().messages[message] ?? {}).map(([number, text]) => {
        const bar = text.indexOf("|");
        return [Number(number), { name: text.slice(0, bar), type: parseType(text.slice(bar + 1)) }];
      }),
    );
    parsed.set(message, fields);
  }
  return fields;
}

function parseType(text: string): ProtobufType {
  if (text.startsWith("[")) return { shape: "list", of: parseType(text.slice(1)) };
  if (text.startsWith("{")) return { shape: "map", of: parseType(text.slice(1)) };
  if (text.startsWith("items:")) return { shape: "items", of: parseType(text.slice(6)) };
  const optional = text.startsWith("*");
  const name = optional ? text.slice(1) : text;
  if (name.startsWith("@")) return { shape: "message", message: name.slice(1), optional };
  return { shape: "scalar", scalar: name, optional };
}
