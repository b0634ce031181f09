/** How a quantity was written, and so how it is printed: `12M`, `12Mi` or `12e6`. */
export type QuantityFormat = "DecimalSI" | "BinarySI" | "DecimalExponent";

/** A text that is no quantity. The messages are those of Kubernetes (apimachinery `resource.ParseQuantity`). */
export class QuantityError extends Error {
  override readonly name = "QuantityError";
}

const formatWrong = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
const numericWrong = "unable to parse numeric part of quantity";
const suffixWrong = "unable to parse quantity's suffix";

const decimalSuffixes: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  "": 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binarySuffixes: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
const decimalSuffixOf = new Map(Object.entries(decimalSuffixes).map(([suffix, exponent]) => [exponent, suffix]));
const binarySuffixList = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

const smallestExponent = -9;
const largestDecimalExponent = 18;
const maxInt64 = 2n ** 63n - 1n;
const minInt64 = -(2n ** 63n);
/** Beyond this many digits, aligning two quantities would cost more than any real one is worth. */
const maxAlignDigits = 10_000;
/** Powers of ten above this are infinite as floating-point numbers. */
const largestFloatExponent = 308;

/**
 * An amount of a resource: exact, immutable, and printed as Kubernetes prints it. The value is
 * `mantissa * 10^exponent`; nothing smaller than a nano is kept (parsing rounds up, away from zero).
 */
export class Quantity {
  static readonly zero = new Quantity(0n, 0, "DecimalSI", "0");

  readonly mantissa: bigint;
  readonly exponent: number;
  readonly format: QuantityFormat;
  #text: string | undefined;

  private constructor(mantissa: bigint, exponent: number, format: QuantityFormat, text?: string) {
    this.mantissa = mantissa;
    this.exponent = exponent;
    this.format = format;
    this.#text = text;
  }

  /**
   * Reads `1.5Gi`, `100m`, `12e6`, ... A number stands for its decimal digits. White space is refused (JSON decoding
   * trims it first; see {@link canonicalQuantity}).
   * @throws QuantityError with the message that Kubernetes gives
   */
  static parse(source: string | number): Quantity {
    const text = typeof source === "number" ? String(source) : source;
    if (text === "0") return Quantity.zero;
    const parts = text === "" ? null : /^([+-]?)0*(\d*)(?:\.(\d*))?([eEinumkKMGTP]*[-+]?\d*)$/.exec(text);
    if (!parts) throw new QuantityError(formatWrong);
    const negative = parts[1] === "-";
    const whole = parts[2] || "0";
    const fraction = parts[3] ?? "";
    const suffix = interpretSuffix(parts[4] ?? "");
    const signed = (amount: bigint) => (negative ? -amount : amount);

    // Upstream reads numbers of up to 18 digits in 64 bits, and then keeps the text of some that it takes for
    // canonical: `+5Ki`, `1.500` and `007` are printed as they came.
    const binary = suffix.format === "BinarySI";
    const digits = whole.length + fraction.length;
    const short = binary
      ? fraction === "" && 15 - whole.length - Math.trunc(Math.fround((suffix.exponent * 3) / 10)) - 1 >= 0
      : digits <= 18 && suffix.exponent - fraction.length >= smallestExponent;
    const shifted = BigInt(whole + fraction);
    if (short) {
      if (binary) {
        const amount = shifted << BigInt(suffix.exponent);
        return new Quantity(signed(amount), 0, "BinarySI", (shifted & 7n) !== 0n ? text : undefined);
      }
      const exponent = suffix.exponent - fraction.length;
      const all = whole + fraction;
      const canonical = exponent % 3 === 0 && !all.endsWith("000") && all[0] !== "0";
      return new Quantity(signed(shifted), exponent, suffix.format, canonical ? text : undefined);
    }
    if (!/\d/.test(text.slice(0, text.length - (parts[4] ?? "").length))) throw new QuantityError(numericWrong);
    const amount = binary
      ? roundUp(shifted << BigInt(suffix.exponent), -fraction.length, smallestExponent)
      : roundUp(shifted, suffix.exponent - fraction.length, smallestExponent);
    if (!binary) return new Quantity(signed(amount.mantissa), amount.exponent, suffix.format);
    if (compareAmounts(amount.mantissa, amount.exponent, maxInt64, 0) > 0) {
      return new Quantity(signed(maxInt64), 0, "BinarySI");
    }
    const belowOne = amount.mantissa > 0n && compareAmounts(amount.mantissa, amount.exponent, 1n, 0) < 0;
    return new Quantity(signed(amount.mantissa), amount.exponent, belowOne ? "DecimalSI" : "BinarySI");
  }

