/** What changes from the card that is live to the draft, in words. */
import assert from "node:assert/strict";
import { test } from "node:test";

import { appleDifferences, googleDifferences } from "../../static/console/design/compare.mjs";

const TEXTS = {
  piece_new: "new %(name)s",
  piece_gone: "gone %(name)s",
  piece_moved: "moved %(name)s",
  piece_other: "other %(name)s",
  piece_on_front: "front %(name)s",
  piece_off_front: "back %(name)s",
  part_near: "stores",
  part_near_words: "words",
};

/** @param {string} label @param {string} at */
const cell = (label, at) => ({ label, value: `${label}!`, at });

/**
 * @param {any[][]} rows
 * @param {string[]} details
 * @param {any[]} [near]
 */
function google(rows, details, near = []) {
  const told = details.map((label) => ({ label, value: `${label}!` }));
  return { face: { background: "#000000", issuer: "", program: "", rows, details: told, links: [], near }, pictures: {} };
}

/** @param {any[]} near */
function apple(near) {
  const groups = { header: [], primary: [], secondary: [], auxiliary: [], back: [] };
  const colours = { background: "#000000", foreground: "#ffffff", label: "#ffffff" };
  return { face: { ...groups, colours, organization: "", logo_text: "", description: "", near }, pictures: {} };
}

test("a fact that changes its row or its place in it is elsewhere", () => {
  const before = google([[cell("Points", "start"), cell("Status", "end")], [cell("Next", "centre")]], ["Status", "Next"]);
  const after = google([[cell("Next", "centre")], [cell("Points", "start"), cell("Status", "end")]], ["Status", "Next"]);
  const found = googleDifferences(before, after, TEXTS);
  assert.deepEqual(found.sentences, ["moved Next", "moved Points", "moved Status"]);
  assert.deepEqual([...found.marked].sort(), ["Next", "Points", "Status"]);
  assert.deepEqual(googleDifferences(after, after, TEXTS).sentences, []);
});

test("what leaves the front is still on the back; what is new on both is said once", () => {
  const before = google([[cell("Points", "start"), cell("Status", "end")]], ["Status"]);
  const after = google([[cell("Points", "start"), cell("Yours", "end")]], ["Status", "Yours"]);
  assert.deepEqual(googleDifferences(before, after, TEXTS).sentences, ["new Yours", "back Status"]);
  assert.deepEqual(googleDifferences(after, before, TEXTS).sentences, ["front Status", "gone Yours"]);
});

test("two texts of one title are two", () => {
  const [before, after] = [google([], ["How"]), google([], ["How", "How"])];
  assert.deepEqual(googleDifferences(before, after, TEXTS).sentences, ["new How"]);
  assert.deepEqual(googleDifferences(after, before, TEXTS).sentences, ["gone How"]);
});

test("other stores are said, or else another sentence near them", () => {
  const [quay, mill] = [{ place: "1,2", text: "Hello" }, { place: "3,4", text: "Hello" }];
  assert.deepEqual(appleDifferences(apple([quay]), apple([quay, mill]), TEXTS).sentences, ["stores"]);
  assert.deepEqual(appleDifferences(apple([quay]), apple([{ ...quay, text: "Come in" }]), TEXTS).sentences, ["words"]);
  assert.deepEqual(appleDifferences(apple([quay, mill]), apple([mill, quay]), TEXTS).sentences, []);
  assert.deepEqual(googleDifferences(google([], [], [{ place: "1,2" }]), google([], []), TEXTS).sentences, ["stores"]);
});
