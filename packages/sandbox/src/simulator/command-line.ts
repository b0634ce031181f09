/** Splits a command line into words as a POSIX shell does: quotes group, a backslash takes the next character as it is. */
export function words(line: string): string[] {
  const found: string[] = [];
  let word: string | undefined;
  for (let index = 0; index < line.length; index++) {
    const character = line[index] as string;
    if (character === "'" || character === '"') {
      const end = line.indexOf(character, index + 1);
      if (end < 0) throw new SyntaxError(`${line}: the ${character} is not closed`);
      word = (word ?? "") + line.slice(index + 1, end);
      index = end;
    } else if (/\s/.test(character)) {
      if (word !== undefined) found.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + (character === "\\" ? (line[++index] ?? "") : character);
    }
  }
  if (word !== undefined) found.push(word);
  return found;
}

export interface CommandLine {
  readonly positional: readonly string[];
  /** By long name; a flag without a value is `true`. */
  readonly flags: Readonly<Record<string, string | true>>;
  /** What follows `--`. */
  readonly rest: readonly string[];
}

/**
 * Reads flags in kubectl's forms (`--min=1`, `--min 1`, `-n ns`, `-it`). `valued` names the flags that take a value, and
 * `short` what the letters stand for.
 */
export function parseCommandLine(
  line: readonly string[],
  valued: ReadonlySet<string>,
  short: Readonly<Record<string, string>>,
): CommandLine {
  const end = line.indexOf("--");
  const before = end < 0 ? line : line.slice(0, end);
  const positional: string[] = [];
  const flags: Record<string, string | true> = {};
  for (let index = 0; index < before.length; index++) {
    const word = before[index] as string;
    const long = /^--([a-z-]+)(?:=(.*))?$/s.exec(word);
    const letters = /^-([a-zA-Z]+)(?:=(.*))?$/s.exec(word);
    const names = long
      ? [long[1] as string]
      : letters
        ? [...(letters[1] as string)].map((letter) => short[letter] ?? letter)
        : [];
    if (names.length === 0) positional.push(word);
    for (const name of names) {
      const value = (long ?? letters)?.[2];
      flags[name] = value ?? (valued.has(name) ? (before[++index] ?? "") : true);
    }
  }
  return { positional, flags, rest: end < 0 ? [] : line.slice(end + 1) };
}