  /** `mantissa * 10^exponent`, rounded up to a nano. */
  static of(mantissa: bigint | number, exponent = 0, format: QuantityFormat = "DecimalSI"): Quantity {
    const exact = roundUp(BigInt(mantissa), exponent, smallestExponent);
    return new Quantity(exact.mantissa, exact.exponent, format);
  }

  /** Thousandths, such as CPU millis: `ofMilli(1500)` prints `1500m`. */
  static ofMilli(milli: bigint | number): Quantity {
    return Quantity.of(milli, -3);
  }

  /** Bytes in binary format: `ofBytes(1024)` prints `1Ki`. */
  static ofBytes(bytes: bigint | number): Quantity {
    return Quantity.of(bytes, 0, "BinarySI");
  }

  get isZero(): boolean {
    return this.mantissa === 0n;
  }

  get sign(): -1 | 0 | 1 {
    return this.mantissa === 0n ? 0 : this.mantissa > 0n ? 1 : -1;
  }

  /** The sum, in this quantity's format (in the other's where this one is zero). */
  add(other: Quantity): Quantity {
    const exponent = Math.min(this.exponent, other.exponent);
    const sum = expand(this.mantissa, this.exponent - exponent) + expand(other.mantissa, other.exponent - exponent);
    return new Quantity(sum, exponent, this.isZero ? other.format : this.format);
  }

  /** The difference, in this quantity's format (in the other's where this one is zero). */
  sub(other: Quantity): Quantity {
    return this.add(other.negate());
  }

  negate(): Quantity {
    return new Quantity(-this.mantissa, this.exponent, this.format);
  }

  /** Times `numerator / denominator`, rounded up (away from zero) to a nano. */
  scale(numerator: bigint | number, denominator: bigint | number = 1): Quantity {
    const divisor = BigInt(denominator);
    const product = this.mantissa * BigInt(numerator);
    if (divisor === 1n) return new Quantity(product, this.exponent, this.format);
    const shift = Math.max(0, this.exponent - smallestExponent);
    return new Quantity(divideUp(expand(product, shift), divisor), this.exponent - shift, this.format);
  }

  /** Below zero where this is the smaller, 0 where the amounts are equal however written, above zero otherwise. */
  compare(other: Quantity): number {
    return compareAmounts(this.mantissa, this.exponent, other.mantissa, other.exponent);
  }

  equals(other: Quantity): boolean {
    return this.compare(other) === 0;
  }

  min(other: Quantity): Quantity {
    return other.compare(this) < 0 ? other : this;
  }

  max(other: Quantity): Quantity {
    return other.compare(this) > 0 ? other : this;
  }

  /** In units of `10^exponent`, rounded up (away from zero): `scaled(0)` whole units, `scaled(-3)` millis. */
  scaled(exponent: number): bigint {
    const rounded = roundUp(this.mantissa, this.exponent, exponent);
    return expand(rounded.mantissa, rounded.exponent - exponent);
  }

  /** Whole units, rounded up. Exact up to 2^53. */
  value(): number {
    return this.exponent > largestFloatExponent ? this.toNumber() : Number(this.scaled(0));
  }

  /** Thousandths, rounded up. Exact up to 2^53. */
  milliValue(): number {
    return this.exponent > largestFloatExponent ? this.toNumber() : Number(this.scaled(-3));
  }

