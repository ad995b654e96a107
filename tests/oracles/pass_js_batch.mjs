// Opens many .pkpass files with npm @walletpass/pass-js and prints what it read, one line of JSON a pass.
// Usage: node pass_js_batch.mjs FOLDER
// It reads pass.strings as UTF-16 only.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Template } from "@walletpass/pass-js";

const [folder] = process.argv.slice(2);
for (const name of readdirSync(folder).sort()) {
  const template = await Template.fromBuffer(readFileSync(join(folder, name)));
  const words = [...template.localization].map(([language, map]) => [language, Object.fromEntries(map)]);
  process.stdout.write(
    JSON.stringify({
      style: template.style,
      fields: template.fields,
      words: Object.fromEntries(words),
      images: [...template.images.keys()],
    }) + "\n",
  );
}
