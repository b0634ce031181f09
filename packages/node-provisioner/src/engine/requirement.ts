import { normalizedLabel } from "./well-known-labels.ts";

/** How a requirement is written: core/v1 NodeSelectorRequirement, with Karpenter's Gte, Lte and minValues. */
export interface RequirementFields {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
  readonly minValues?: number;
}

type Operator = "In" | "NotIn" | "Exists" | "DoesNotExist";

const none: ReadonlySet<string> = new Set();

/**
 * The values that a label may have: those in `values`, or (a complement) all but those, within whole-number bounds.
 * Immutable. The rules are those of Karpenter's `pkg/scheduling/requirement.go`, v1.15.
 */
export class Requirement {
  readonly key: string;
  /** True where `values` are the ones that are not allowed. */
  readonly complement: boolean;
  readonly values: ReadonlySet<string>;
  /** Inclusive bounds; only a complement has them. */
  readonly gte: number | undefined;
  readonly lte: number | undefined;
  /** How many different values must stay possible. */
  readonly minValues: number | undefined;

  private constructor(
    key: string,
    complement: boolean,
    values: ReadonlySet<string>,
    gte: number | undefined,
    lte: number | undefined,
    minValues: number | undefined,
  ) {
    this.key = key;
    this.complement = complement;
    this.values = values;
    this.gte = gte;
    this.lte = lte;
    this.minValues = minValues;
  }

  static in(key: string, values: Iterable<string>, minValues?: number): Requirement {
    return new Requirement(key, false, new Set(values), undefined, undefined, minValues);
  }

  static exists(key: string): Requirement {
    return new Requirement(key, true, none, undefined, undefined, undefined);
  }

  static doesNotExist(key: string, minValues?: number): Requirement {
    return new Requirement(key, false, none, undefined, undefined, minValues);
  }

  /** Reads a requirement as it is written; an older name of a well-known label stands for the label. */
  static of({ key: written, operator, values = [], minValues }: RequirementFields): Requirement {
    const key = normalizedLabel(written);
    const bounded = (gte: number | undefined, lte: number | undefined) =>
      new Requirement(key, true, none, gte, lte, minValues);
    const bound = Number.parseInt(values[0] ?? "", 10) || 0;
    switch (operator) {
      case "In":
        return Requirement.in(key, values, minValues);
      case "NotIn":
        return new Requirement(key, true, new Set(values), undefined, undefined, minValues);
      case "DoesNotExist":
        return Requirement.doesNotExist(key, minValues);
      case "Gt":
        return bounded(bound + 1, undefined);
      case "Lt":
        return bounded(undefined, bound - 1);
      case "Gte":
        return bounded(bound, undefined);
      case "Lte":
        return bounded(undefined, bound);
      default:
        return bounded(undefined, undefined);
    }
  }

  /** Bounds without excluded values count as Exists. */
  get operator(): Operator {
    if (this.complement) return this.values.size > 0 ? "NotIn" : "Exists";
    return this.values.size > 0 ? "In" : "DoesNotExist";
  }

  /** Whether no value at all is asked for, or some are only ruled out: a label that is absent meets it. */
  get allowsAbsence(): boolean {
    return this.values.size > 0 ? this.complement : !this.complement;
  }

  has(value: string): boolean {
    return this.values.has(value) !== this.complement && isWithin(value, this.gte, this.lte);
  }

  /** The only value that is possible; undefined where there are several or none. */
  get single(): string | undefined {
    if (this.complement || this.values.size !== 1) return undefined;
    for (const value of this.values) return value;
    return undefined;
  }

