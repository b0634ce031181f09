/** apimachinery's rules of names (1.35), each answering what is wrong, or undefined. */

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const label1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

export function subdomainProblem(name: string): string | undefined {
  const problems: string[] = [];
  if (name.length > 253) problems.push("must be no more than 253 bytes");
  if (!subdomain.test(name))
    problems.push(
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
    );
  return problems.join(",") || undefined;
}

export function dns1035Problem(name: string): string | undefined {
  const problems: string[] = [];
  if (name.length > 63) problems.push("must be no more than 63 bytes");
  if (!label1035.test(name))
    problems.push(
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
    );
  return problems.join(",") || undefined;
}
