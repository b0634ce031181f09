/** Why a connection came to nothing, as Go's HTTP client says it. */
export function connectionProblem(error: Error): string {
  if (error.name === "TimeoutError" || error.name === "AbortError") return "context deadline exceeded";
  const { code, address, port, hostname } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
    hostname?: string;
  };
  if (code === "ECONNREFUSED") return `dial tcp ${address}:${port}: connect: connection refused`;
  if (code === "EHOSTUNREACH") return `dial tcp ${address}:${port}: connect: no route to host`;
  if (code === "ENOTFOUND") return `dial tcp: lookup ${hostname}: no such host`;
  if (code === "ECONNRESET") return "EOF";
  if (code !== undefined && /CERT|SELF_SIGNED|VERIFY|ISSUER/.test(code))
    return `tls: failed to verify certificate: ${error.message}`;
  return error.message;
}
