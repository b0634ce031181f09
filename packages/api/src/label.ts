const keyFormat = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const keyPattern = new RegExp(`^${keyFormat}$`);
const valuePattern = new RegExp(`^(${keyFormat})?$`);
const subdomainFormat = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const subdomainPattern = new RegExp(`^${subdomainFormat}$`);
const maxNameLength = 63;
const maxSubdomainLength = 253;

const keyRule =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character " +
  `(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '${keyFormat}')`;
const valueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and " +
  `end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(${keyFormat})?')`;
const subdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and " +
  `end with an alphanumeric character (e.g. 'example.com', regex used for validation is '${subdomainFormat}')`;

/** What is wrong with a label key (`app`, `example.com/team`), in Kubernetes' words; none for a good one. */
export function labelKeyProblems(key: string): string[] {
  const parts = key.split("/");
  if (parts.length > 2) {
    return [`a valid label key ${keyRule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const problems: string[] = [];
  const name = parts.at(-1) ?? "";
  const prefix = parts.length === 2 ? (parts[0] ?? "") : undefined;
  if (prefix === "") problems.push("prefix part must be non-empty");
  else if (prefix !== undefined) problems.push(...subdomainProblems(prefix).map((problem) => `prefix part ${problem}`));
  if (name === "") problems.push("name part must be non-empty");
  else if (byteLength(name) > maxNameLength) problems.push(`name part must be no more than ${maxNameLength} bytes`);
  if (!keyPattern.test(name)) problems.push(`name part ${keyRule}`);
  return problems;
}

/** What is wrong with a label value, in Kubernetes' words; none for a good one. */
export function labelValueProblems(value: string): string[] {
  const problems: string[] = [];
  if (byteLength(value) > maxNameLength) problems.push(`must be no more than ${maxNameLength} bytes`);
  if (!valuePattern.test(value)) problems.push(valueRule);
  return problems;
}

/** What is wrong with a name that must be a DNS subdomain (most object names), in Kubernetes' words. */
export function subdomainProblems(name: string): string[] {
  const problems: string[] = [];
  if (byteLength(name) > maxSubdomainLength) problems.push(`must be no more than ${maxSubdomainLength} bytes`);
  if (!subdomainPattern.test(name)) problems.push(subdomainRule);
  return problems;
}

function byteLength(text: string): number {
  return Buffer.byteLength(text);
}
