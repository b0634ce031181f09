import { SelectorError } from "./label-selector.ts";

export interface FieldRequirement {
  readonly field: string;
  readonly operator: "=" | "!=";
  readonly value: string;
}

/** Tells which objects are meant, by a few of their fields: all requirements must hold. */
export class FieldSelector {
  static readonly everything = new FieldSelector([]);
  readonly requirements: readonly FieldRequirement[];

  constructor(requirements: readonly FieldRequirement[]) {
    this.requirements = requirements;
  }

  get isEverything(): boolean {
    return this.requirements.length === 0;
  }

  /** @param fieldValue  the object's value of a field, empty where it has none */
  matches(fieldValue: (field: string) => string): boolean {
    return this.requirements.every(
      ({ field, operator, value }) => (fieldValue(field) === value) === (operator === "="),
    );
  }

  /** The one value that `field` must have, where the selector says so; for indexes. */
  exactValue(field: string): string | undefined {
    return this.requirements.find((one) => one.field === field && one.operator === "=")?.value;
  }

  /** The selector syntax: `spec.nodeName=a,status.phase!=Running`. */
  toString(): string {
    return this.requirements.map(({ field, operator, value }) => `${field}${operator}${escapeValue(value)}`).join(",");
  }
}

/**
 * Reads the syntax of `kubectl --field-selector`: `spec.nodeName=a,status.phase!=Running`; `\` escapes `,`, `=` and
 * itself in values. Empty is everything.
 * @throws SelectorError with the message that Kubernetes gives
 */
export function parseFieldSelector(text: string): FieldSelector {
  const requirements = splitTerms(text)
    .filter((term) => term !== "")
    .sort()
    .map((term): FieldRequirement => {
      const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
      if (!match) throw new SelectorError(`invalid selector: '${text}'; can't understand '${term}'`);
      return {
        field: match[1] ?? "",
        operator: match[2] === "!=" ? "!=" : "=",
        value: unescapeValue(match[3] ?? ""),
      };
    })
    .filter(({ field, value }) => field !== "" || value !== "");
  return requirements.length === 0 ? FieldSelector.everything : new FieldSelector(requirements);
}

function splitTerms(text: string): string[] {
  return text.match(/(?:\\[\s\S]|[^\\,])+\\?|\\/g) ?? [];
}

function escapeValue(value: string): string {
  return value.replace(/[\\,=]/g, "\\$&");
}

function unescapeValue(value: string): string {
  return value.replace(/\\([\s\S]?)|[,=]/gu, (sequence, escaped: string | undefined) => {
    if (escaped === undefined) {
      throw new SelectorError(`invalid field selector: unescaped character in value: ${sequence.codePointAt(0)}`);
    }
    if (escaped !== "\\" && escaped !== "," && escaped !== "=") {
      throw new SelectorError(`invalid field selector: invalid escape sequence: ${sequence}`);
    }
    return escaped;
  });
}
