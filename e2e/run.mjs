// `npm run e2e`: the suites of this folder on a real control plane, on the pinned Node.
import { join } from "node:path";
import { become } from "../packages/cli/bootstrap/install.mjs";

become(({ node, root }) => [node, "--enable-source-maps", join(root, "e2e/src/main.ts"), ...process.argv.slice(2)]);
