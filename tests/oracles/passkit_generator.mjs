// Gives the files of a pass to npm passkit-generator and prints what it made of them.
// Usage: node passkit_generator.mjs FOLDER SIGNER.pem SIGNER.key WWDR.pem OUT.pkpass
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PKPass } from "passkit-generator";

const [folder, cert, key, wwdr, out] = process.argv.slice(2);
const files = {};
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const name = path.slice(folder.length + 1);
  if (name !== "manifest.json" && name !== "signature") files[name] = readFileSync(path);
}

const warnings = [];
console.warn = (...words) => warnings.push(words.join(" "));
console.log = console.warn;

const pass = new PKPass(files, {
  signerCert: readFileSync(cert, "utf8"),
  signerKey: readFileSync(key, "utf8"),
  wwdr: readFileSync(wwdr, "utf8"),
});
const fields = {};
for (const group of ["headerFields", "primaryFields", "secondaryFields", "auxiliaryFields", "backFields"]) {
  fields[group] = [...pass[group]];
}
const { type, languages, props } = pass;
writeFileSync(out, pass.getAsBuffer());
process.stdout.write(JSON.stringify({ type, languages, props, fields, warnings }));
