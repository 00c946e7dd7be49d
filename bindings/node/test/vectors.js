// Runs the vectors of tests/vectors (VECTORS names the folder), and counts those that pass.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { pieces } from "./vectors/pieces.js";
import { streams } from "./vectors/streams.js";
import { heads } from "./vectors/heads.js";
import { deflate } from "./vectors/deflate.js";

const FOLDER = process.env.VECTORS;
const TESTS = { ...pieces, ...heads, ...streams, ...deflate };

let passed = 0;
const failures = [];
for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(".json")).sort()) {
    if (file === "schema.json") continue;
    const { parts = {}, vectors } = JSON.parse(readFileSync(`${FOLDER}/${file}`, "utf8"));
    const kind = file.replace(".json", "");
    const test = TESTS[kind];
    assert(test, `there is no test for ${file}`);
    for (const vector of vectors) {
        try {
            test(vector, parts);
            passed += 1;
        } catch (error) {
            failures.push(`${kind}: ${vector.name}\n${error.stack}`);
        }
    }
}
for (const failure of failures.slice(0, 10)) console.error(failure);
if (failures.length > 0) console.error(`${failures.length} vectors failed`);
process.exitCode = failures.length > 0 ? 1 : 0;
console.log(`node: ${passed} vectors passed`);
