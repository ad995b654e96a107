/** Two people at one draft: nothing of either is lost, and what both changed is named. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { joined } from "../../static/console/design/together.mjs";

const BASE = {
  background: "#111111",
  description: { fr: "Carte", en: "Card" },
  tiers: { gold: { background: "#222222" } },
  layout: { header: ["balance"], back: [] },
  back: [{ key: "a" }],
};

test("what each changed goes on", () => {
  const mine = { ...BASE, background: "#aaaaaa", description: { fr: "La carte", en: "Card" }, tiers: {} };
  const theirs = { ...BASE, description: { fr: "Carte", en: "The card" }, back: [{ key: "a" }, { key: "b" }], near_words: { fr: "Ici" } };
  assert.deepEqual(joined(BASE, mine, theirs), {
    document: {
      background: "#aaaaaa",
      description: { fr: "La carte", en: "The card" },
      tiers: {},
      layout: BASE.layout,
      back: theirs.back,
      near_words: { fr: "Ici" },
    },
    clashes: [],
  });
});

test("what both changed is named, and one counts", () => {
  const mine = { ...BASE, background: "#aaaaaa", layout: { header: [], back: ["balance"] } };
  const theirs = { ...BASE, background: "#bbbbbb", layout: { header: ["tier"], back: [] } };
  assert.deepEqual(joined(BASE, mine, theirs).clashes, ["background", "layout"]);
  assert.deepEqual(joined(BASE, mine, theirs, "mine").document, mine);
  assert.deepEqual(joined(BASE, mine, theirs, "theirs").document, theirs);
});

test("the same change by both, or by nobody, is no question", () => {
  const both = { ...BASE, background: "#aaaaaa", tiers: {} };
  assert.deepEqual(joined(BASE, both, structuredClone(both)), { document: both, clashes: [] });
  assert.deepEqual(joined(BASE, structuredClone(BASE), BASE), { document: BASE, clashes: [] });
});

test("what one took away and the other changed is a question too", () => {
  const mine = { ...BASE, tiers: {} };
  const theirs = { ...BASE, tiers: { gold: { background: "#333333" } } };
  const found = joined(BASE, mine, theirs);
  assert.deepEqual(found.clashes, ["tiers.gold"]);
  assert.deepEqual(joined(BASE, mine, theirs, "mine").document.tiers, {});
});
