const compiled = new Map<string, RegExp | undefined>();

/**
 * A pattern in Go's syntax (RE2) as a JavaScript expression; undefined where it is not understood. Leading flags, `\A`,
 * `\z`, named groups and POSIX classes are translated. Remembered, as schemas repeat few patterns.
 */
export function goRegExp(pattern: string): RegExp | undefined {
  if (!compiled.has(pattern)) compiled.set(pattern, compile(pattern));
  return compiled.get(pattern);
}

function compile(pattern: string): RegExp | undefined {
  const leading = /^\(\?([imsU]+)\)/.exec(pattern);
  const flags = [...(leading?.[1] ?? "")].filter((flag) => "ims".includes(flag)).join("");
  const body = pattern
    .slice(leading?.[0].length ?? 0)
    .replaceAll("\\A", "^")
    .replaceAll("\\z", "$")
    .replaceAll("(?P<", "(?<")
    .replaceAll(/\[:(\^?)(\w+):\]/g, (whole, negated: string, name: string) => {
      const members = posixClasses[name];
      return members === undefined || negated ? whole : members;
    });
  for (const mode of ["u", ""]) {
    try {
      return new RegExp(body, flags + mode);
    } catch {
      // JavaScript's unicode mode refuses escapes that Go takes, such as `\-`; the other mode takes them.
    }
  }
  return undefined;
}

const posixClasses: Readonly<Record<string, string>> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  ascii: "\\x00-\\x7F",
  blank: "\\t ",
  cntrl: "\\x00-\\x1F\\x7F",
  digit: "0-9",
  graph: "!-~",
  lower: "a-z",
  print: " -~",
  punct: "!-\\/:-@\\[-`{-~",
  space: "\\t\\n\\v\\f\\r ",
  upper: "A-Z",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};

/** What Go says of a pattern that it can't read; the place only where it is the whole pattern. */
export function goRegExpProblem(pattern: string): string {
  try {
    new RegExp(pattern);
    return `error parsing regexp: invalid or unsupported Perl syntax: \`${pattern}\``;
  } catch (error) {
    const { message } = error as Error;
    if (message.includes("Unterminated group")) return `error parsing regexp: missing closing ): \`${pattern}\``;
    if (message.includes("Unmatched ')'")) return `error parsing regexp: unexpected ): \`${pattern}\``;
    if (message.includes("Unterminated character class"))
      return `error parsing regexp: missing closing ]: \`${pattern.slice(pattern.lastIndexOf("["))}\``;
    const repeated = /[*+?]/.exec(pattern)?.[0] ?? "*";
    return `error parsing regexp: missing argument to repetition operator: \`${repeated}\``;
  }
}
