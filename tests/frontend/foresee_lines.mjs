/** Foresees what a test asks for: a line of JSON in, a line out. */
import { createInterface } from "node:readline";

import { foreseen, rewritten } from "../../static/console/design/foresee.mjs";

for await (const line of createInterface({ input: process.stdin })) {
  const { answer, document, languages, next } = JSON.parse(line);
  const known = { ...answer, pictures: rewritten(answer.pictures) };
  const wanted = { ...next, pictures: rewritten(next.pictures) };
  process.stdout.write(`${JSON.stringify({ foreseen: foreseen(known, document, languages), wanted })}\n`);
}
