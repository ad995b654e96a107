// The screen on a device of its own: what it paints, and when it stops showing somebody's balance.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

globalThis.document = { hidden: false };
globalThis.window = globalThis;

const { FarTill } = await import("../../static/scanner/far_till.mjs");
const HELLO = { kind: "member", title: "Hello Ada", balance: "600 points" };

let told;
let answers;
let asked;
let now;

function answer(status, body = null) {
  return { status, ok: status < 400, json: async () => body };
}

beforeEach((context) => {
  told = [];
  asked = [];
  answers = [];
  now = 0;
  context.mock.timers.enable({ apis: ["setTimeout"] });
  context.mock.method(performance, "now", () => now);
  context.mock.method(globalThis, "fetch", async (address, { method = "GET", body } = {}) => {
    asked.push(body ? `${method} ${address} ${body}` : `${method} ${address}`);
    const next = answers.shift();
    if (next === undefined) throw new TypeError("no network");
    return next;
  });
});

function open() {
  return new FarTill("/far/", "token", {
    onFace: (face) => told.push(face),
    onLost: () => told.push("lost"),
    onRevoked: () => told.push("revoked"),
  });
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

async function later(context, milliseconds) {
  now += milliseconds;
  context.mock.timers.tick(milliseconds);
  await settled();
}

test("it asks for what it has not seen, and paints only news", async (context) => {
  answers = [answer(200, { version: 4, face: HELLO }), answer(204), answer(200, { version: 0, face: null })];
  open().look();
  await settled();
  await later(context, 1_000);
  await later(context, 1_000);
  assert.deepEqual(asked, ["GET /far/face?seen=0", "GET /far/face?seen=4", "GET /far/face?seen=4"]);
  assert.deepEqual(told, [HELLO, null]);
});

test("without an answer nobody's balance stays, and what is on comes back whole", async (context) => {
  answers = [answer(200, { version: 4, face: HELLO })];
  open().look();
  await settled();
  for (let second = 0; second < 20; second += 1) await later(context, 1_000);
  assert.equal(told[0], HELLO);
  assert.ok(told.length > 1 && told.slice(1).every((one) => one === "lost"), String(told));
  assert.ok(asked.length < 8, "it waits longer each time");
  answers = [answer(503), answer(200, { version: 4, face: HELLO })];
  await later(context, 10_000);
  await later(context, 10_000);
  assert.equal(asked.at(-1), "GET /far/face?seen=-1");
  assert.equal(told.at(-1), HELLO);
});

test("a screen that was let go stops asking", async (context) => {
  answers = [answer(401)];
  open().look();
  await settled();
  for (let second = 0; second < 5; second += 1) await later(context, 10_000);
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

test("nobody is asked for a screen that nobody sees", async (context) => {
  document.hidden = true;
  open().look();
  await later(context, 10_000);
  document.hidden = false;
  assert.deepEqual(asked, []);
});
