// The screen on a device of its own: what it paints, and when it stops showing somebody's balance.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

const page = { hidden: false };
Object.assign(globalThis, { document: page, window: globalThis });

const { FarTill } = await import("../../static/scanner/far_till.mjs");

/** @typedef {import("../../static/scanner/face.mjs").Face} Face */
/** @type {Face} */
const HELLO = { kind: "member", title: "Hello Ada", balance: "600 points" };

/** @type {(Face | string | null)[]} */
let told;
/** @type {Response[]} */
let answers;
/** @type {string[]} */
let asked;
let now = 0;

/**
 * @param {number} status
 * @param {unknown} [body]
 */
function answer(status, body) {
  return new Response(body === undefined ? null : JSON.stringify(body), { status });
}

beforeEach(() => {
  told = [];
  asked = [];
  answers = [];
  now = 0;
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(performance, "now", () => now);
  mock.method(globalThis, "fetch", async (/** @type {string} */ address, /** @type {RequestInit} */ { method = "GET", body }) => {
    asked.push(body ? `${method} ${address} ${body}` : `${method} ${address}`);
    const next = answers.shift();
    if (next === undefined) throw new TypeError("no network");
    return next;
  });
});
afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
});

function open() {
  return new FarTill("/far/", "token", {
    onFace: (face) => told.push(face),
    onLost: () => told.push("lost"),
    onRevoked: () => told.push("revoked"),
  });
}

async function settled() {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** @param {number} milliseconds */
async function later(milliseconds) {
  now += milliseconds;
  mock.timers.tick(milliseconds);
  await settled();
}

test("it asks for what it has not seen, and paints only news", async () => {
  answers = [answer(200, { version: 4, face: HELLO }), answer(204), answer(200, { version: 0, face: null })];
  open().look();
  await settled();
  await later(1_000);
  await later(1_000);
  assert.deepEqual(asked, ["GET /far/face?seen=0", "GET /far/face?seen=4", "GET /far/face?seen=4"]);
  assert.deepEqual(told, [HELLO, null]);
});

test("without an answer nobody's balance stays, and what is on comes back whole", async () => {
  answers = [answer(200, { version: 4, face: HELLO })];
  open().look();
  await settled();
  for (let second = 0; second < 20; second += 1) await later(1_000);
  assert.deepEqual(told[0], HELLO);
  assert.ok(told.length > 1 && told.slice(1).every((one) => one === "lost"), String(told));
  assert.ok(asked.length < 8, "it waits longer each time");
  answers = [answer(503), answer(200, { version: 4, face: HELLO })];
  await later(10_000);
  await later(10_000);
  assert.equal(asked.at(-1), "GET /far/face?seen=-1");
  assert.deepEqual(told.at(-1), HELLO);
});

test("a screen that was let go stops asking", async () => {
  answers = [answer(401)];
  open().look();
  await settled();
  for (let second = 0; second < 5; second += 1) await later(10_000);
  assert.deepEqual(told, ["revoked"]);
  assert.equal(asked.length, 1);
});

test("a tap is sent once and the screen looks at once", async () => {
  answers = [answer(204), answer(200, { version: 5, face: null })];
  await open().answer("cnf_1", "yes");
  await settled();
  assert.deepEqual(asked, ['POST /far/answers {"question":"cnf_1","answer":"yes"}', "GET /far/face?seen=-1"]);
  answers = []; // a tap that nobody heard leaves the question where it is
  await open().answer("cnf_1", "no");
  assert.deepEqual(told, [null]);
});

test("nobody is asked for a screen that nobody sees", async () => {
  page.hidden = true;
  open().look();
  await later(10_000);
  page.hidden = false;
  assert.deepEqual(asked, []);
});