  /** What meets both. The same object where `other` takes nothing away. */
  intersection(other: Requirement): Requirement {
    if (other === this) return this;
    const complement = this.complement && other.complement;
    const gte = greater(this.gte, other.gte);
    const lte = lesser(this.lte, other.lte);
    const minValues = greater(this.minValues, other.minValues);
    if (gte !== undefined && lte !== undefined && gte > lte) return Requirement.doesNotExist(this.key, minValues);
    const values = complement ? union(this.values, other.values) : this.#common(other, gte, lte);
    const kept = complement && (gte !== undefined || lte !== undefined) ? filtered(values, gte, lte) : values;
    const [least, most] = complement ? [gte, lte] : [undefined, undefined];
    const unchanged =
      complement === this.complement &&
      kept.size === this.values.size &&
      least === this.gte &&
      most === this.lte &&
      minValues === this.minValues &&
      isSubset(kept, this.values);
    return unchanged ? this : new Requirement(this.key, complement, kept, least, most, minValues);
  }

  /** Like `intersection(other)` having any value, without making it. */
  intersects(other: Requirement): boolean {
    const gte = greater(this.gte, other.gte);
    const lte = lesser(this.lte, other.lte);
    if (gte !== undefined && lte !== undefined && gte > lte) return false;
    if (this.complement && other.complement) return true;
    const [listed, rest] =
      this.complement || (!other.complement && other.values.size < this.values.size) ? [other, this] : [this, other];
    for (const value of listed.values) {
      if (rest.values.has(value) !== rest.complement && isWithin(value, gte, lte)) return true;
    }
    return false;
  }

  withMinValues(minValues: number | undefined): Requirement {
    return new Requirement(this.key, this.complement, this.values, this.gte, this.lte, minValues);
  }

  /** As objects write it: two requirements for two bounds. Values are sorted. */
  toFields(): RequirementFields[] {
    const { key } = this;
    const minValues = this.minValues === undefined ? {} : { minValues: this.minValues };
    const bounds = [
      ...(this.gte === undefined ? [] : [{ key, operator: "Gte", values: [String(this.gte)], ...minValues }]),
      ...(this.lte === undefined ? [] : [{ key, operator: "Lte", values: [String(this.lte)], ...minValues }]),
    ];
    if (bounds.length > 0) return bounds;
    const values = [...this.values].sort();
    return [{ key, operator: this.operator, ...(values.length > 0 && { values }), ...minValues }];
  }

  #common(other: Requirement, gte: number | undefined, lte: number | undefined): ReadonlySet<string> {
    const [listed, rest] = this.complement ? [other, this] : [this, other];
    const common = new Set<string>();
    for (const value of listed.values) {
      if (rest.values.has(value) !== rest.complement && isWithin(value, gte, lte)) common.add(value);
    }
    return common;
  }

  /** As messages have it: `karpenter.sh/capacity-type In [on-demand spot]`, at most five values. */
  toString(): string {
    const { operator } = this;
    let text = `${this.key} ${operator}`;
    if (operator === "In" || operator === "NotIn") {
      const values = [...this.values].sort();
      const shown = values.length > 5 ? [...values.slice(0, 5), `and ${values.length - 5} others`] : values;
      text += ` [${shown.join(" ")}]`;
    }
    if (this.gte !== undefined) text += ` >=${this.gte}`;
    if (this.lte !== undefined) text += ` <=${this.lte}`;
    if (this.minValues !== undefined) text += ` minValues ${this.minValues}`;
    return text;
  }
}

function isWithin(value: string, gte: number | undefined, lte: number | undefined): boolean {
  if (gte === undefined && lte === undefined) return true;
  if (!/^[+-]?\d+$/.test(value)) return false;
  const number = Number(value);
  return (gte === undefined || number >= gte) && (lte === undefined || number <= lte);
}

const greater = (a: number | undefined, b: number | undefined) =>
  a === undefined ? b : b === undefined ? a : Math.max(a, b);
const lesser = (a: number | undefined, b: number | undefined) =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);

function union(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  if (b.size === 0) return a;
  return a.size === 0 ? b : new Set([...a, ...b]);
}

function filtered(values: ReadonlySet<string>, gte: number | undefined, lte: number | undefined): ReadonlySet<string> {
  return new Set([...values].filter((value) => isWithin(value, gte, lte)));
}

function isSubset(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  if (part === whole) return true;
  for (const value of part) if (!whole.has(value)) return false;
  return true;
}
