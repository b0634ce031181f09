/**
 * The messages of `externalscaler.proto` (package externalscaler, service ExternalScaler), by hand: there are seven, of
 * four kinds of fields. What is not known is passed over, as protocol buffers ask.
 */

export interface ScaledObjectRef {
  readonly name: string;
  readonly namespace: string;
  readonly scalerMetadata: Readonly<Record<string, string>>;
}

export interface GetMetricsRequest {
  readonly scaledObjectRef: ScaledObjectRef;
  readonly metricName: string;
}

/** The float counts where it is above 0, the older whole number otherwise. */
export interface NamedAmount {
  readonly name: string;
  readonly whole: number;
  readonly float: number;
}

export const encodeScaledObjectRef = ({ name, namespace, scalerMetadata }: ScaledObjectRef): Buffer =>
  Buffer.concat([
    textField(1, name),
    textField(2, namespace),
    ...Object.entries(scalerMetadata).map(([key, value]) =>
      bytesField(3, Buffer.concat([textField(1, key), textField(2, value)])),
    ),
  ]);

export const encodeGetMetricsRequest = ({ scaledObjectRef, metricName }: GetMetricsRequest): Buffer =>
  Buffer.concat([bytesField(1, encodeScaledObjectRef(scaledObjectRef)), textField(2, metricName)]);

/** IsActiveResponse. */
export const decodeActive = (message: Buffer): boolean =>
  fieldsOf(message).some(([tag, value]) => tag === 1 && value !== 0n);

/** GetMetricSpecResponse and GetMetricsResponse: both are a list of names with a whole number and a float. */
export const decodeAmounts = (message: Buffer): NamedAmount[] =>
  fieldsOf(message).flatMap(([tag, value]) => (tag === 1 && Buffer.isBuffer(value) ? [namedAmount(value)] : []));

function namedAmount(message: Buffer): NamedAmount {
  let name = "";
  let whole = 0;
  let float = 0;
  for (const [tag, value] of fieldsOf(message)) {
    if (tag === 1 && Buffer.isBuffer(value)) name = value.toString("utf8");
    else if (tag === 2 && typeof value === "bigint") whole = Number(BigInt.asIntN(64, value));
    else if (tag === 3 && typeof value === "number") float = value;
  }
  return { name, whole, float };
}

type Field = readonly [tag: number, value: bigint | number | Buffer];

const wireVarint = 0;
const wireDouble = 1;
const wireBytes = 2;
const wireFixed32 = 5;

function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) throw new RangeError("the message is cut off");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("the message has a number of more than 64 bits");
  };
  const take = (length: number): Buffer => {
    if (at + length > message.length) throw new RangeError("the message is cut off");
    at += length;
    return message.subarray(at - length, at);
  };
  while (at < message.length) {
    const key = varint();
    const tag = Number(key >> 3n);
    const wire = Number(key & 7n);
    if (wire === wireVarint) fields.push([tag, varint()]);
    else if (wire === wireDouble) fields.push([tag, take(8).readDoubleLE()]);
    else if (wire === wireBytes) fields.push([tag, take(Number(varint()))]);
    else if (wire === wireFixed32) take(4);
    else throw new RangeError(`the message has a field of the unknown kind ${wire}`);
  }
  return fields;
}

function varintBytes(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  while (left >= 0x80) {
    bytes.push((left % 0x80) | 0x80);
    left = Math.floor(left / 0x80);
  }
  return Buffer.from([...bytes, left]);
}

const bytesField = (tag: number, value: Buffer): Buffer =>
  Buffer.concat([varintBytes(tag * 8 + wireBytes), varintBytes(value.length), value]);

/** Nothing for an empty text, which is what a field that is left out means. */
const textField = (tag: number, value: string): Buffer =>
  value === "" ? Buffer.alloc(0) : bytesField(tag, Buffer.from(value));
