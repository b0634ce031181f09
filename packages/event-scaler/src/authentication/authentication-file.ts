/**
 * All parameters from a file of this machine: a JSON object of texts.
 * @throws where files are not set up, or the file is outside of its folder, missing, or something else
 */
export async function readAuthenticationFile(
  filePath: string,
  rootPath: string | undefined,
  readFile: ((path: string) => Promise<string>) | undefined,
): Promise<Record<string, string>> {
  if (!rootPath || !readFile) throw new Error("filepath-auth-root-path not configured");
  if (filePath.startsWith("/") || filePath.includes("..")) {
    throw new Error(`spec.filePath: ${JSON.stringify(filePath)}: filePath must be relative and not contain '..'`);
  }
  const path = `${rootPath.replace(/\/+$/, "")}/${filePath.replace(/^(\.\/+)+/, "")}`;
  let text: string;
  try {
    text = await readFile(path);
  } catch (error) {
    throw new Error(`failed to read auth file ${path}: ${(error as Error).message}`, { cause: error });
  }
  return parseParameters(text, path);
}

/** The parser's own messages quote the text, which is secret. */
function parseParameters(text: string, path: string): Record<string, string> {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Error(`failed to unmarshal auth params from ${path}: no JSON, expected an object of texts`);
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) {
    throw new Error(`failed to unmarshal auth params from ${path}: expected an object of texts`);
  }
  const wrong = Object.entries(found).find(([, value]) => typeof value !== "string" && value !== null);
  if (wrong) {
    throw new Error(`failed to unmarshal auth params from ${path}: ${wrong[0]} is ${typeof wrong[1]}, expected a text`);
  }
  return Object.fromEntries(Object.entries(found).map(([key, value]) => [key, (value ?? "") as string]));
}
