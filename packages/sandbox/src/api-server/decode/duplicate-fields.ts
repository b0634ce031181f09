/**
 * The paths of fields that stand more than once in the same object of a JSON text, in the order met, each path once:
 * `spec.replicas`, `spec.containers[0].image`. The text must be valid JSON. O(length of the text).
 */
export function duplicateFields(text: string): string[] {
  const found = new Set<string>();
  new Scan(text, found).value("");
  return [...found];
}

class Scan {
  private at = 0;
  private readonly text: string;
  private readonly found: Set<string>;

  constructor(text: string, found: Set<string>) {
    this.text = text;
    this.found = found;
  }

  value(path: string): void {
    this.skipSpace();
    switch (this.text[this.at]) {
      case "{":
        this.object(path);
        return;
      case "[":
        this.list(path);
        return;
      case '"':
        this.string();
        return;
      default:
        while (this.at < this.text.length && !",]} \t\r\n".includes(this.text[this.at] as string)) this.at++;
    }
  }

  private object(path: string): void {
    const seen = new Set<string>();
    this.at++;
    for (this.skipSpace(); this.at < this.text.length && this.text[this.at] !== "}"; this.skipSpace()) {
      if (this.text[this.at] === ",") {
        this.at++;
        this.skipSpace();
      }
      const key = this.string();
      const field = path ? `${path}.${key}` : key;
      if (seen.has(key)) this.found.add(field);
      seen.add(key);
      this.skipSpace();
      this.at++; // the colon
      this.value(field);
    }
    this.at++;
  }

  private list(path: string): void {
    this.at++;
    let index = 0;
    for (this.skipSpace(); this.at < this.text.length && this.text[this.at] !== "]"; this.skipSpace()) {
      if (this.text[this.at] === ",") this.at++;
      else this.value(`${path}[${index++}]`);
    }
    this.at++;
  }

  /** Reads a string and moves behind it. */
  private string(): string {
    const start = this.at;
    let escaped = false;
    for (this.at++; this.at < this.text.length && this.text[this.at] !== '"'; this.at++)
      if (this.text[this.at] === "\\") {
        escaped = true;
        this.at++;
      }
    this.at++;
    return escaped ? (JSON.parse(this.text.slice(start, this.at)) as string) : this.text.slice(start + 1, this.at - 1);
  }

  private skipSpace(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return;
      this.at++;
    }
  }
}
