// The bellows command on the pinned Node: `node packages/cli/bootstrap/run.mjs COMMAND ...`.
import { join } from "node:path";
import { become } from "./install.mjs";

become(({ node, root }) => [
  node,
  "--enable-source-maps",
  join(root, "packages/cli/src/main.ts"),
  ...process.argv.slice(2),
]);
