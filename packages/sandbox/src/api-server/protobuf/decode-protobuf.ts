import { badRequest, StatusError } from "../status-error.ts";
import { fieldsOf, messageOfKind, type ProtobufField, type ProtobufType } from "./protobuf-messages.ts";
import { WireReader } from "./wire-reader.ts";

/** The four bytes before every protobuf document of Kubernetes: `k8s` and zero. */
const magic = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

/**
 * Reads a body of `application/vnd.kubernetes.protobuf`, as typed clients of Kubernetes (kubectl create, drain, auth
 * can-i) send them, into the JSON that it stands for.
 * @throws StatusError 400 for what is not such a document, 415 for a kind without a protobuf form
 */
export function decodeProtobuf(bytes: Buffer): Record<string, unknown> {
  if (!bytes.subarray(0, 4).equals(magic)) throw badRequest("provided data does not appear to be a protobuf message");
  try {
    const envelope = readEnvelope(bytes.subarray(4));
    const message = messageOfKind(envelope.apiVersion, envelope.kind);
    if (!message)
      throw new StatusError(
        415,
        "UnsupportedMediaType",
        `the body of the request was in an unknown format - ${envelope.kind} in version ${JSON.stringify(envelope.apiVersion)} has no protobuf form; accepted media types include: application/json, application/yaml`,
      );
    const { apiVersion, kind } = envelope;
    return { apiVersion, kind, ...readMessage(message, envelope.raw) };
  } catch (error) {
    if (error instanceof RangeError) throw badRequest(`protobuf body cannot be read: ${error.message}`);
    throw error;
  }
}

/** runtime.Unknown: the type in field 1, the object in field 2. */
function readEnvelope(bytes: Buffer) {
  let apiVersion = "";
  let kind = "";
  let raw: Buffer = Buffer.alloc(0);
  const reader = new WireReader(bytes);
  for (let field = reader.next(); field; field = reader.next()) {
    if (field.number === 2) raw = reader.bytes();
    else if (field.number === 1) {
      const type = new WireReader(reader.bytes());
      for (let one = type.next(); one; one = type.next()) {
        if (one.number === 1) apiVersion = type.bytes().toString("utf8");
        else if (one.number === 2) kind = type.bytes().toString("utf8");
        else type.skip();
      }
    } else reader.skip();
  }
  return { apiVersion, kind, raw };
}

function readMessage(message: string, bytes: Buffer): Record<string, unknown> {
  const fields = fieldsOf(message);
  const result: Record<string, unknown> = {};
  const reader = new WireReader(bytes);
  for (let wire = reader.next(); wire; wire = reader.next()) {
    const field = fields.get(wire.number);
    if (field) readField(result, field, reader);
    else reader.skip();
  }
  return result;
}

function readField(into: Record<string, unknown>, { name, type }: ProtobufField, reader: WireReader): void {
  if (type.shape === "list") {
    into[name] ??= [];
    (into[name] as unknown[]).push(readValue(type.of, reader, true));
    return;
  }
  if (type.shape === "map") {
    const [key, value] = readEntry(type.of, reader.bytes());
    into[name] ??= {} as Record<string, unknown>;
    (into[name] as Record<string, unknown>)[key] = value;
    return;
  }
  const value = readValue(type, reader, false);
  if (value === undefined) return;
  if (name === "") Object.assign(into, value);
  else into[name] = value;
}

function readEntry(of: ProtobufType, bytes: Buffer): [string, unknown] {
  let key = "";
  let value: unknown;
  const reader = new WireReader(bytes);
  for (let field = reader.next(); field; field = reader.next()) {
    if (field.number === 1) key = reader.bytes().toString("utf8");
    else if (field.number === 2) value = readValue(of, reader, true);
    else reader.skip();
  }
  return [key, value];
}

/** @param keepZero  in lists and maps every value counts; a field that is zero and not optional was left out in JSON */
function readValue(type: ProtobufType, reader: WireReader, keepZero: boolean): unknown {
  switch (type.shape) {
    case "message": {
      const value = readMessage(type.message, reader.bytes());
      return keepZero || type.optional || Object.keys(value).length > 0 ? value : undefined;
    }
    case "items": {
      const items: unknown[] = [];
      const inner = new WireReader(reader.bytes());
      for (let field = inner.next(); field; field = inner.next()) items.push(readValue(type.of, inner, true));
      return items;
    }
    case "scalar": {
      const value = readScalar(type.scalar, reader);
      return keepZero || type.optional || !isZero(value) ? value : undefined;
    }
    default:
      throw new RangeError("a list of lists");
  }
}

const isZero = (value: unknown): boolean => value === undefined || value === "" || value === 0 || value === false;

function readScalar(scalar: string, reader: WireReader): unknown {
  switch (scalar) {
    case "string":
      return reader.bytes().toString("utf8");
    case "bool":
      return reader.varint() !== 0n;
    case "int":
      return Number(BigInt.asIntN(64, reader.varint()));
    case "double":
      return reader.double();
    case "bytes":
      return reader.bytes().toString("base64");
    default:
      return readSpecial(scalar, new WireReader(reader.bytes()));
  }
}

/** Messages that JSON writes as one value. */
function readSpecial(scalar: string, reader: WireReader): unknown {
  const numbers = new Map<number, bigint>();
  const texts = new Map<number, Buffer>();
  for (let field = reader.next(); field; field = reader.next()) {
    if (field.wire === 2) texts.set(field.number, reader.bytes());
    else numbers.set(field.number, reader.varint());
  }
  const number = (index: number) => Number(BigInt.asIntN(64, numbers.get(index) ?? 0n));
  switch (scalar) {
    case "quantity":
      return texts.get(1)?.toString("utf8") ?? "0";
    case "int-or-string":
      return number(1) === 0 ? Number(BigInt.asIntN(32, numbers.get(2) ?? 0n)) : (texts.get(3)?.toString("utf8") ?? "");
    case "time":
    case "micro-time": {
      if (numbers.size === 0) return undefined;
      const text = new Date(number(1) * 1000).toISOString().slice(0, 19);
      if (scalar === "time") return `${text}Z`;
      return `${text}.${String(Math.floor(number(2) / 1000)).padStart(6, "0")}Z`;
    }
    case "duration":
      return `${number(1) / 1e9}s`;
    case "raw": {
      const raw = texts.get(1);
      return raw && raw.length > 0 ? JSON.parse(raw.toString("utf8")) : undefined;
    }
    default:
      throw new RangeError(`unknown scalar ${scalar}`);
  }
}
