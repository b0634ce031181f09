/**
 * Formats of names and of other text. Each function returns what is wrong, in the words of apimachinery's
 * `util/validation`; nothing when the text is fine.
 */
const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = `${label}(\\.${label})*`;
const label1035 = "[a-z]([-a-z0-9]*[a-z0-9])?";
const qualifiedPart = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

const regexError = (problem: string, pattern: string, ...examples: string[]): string => {
  const shown = examples.map((example) => `'${example}', `).join(" or ");
  return `${problem} (e.g. ${shown}regex used for validation is '${pattern}')`;
};

const labelProblem = regexError(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  label,
  "my-name",
  "123-abc",
);
const subdomainProblem = regexError(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  subdomain,
  "example.com",
);
const label1035Problem = regexError(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  label1035,
  "my-name",
  "abc-123",
);
const qualifiedProblem = regexError(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  qualifiedPart,
  "MyName",
  "my.name",
  "123-abc",
);
const labelValueProblem = regexError(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  `(${qualifiedPart})?`,
  "MyValue",
  "my_value",
  "12345",
);
const percentProblem = regexError(
  "a valid percent string must be a numeric string followed by an ending '%'",
  "[0-9]+%",
  "1%",
  "93%",
);
const configKeyProblem = regexError(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  "[-._a-zA-Z0-9]+",
  "key.name",
  "KEY_NAME",
  "key-name",
);

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`);
const labelPattern = whole(label);
const subdomainPattern = whole(subdomain);
const label1035Pattern = whole(label1035);
const qualifiedPattern = whole(qualifiedPart);
const labelValuePattern = whole(`(${qualifiedPart})?`);
const percentPattern = /^[0-9]+%$/;
const configKeyPattern = /^[-._a-zA-Z0-9]+$/;

const tooLong = (max: number): string => `must be no more than ${max} characters`;
const tooManyBytes = (max: number): string => `must be no more than ${max} bytes`;
const none: readonly string[] = [];

export const inRange = (low: number, high: number): string => `must be between ${low} and ${high}, inclusive`;

/** A DNS label: the name of a container, of a volume, of a namespace. */
export function dns1123LabelProblems(value: string): readonly string[] {
  if (value.length <= 63 && labelPattern.test(value)) return none;
  const problems = value.length > 63 ? [tooLong(63)] : [];
  if (labelPattern.test(value)) return problems;
  // Upstream says what would be right as a subdomain in the subdomain's own words.
  return [...problems, subdomainPattern.test(value) ? "must not contain dots" : labelProblem];
}

/** Names of most objects. */
export function dns1123SubdomainProblems(value: string): readonly string[] {
  if (value.length <= 253 && subdomainPattern.test(value)) return none;
  const problems = value.length > 253 ? [tooLong(253)] : [];
  return subdomainPattern.test(value) ? problems : [...problems, subdomainProblem];
}

/** Names of Services. */
export function dns1035LabelProblems(value: string): readonly string[] {
  if (value.length <= 63 && label1035Pattern.test(value)) return none;
  const problems = value.length > 63 ? [tooLong(63)] : [];
  return label1035Pattern.test(value) ? problems : [...problems, label1035Problem];
}

/** Label keys, resource names, taints: `example.com/name` or `name`. */
export function qualifiedNameProblems(value: string): readonly string[] {
  const parts = value.split("/");
  if (parts.length > 2)
    return [
      `a valid label key ${qualifiedProblem} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  const problems: string[] = [];
  const name = parts.at(-1) as string;
  if (parts.length === 2) {
    const prefix = parts[0] as string;
    if (!prefix) problems.push("prefix part must be non-empty");
    else problems.push(...dns1123SubdomainProblems(prefix).map((problem) => `prefix part ${problem}`));
  }
  if (!name) problems.push("name part must be non-empty");
  else if (name.length > 63) problems.push(`name part ${tooManyBytes(63)}`);
  if (!qualifiedPattern.test(name)) problems.push(`name part ${qualifiedProblem}`);
  return problems;
}

export function labelValueProblems(value: string): readonly string[] {
  const problems = value.length > 63 ? [tooManyBytes(63)] : [];
  return labelValuePattern.test(value) ? problems : [...problems, labelValueProblem];
}

export const portNumberProblems = (value: number): readonly string[] =>
  value >= 1 && value <= 65_535 ? none : [inRange(1, 65_535)];

/** An IANA service name: the name of a port. */
export function portNameProblems(value: string): readonly string[] {
  const problems: string[] = [];
  if (value.length > 15) problems.push(tooLong(15));
  if (!/^[-a-z0-9]+$/.test(value))
    problems.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)");
  if (!/[a-z]/.test(value)) problems.push("must contain at least one letter (a-z)");
  if (value.includes("--")) problems.push("must not contain consecutive hyphens");
  if (value && (value.startsWith("-") || value.endsWith("-"))) problems.push("must not begin or end with a hyphen");
  return problems;
}

export const envVarNameProblems = (value: string): readonly string[] =>
  /^[ -<>-~]+$/.test(value)
    ? none
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];

/** Keys of ConfigMaps and Secrets. */
export function configKeyProblems(value: string): readonly string[] {
  const problems: string[] = [];
  if (value.length > 253) problems.push(tooLong(253));
  if (!configKeyPattern.test(value)) problems.push(configKeyProblem);
  if (value === ".") problems.push("must not be '.'");
  else if (value === "..") problems.push("must not be '..'");
  else if (value.startsWith("..")) problems.push("must not start with '..'");
  return problems;
}

export const percentProblems = (value: string): readonly string[] =>
  percentPattern.test(value) ? none : [percentProblem];

/** A segment of a URL path: names of RBAC objects. */
export function pathSegmentProblems(value: string): readonly string[] {
  if (value === "." || value === "..") return [`may not be '${value}'`];
  return ["/", "%"].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`);
}

const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

export const isIp = (value: string): boolean =>
  ipv4.test(value) || (value.includes(":") && /^[0-9a-fA-F:.]+$/.test(value) && URL.canParse(`http://[${value}]/`));

export const ipProblems = (value: string): readonly string[] =>
  isIp(value) ? none : ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"];

/** In a field from before addresses were written in one way only, parts may begin with zeros. */
export const legacyIpProblems = (value: string): readonly string[] => ipProblems(withoutLeadingZeros(value));

/** An IPv4 address as it is written today. */
export const withoutLeadingZeros = (address: string): string =>
  /^[\d.]+$/.test(address) ? address.replace(/(^|\.)0+(?=\d)/g, "$1") : address;

const wildcard = /^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** `*.example.com` */
export function wildcardProblems(value: string): readonly string[] {
  const problems: string[] = [];
  if (value.length > 253) problems.push("must be no more than 253 bytes");
  if (!wildcard.test(value))
    problems.push(
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    );
  return problems;
}

/** Addresses that no other node could reach. */
export function unreachableProblems(address: string): readonly string[] {
  if (!isIp(withoutLeadingZeros(address))) return ["must be a valid IP address"];
  if (address === "0.0.0.0" || address === "::") return [`may not be unspecified (${address})`];
  if (address.startsWith("127.") || address === "::1")
    return ["may not be in the loopback range (127.0.0.0/8, ::1/128)"];
  if (address.startsWith("169.254.") || /^fe[89ab]/i.test(address))
    return ["may not be in the link-local range (169.254.0.0/16, fe80::/10)"];
  if (address.startsWith("224.0.0.") || /^ff02:/i.test(address))
    return ["may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"];
  return [];
}
