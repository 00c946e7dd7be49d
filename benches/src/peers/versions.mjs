// Prints the versions of the peers in JavaScript.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.WSCODEC_NODE_MODULES ?? process.cwd()}/`);
console.log(`Node ${process.versions.node}`);
console.log(`ws ${require("ws/package.json").version}`);
