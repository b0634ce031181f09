const oldestMinor = 32;
const newestMinor = 36;

/**
 * What to tell a kubectl that is too old for this server, by its `user-agent` (`kubectl/v1.20.2 (linux/amd64) ...`): it
 * lacks APIs and patches that the server expects of it. Undefined for every other client.
 */
export function oldClientWarning(userAgent: string | undefined): string | undefined {
  const [, version, minor] = /^kubectl\S*\/(v1\.(\d+)\S*)/.exec(userAgent ?? "") ?? [];
  if (version === undefined || Number(minor) >= oldestMinor) return undefined;
  return `kubectl ${version} is too old for this server, which works with 1.${oldestMinor} to 1.${newestMinor}: some commands will fail or leave things out`;
}