  /** The nearest floating-point number. */
  toNumber(): number {
    return Number(`${this.mantissa}e${this.exponent}`);
  }

  /** The canonical form: no fraction, the largest suffix that loses nothing, in the format the quantity came in. */
  toString(): string {
    this.#text ??= canonical(this);
    return this.#text;
  }

  toJSON(): string {
    return this.toString();
  }
}

function interpretSuffix(suffix: string): { exponent: number; format: QuantityFormat } {
  const decimal = decimalSuffixes[suffix];
  if (decimal !== undefined) return { exponent: decimal, format: "DecimalSI" };
  const binary = binarySuffixes[suffix];
  if (binary !== undefined) return { exponent: binary, format: "BinarySI" };
  const exponent = /^[eE]([+-]?\d+)$/.exec(suffix)?.[1];
  if (exponent === undefined) throw new QuantityError(suffixWrong);
  const parsed = BigInt(exponent.replace("+", ""));
  if (parsed > maxInt64 || parsed < minInt64) throw new QuantityError(suffixWrong);
  return { exponent: Number(BigInt.asIntN(32, parsed)), format: "DecimalExponent" };
}

function canonical(quantity: Quantity): string {
  if (quantity.isZero) return "0";
  const { mantissa, exponent, format } = quantity;
  if (format === "BinarySI") {
    const small = compareAmounts(mantissa, exponent, -1024n, 0) > 0 && compareAmounts(mantissa, exponent, 1024n, 0) < 0;
    const whole = roundUp(mantissa, exponent, 0);
    if (!small && compareAmounts(whole.mantissa, whole.exponent, mantissa, exponent) === 0) {
      let amount = expand(whole.mantissa, whole.exponent);
      let suffix = 0;
      while (suffix < 6 && amount % 1024n === 0n) {
        amount /= 1024n;
        suffix++;
      }
      return `${amount}${binarySuffixList[suffix]}`;
    }
  }
  const decimal = decimalParts(mantissa, exponent);
  if (format === "DecimalExponent") {
    return decimal.exponent === 0 ? decimal.digits : `${decimal.digits}e${decimal.exponent}`;
  }
  // Upstream drops the exponent of what is beyond exa (1000E is printed as 1); we print the zeros instead.
  const beyond = Math.max(0, decimal.exponent - largestDecimalExponent);
  return `${decimal.digits}${"0".repeat(beyond)}${decimalSuffixOf.get(decimal.exponent - beyond) ?? ""}`;
}

/** The digits without trailing zeros, as far as the exponent is a multiple of three. */
function decimalParts(mantissa: bigint, exponent: number): { digits: string; exponent: number } {
  const digits = mantissa.toString();
  const zeros = /0*$/.exec(digits)?.[0].length ?? 0;
  const bare = digits.slice(0, digits.length - zeros);
  const shifted = exponent + zeros;
  const pad = ((shifted % 3) + 3) % 3;
  return { digits: bare + "0".repeat(pad), exponent: shifted - pad };
}

/** The amount with an exponent of at least `smallest`; what is cut off rounds away from zero. */
function roundUp(mantissa: bigint, exponent: number, smallest: number): { mantissa: bigint; exponent: number } {
  if (exponent >= smallest) return { mantissa, exponent };
  const drop = smallest - exponent;
  if (mantissa === 0n) return { mantissa, exponent: smallest };
  if (drop > digitsOf(mantissa)) return { mantissa: mantissa > 0n ? 1n : -1n, exponent: smallest };
  return { mantissa: divideUp(mantissa, 10n ** BigInt(drop)), exponent: smallest };
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  if (quotient * divisor === dividend) return quotient;
  return dividend < 0n !== divisor < 0n ? quotient - 1n : quotient + 1n;
}

function expand(mantissa: bigint, digits: number): bigint {
  if (mantissa === 0n || digits === 0) return mantissa;
  if (digits > maxAlignDigits) throw new RangeError("quantity out of range");
  return mantissa * 10n ** BigInt(digits);
}

