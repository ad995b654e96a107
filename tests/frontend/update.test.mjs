import assert from "node:assert/strict";
import { test } from "node:test";

import { Update } from "../../static/scanner/update.mjs";

function scene() {
  const kept = new Map();
  const scene = { isAtRest: true, reloads: 0, update: /** @type {any} */ (null) };
  scene.update = new Update({
    own: "a",
    isAtRest: () => scene.isAtRest,
    reload: () => (scene.reloads += 1),
    memory: { recall: (name) => kept.get(name) ?? null, remember: (name, value) => kept.set(name, value) },
  });
  return scene;
}

test("the page's own release is no reason", () => {
  const { update, ...at } = scene();
  for (const release of ["a", null, ""]) update.told(release);
  update.take();
  assert.deepEqual([update.isWanted, at.reloads], [false, 0]);
});

test("another release waits for rest", () => {
  const at = scene();
  at.isAtRest = false;
  at.update.told("b");
  at.update.take();
  assert.deepEqual([at.update.isWanted, at.reloads], [true, 0]);
  at.isAtRest = true;
  at.update.take();
  assert.equal(at.reloads, 1);
});

test("two releases side by side do not make the page go round in circles", () => {
  const at = scene();
  for (const release of ["b", "a", "b", "a", "b"]) {
    at.update.told(release);
    at.update.take();
  }
  assert.equal(at.reloads, 1);
});

test("the release before may come back", () => {
  const at = scene();
  at.isAtRest = false;
  at.update.told("b");
  at.update.told("a");
  at.isAtRest = true;
  at.update.take();
  assert.equal(at.reloads, 0);
});
