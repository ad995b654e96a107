// Gives many passes to npm passkit-generator and prints what it made of each, one line of JSON a pass.
// Usage: node passkit_generator_batch.mjs FOLDER SIGNER.pem SIGNER.key WWDR.pem
// FOLDER holds one folder for each pass; the answers come in the order of their names.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PKPass } from "passkit-generator";

const [folder, cert, key, wwdr] = process.argv.slice(2);
const certificates = {
  signerCert: readFileSync(cert, "utf8"),
  signerKey: readFileSync(key, "utf8"),
  wwdr: readFileSync(wwdr, "utf8"),
};
const GROUPS = ["headerFields", "primaryFields", "secondaryFields", "auxiliaryFields", "backFields"];

function filesOf(root) {
  const files = {};
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    const name = path.slice(root.length + 1);
    if (name !== "manifest.json" && name !== "signature") files[name] = readFileSync(path);
  }
  return files;
}

let warnings = [];
console.warn = (...words) => warnings.push(words.join(" "));
console.log = console.warn;

for (const name of readdirSync(folder).sort()) {
  warnings = [];
  const pass = new PKPass(filesOf(join(folder, name)), certificates);
  const fields = Object.fromEntries(GROUPS.map((group) => [group, [...pass[group]]]));
  const { type, languages, props } = pass;
  process.stdout.write(JSON.stringify({ type, languages, props, fields, warnings }) + "\n");
}