function digitsOf(mantissa: bigint): number {
  const text = mantissa.toString();
  return mantissa < 0n ? text.length - 1 : text.length;
}

function compareAmounts(left: bigint, leftExponent: number, right: bigint, rightExponent: number): number {
  if (leftExponent === rightExponent) return left < right ? -1 : left > right ? 1 : 0;
  const leftSign = left === 0n ? 0 : left > 0n ? 1 : -1;
  const rightSign = right === 0n ? 0 : right > 0n ? 1 : -1;
  if (leftSign !== rightSign) return leftSign - rightSign;
  if (leftSign === 0) return 0;
  const byLength = digitsOf(left) + leftExponent - (digitsOf(right) + rightExponent);
  if (byLength !== 0) return byLength * leftSign;
  const exponent = Math.min(leftExponent, rightExponent);
  const difference = expand(left, leftExponent - exponent) - expand(right, rightExponent - exponent);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** What a manifest or an API object holds: the text, or a bare number. */
export type QuantityText = string | number;

interface Parsed {
  readonly quantity: Quantity;
  readonly text: string;
  readonly value: number;
  readonly milli: number;
}

/** Texts repeat (a cluster has few distinct requests), so parsing is a look-up. Bounded: emptied when full. */
const parsedByText = new Map<QuantityText, Parsed>();
const maxCachedTexts = 16_384;

function parsed(text: QuantityText): Parsed {
  return parsedByText.get(text) ?? parseAndKeep(text);
}

function parseAndKeep(text: QuantityText): Parsed {
  const quantity = Quantity.parse(typeof text === "string" ? text.trim() : text);
  const entry: Parsed = {
    quantity,
    text: quantity.toString(),
    value: quantity.value(),
    milli: quantity.milliValue(),
  };
  if (parsedByText.size >= maxCachedTexts) parsedByText.clear();
  parsedByText.set(text, entry);
  return entry;
}

/** The quantity of a field, surrounding white space ignored as JSON decoding does. Cached by text. */
export function quantityOf(text: QuantityText): Quantity {
  return parsed(text).quantity;
}

/** Thousandths (CPU millis) as a plain number, rounded up: `milliOf("0.1")` is 100. Cached; the packer's fast path. */
export function milliOf(text: QuantityText): number {
  return parsed(text).milli;
}

/** Whole units (bytes, pods, devices) as a plain number, rounded up: `bytesOf("1Ki")` is 1024. Cached. */
export function bytesOf(text: QuantityText): number {
  return parsed(text).value;
}

/** The text as Kubernetes stores and prints it: `0.1` is `100m`, `1.5Gi` is `1536Mi`. Cached. */
export function canonicalQuantity(text: QuantityText): string {
  return parsed(text).text;
}

/** The message that Kubernetes gives for a text that is no quantity; undefined for one that is. */
export function quantityProblem(text: QuantityText): string | undefined {
  try {
    parsed(text);
    return undefined;
  } catch (error) {
    if (error instanceof QuantityError) return error.message;
    throw error;
  }
}

/** Orders two texts by amount. */
export function compareQuantities(left: QuantityText, right: QuantityText): number {
  return parsed(left).quantity.compare(parsed(right).quantity);
}

/** The sum of all, canonical; `0` for none. */
export function sumQuantities(texts: Iterable<QuantityText>): string {
  let sum = Quantity.zero;
  for (const text of texts) sum = sum.add(parsed(text).quantity);
  return sum.toString();
}

/** CPU millis as Kubernetes prints them: 1500 is `1500m`, 2000 is `2`. */
export function formatMilli(milli: number): string {
  return Quantity.ofMilli(Math.ceil(milli)).toString();
}

/** Bytes in binary format: 1536 * 2^20 is `1536Mi`. */
export function formatBytes(bytes: number): string {
  return Quantity.ofBytes(Math.ceil(bytes)).toString();
}
