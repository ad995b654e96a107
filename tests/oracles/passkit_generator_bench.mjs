// Builds one pass many times with npm passkit-generator in this warm process.
// Usage: node passkit_generator_bench.mjs FOLDER SIGNER.pem SIGNER.key WWDR.pem
// For each line that comes in (how many to build) one line goes out: CPU microseconds, bytes of one.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { PKPass } from "passkit-generator";

const [folder, cert, key, wwdr] = process.argv.slice(2);
const certificates = {
  signerCert: readFileSync(cert, "utf8"),
  signerKey: readFileSync(key, "utf8"),
  wwdr: readFileSync(wwdr, "utf8"),
};
const files = {};
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const name = path.slice(folder.length + 1);
  if (name !== "manifest.json" && name !== "signature") files[name] = readFileSync(path);
}

for await (const line of createInterface({ input: process.stdin })) {
  const before = process.cpuUsage();
  let size = 0;
  for (let at = 0; at < Number(line); at += 1) size = new PKPass(files, certificates).getAsBuffer().length;
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(JSON.stringify({ microseconds: user + system, size }) + "\n");
}
