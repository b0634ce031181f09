import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");
const text = readFileSync(join(root, "deploy/image/Dockerfile"), "utf8");
const stages = text.split(/^(?=FROM )/m).slice(1);
const last = stages.at(-1) as string;
const instructions = (stage: string, name: string) =>
  [...stage.matchAll(new RegExp(`^${name} (.*)$`, "gm"))].map(([, rest]) => rest as string);

describe("the image", () => {
  test("runs as a user that is not root", () => {
    expect(instructions(last, "USER")).toEqual(["65532:65532"]);
  });

  test("copies only what exists, and only the bundle into what is shipped", () => {
    const [build] = stages as [string];
    const sources = instructions(build, "COPY").flatMap((line) => line.split(" ").slice(0, -1));
    for (const source of sources) expect(existsSync(join(root, source)), source).toBe(true);
    expect(instructions(last, "COPY")).toEqual(["--from=build /app /app"]);
    expect(instructions(last, "RUN")).toEqual([]);
  });

  test("starts bellows", () => {
    expect(JSON.parse(instructions(last, "ENTRYPOINT")[0] as string)).toEqual([
      "node",
      "--max-semi-space-size=8",
      "--heap-growing-percent=35",
      "/app/bellows.mjs",
    ]);
  });

  test("has compiled code that was made with its flags and for its user, which is of no use otherwise", () => {
    const [, flags, user] = /RUN node ((?:--\S+ )*)\S+\/build\.mjs \/app (\d+)/.exec(stages[0] as string) ?? [];
    const entryPoint = JSON.parse(instructions(last, "ENTRYPOINT")[0] as string) as string[];
    expect(flags?.trim().split(" ")).toEqual(entryPoint.slice(1, -1));
    expect(instructions(last, "USER")).toEqual([`${user}:${user}`]);
  });

  test("says which version it is", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    expect(instructions(last, "ARG")).toContain(`VERSION=${version}`);
    expect(last).toContain('org.opencontainers.image.version="$VERSION"');
  });

  test("is built without what .dockerignore leaves out", () => {
    const ignored = readFileSync(join(root, ".dockerignore"), "utf8").split("\n");
    expect(ignored).toEqual(expect.arrayContaining(["**/node_modules", ".git", "**/dist"]));
    expect(ignored).not.toContain("packages");
  });
});
