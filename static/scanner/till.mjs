/** The till: joins camera, hand scanner, field, hub and server into one line from the scan to the result. */

import { Acts } from "./acts.mjs";
import { moneyText } from "./amount.mjs";
import { Api, Refused, Unreached } from "./api.mjs";
import { Camera } from "./camera.mjs";
import { cardOf, memberCode, voucherCode } from "./code.mjs";
import { IDLE, memberOf, next } from "./desk.mjs";
import { Consent } from "./consent.mjs";
import { DeskParts } from "./desk_parts.mjs";
import { Feedback } from "./feedback.mjs";
import { Holds } from "./holds.mjs";
import { Hub, fill } from "./hub.mjs";
import { Manager } from "./manager.mjs";
import { Offline, forgetPage, keepPage } from "./offline.mjs";
import { OutcomeView } from "./outcome.mjs";
import { copyOf, counts, currency, data, part, partOf, say, timeText } from "./page.mjs";
import { PracticeApi } from "./practice.mjs";
import { Questions } from "./question.mjs";
import { SameCard } from "./same_card.mjs";
import { SavedSales } from "./saved_sales.mjs";
import { Stage } from "./stage.mjs";
import { REST_MS, Update } from "./update.mjs";
import { messageFor, savedMessage, undoText } from "./words.mjs";
import { Wall } from "./wall.mjs";
import { watchWedge } from "./wedge.mjs";

/** @typedef {import("./camera.mjs").Sighting} Sighting */
/** @typedef {import("./desk.mjs").Act} Act */
/** @typedef {import("./desk.mjs").Choice} Choice */
/** @typedef {import("./desk.mjs").Desk} Desk */
/** @typedef {import("./desk.mjs").Member} Member */
/** @typedef {import("./desk.mjs").Move} Move */
/** @typedef {import("./desk.mjs").Outcome} Outcome */
/** @typedef {"camera" | "wedge" | "photo" | "typed" | "new"} Source how a member was found */

const NEXT_AFTER_MS = 2_500;
const NEXT_AFTER_REFUSAL_MS = 4_000; // a sentence to read and to say to the customer
const NEXT_WHEN_WAITING_MS = 700; // the next card was scanned already: just long enough to see the colour
const LOOKUP_LIMIT_MS = 5_000; // then the cashier had better type or scan again
const LOOKUP_OFFLINE_LIMIT_MS = 1_500; // known to be without a connection: a sale must not wait for it
const HELD_LIMIT_MS = 1_500; // what is held can be given without the server: the queue does not wait for it
const NUMBER_DIGITS_MIN = 6; // of a member or phone number that is worth saving
const MEMBER_NUMBER = /^(\d{3})(\d{3})(\d{3})$/; // read aloud by threes, as it is printed
const RECENT_MAX = 6;
const LEFT_AFTER_MS = 120_000; // without a touch: nobody's name and balance stand there for longer
const LOOK_ROUND_MS = 10_000;
// More of the card is asked for than was shown: the customer or a manager can say yes instead.
const NEEDS_WORD = [
  "confirmation_needed",
  "approval_needed",
  "code_needed",
  "code_must_be_fresh",
  "code_too_old",
  "code_used",
  "code_closed",
  "card_used_often",
  "staff_redeems_often",
  "till_redeems_often",
];

/** @type {Desk} */
let desk = IDLE;
let lastCode = ""; // as it was read; a rotating one is another half a minute later
/** @type {Map<string, string>} */
const notes = new Map(); // member → the server's note on what was shown of the card
/** @type {Source} */
let foundBy = "typed";
let lookups = 0; // tells an answer that is no longer wanted
let nextTimer = 0;
/** @type {{query: string, source: Source} | null} */
let waiting = null; // scanned while the server was still busy with the last one
/** @type {Outcome | null} */
let undoable = null;
let isOnline = navigator.onLine;
let touchedAt = Date.now();

const csrf = document.querySelector("meta[name=csrf-token]")?.getAttribute("content") ?? "";
const server = new Api(data.api, csrf, showLink, (release) => update.told(release));
const api = data.practice ? new PracticeApi(server) : server;
const acts = new Acts();
const sameCard = new SameCard();
const wall = new Wall(server, showPerson);
const manager = new Manager(server, managed);
const consent = new Consent(server, {
  onReady: (act) => void submit(act),
  onBack: (sentence) => (sentence ? decline(sentence) : move({ name: "close" })),
  onQuestion: (asked) => parts.ask(asked),
});
const feedback = new Feedback();
const finder = partOf("scan-input", HTMLInputElement);
const questions = new Questions();
const hub = new Hub({
  onSale: sell,
  onReward: (reward) => redeem(reward.id),
  onVoucher: (voucher) => useVoucher(voucher.code),
  onActivity: (activity) => note(activity.kind),
});
const holds = new Holds(server, showHold);
const offline = new Offline((lines) => savedSales.show(lines));
const savedSales = new SavedSales({
  onOpen: () => void offline.markSeen(),
  onSend: () => offline.send(),
  isUpdateWanted: () => update.isWanted,
});
const update = new Update({ own: data.release, isAtRest, reload: () => location.reload() });
const outcomes = new OutcomeView({
  onNext: () => move({ name: "close" }),
  onUndo: undo,
  onGone: () => (undoable = null),
});
const stage = new Stage({
  onStart: () => void camera.start(),
  onTorch: () => void camera.toggleTorch(),
  onLens: () => void camera.nextLens(),
  onAgain: () => void lookUp(lastCode, "camera"),
});
const parts = new DeskParts(api, {
  onJoined: (member) => {
    foundBy = "new";
    finder.value = "";
    outcomes.clear(); // that nobody was found is over
    if (move({ name: "look" })) move({ name: "found", member });
  },
  upload: (photo) => server.upload(photo),
  onTexts: (texts) => onTexts(texts),
  onAnswer: (question, answer) => consent.answer(question, answer),
});
const camera = new Camera(stage.video, { onState: onCamera, onSightings });

/* --- What comes in ----------------------------------------------------------------------------- */

function onCamera() {
  stage.show(camera.state, camera.lens);
  if (camera.state.name === "live" && desk.name !== "idle") camera.hold();
}

/** @param {Sighting[]} sightings */
function onSightings(sightings) {
  if (desk.name !== "idle" || wall.isOpen) return;
  /** @type {Map<string, Sighting>} */
  const codes = new Map();
  for (const sighting of sightings) {
    const code = memberCode(sighting.text) ?? voucherCode(sighting.text);
    if (code) codes.set(code, sighting);
  }
  const isSame = sameCard.isStillThere([...codes.keys()].map(cardOf), performance.now());
  stage.offerAgain(isSame);
  if (isSame) return stage.note("hint_same");
  if (codes.size > 1) return void chooseBetween([...codes.keys()]);
  const [found] = codes;
  if (found) {
    camera.hold();
    stage.outline(found[1].corners);
    void lookUp(found[0], "camera");
  } else if (sightings.length > 0) stage.note("hint_foreign");
}

/** @param {string[]} texts on a photo */
function onTexts(texts) {
  const codes = texts.flatMap((text) => memberCode(text) ?? voucherCode(text) ?? []);
  if (codes.length > 1) void chooseBetween(codes);
  else if (codes[0]) void lookUp(codes[0], "photo");
  else part("photo-note").textContent = say("hint_foreign");
}

watchWedge(document, ({ text }) => wall.isOpen || consent.isOpen || manager.isOpen || void lookUp(text, "wedge"));

part("finder").addEventListener("submit", (event) => {
  event.preventDefault();
  const query = finder.value.trim();
  if (query) void lookUp(query, "typed");
  else finder.focus();
});

/* --- From a code to a member --------------------------------------------------------------------- */

/**
 * @param {string} query
 * @param {Source} source
 */
async function lookUp(query, source) {
  if (desk.name === "submitting") {
    waiting = { query, source };
    return;
  }
  if (source !== "typed") feedback.give("seen");
  const code = memberCode(query);
  sameCard.take(code ? cardOf(code) : (voucherCode(query) ?? ""), performance.now());
  if (code) lastCode = code;
  foundBy = source;
  notes.clear(); // the customer before is gone
  await find({ query, source });
}

/** @param {Record<string, unknown>} body */
async function find(body) {
  if (!move({ name: "look" })) return;
  const ticket = (lookups += 1);
  try {
    const limit = isOnline ? LOOKUP_LIMIT_MS : LOOKUP_OFFLINE_LIMIT_MS;
    const asked = performance.now();
    const answer = await api.post("lookup", body, { limit, retries: 0 });
    holds.note(true, performance.now() - asked);
    if (ticket === lookups) showFound(answer, body);
  } catch (error) {
    const query = await savedQuery(error, body.query);
    if (ticket !== lookups || (query && showUnknown(query))) return;
    if (error instanceof Unreached && (await offline.canSave())) return decline(say("lookup_offline"));
    refuse(error, () => void find(body));
    if (error instanceof Refused && error.code === "member_not_found") offerToJoin(body);
  }
}

/**
 * @param {unknown} error
 * @param {unknown} query
 * @returns {Promise<string>} what a sale that is saved here can go by; empty if it cannot be
 */
async function savedQuery(error, query) {
  if (!(error instanceof Unreached) || typeof query !== "string") return "";
  const isContact = query.includes("@") || query.replace(/\D/g, "").length >= NUMBER_DIGITS_MIN;
  return (memberCode(query) || isContact) && (await offline.canSave()) ? query : "";
}

/**
 * Nobody can be asked whose card it is: the sale is taken all the same, and finds its member later.
 * @param {string} query
 * @returns {boolean} whether the sale goes on like that
 */
function showUnknown(query) {
  const code = memberCode(query);
  finder.value = "";
  const number = code ? `${code.slice(0, 2)} … ${code.slice(-4)}` : query.replace(MEMBER_NUMBER, "$1 $2 $3");
  /** @type {Member} */
  const member = {
    id: "",
    name: "",
    number,
    tier: null,
    balances: {},
    next_reward: null,
    rewards: [],
    vouchers: [],
    credit: null,
    stamp_cards: [],
    activities: [],
    last_visit_at: null,
    query: code ?? query,
  };
  const held = holds.ofCard(code ? cardOf(code) : "");
  if (held) Object.assign(member, { held_id: held.member_id, rewards: held.rewards });
  return move({ name: "found", member });
}

/** @typedef {{member?: Member, voucher?: string, choices?: Choice[], more?: boolean, shown?: {code: string, note: string}}} Found */

/** @param {Found} answer */
function keepNote({ member, shown }) {
  if (member && shown) notes.set(member.id, shown.note);
}

/**
 * The last rung of the ladder: nobody was found, so they can join.
 * @param {Record<string, unknown>} body
 */
function offerToJoin({ query, source }) {
  if (source === "typed") parts.miss(String(query));
}

/**
 * @param {Found} answer
 * @param {Record<string, unknown>} body
 */
function showFound(answer, body) {
  const { member, voucher, choices = [], more = false } = answer;
  keepNote(answer);
  if (member?.own_card) return decline(say("own_card"));
  if (member) {
    finder.value = "";
    holds.adopt(member, cardShown());
    move({ name: "found", member });
    if (voucher) hub.point(voucher);
    if (holds.isWeak && canHold(member)) void takeHold(member, false);
  } else if (choices.length > 0) move({ name: "several", choices, why: more ? "many" : "several" });
  else {
    decline(say("not_found"));
    offerToJoin(body);
  }
}

/**
 * Two cards in view: both are looked up and the cashier decides. A forged or unknown one does not count.
 * @param {string[]} codes
 */
async function chooseBetween(codes) {
  camera.hold();
  if (!move({ name: "look" })) return;
  feedback.give("asked");
  const ticket = (lookups += 1);
  const asked = codes.map((query) =>
    api.post("lookup", { query, source: "camera" }, { limit: LOOKUP_LIMIT_MS, retries: 0 }),
  );
  const answers = await Promise.allSettled(asked);
  if (ticket !== lookups) return;
  notes.clear();
  for (const answer of answers) if (answer.status === "fulfilled") keepNote(answer.value);
  /** @type {Member[]} */
  const members = answers.flatMap((answer) => (answer.status === "fulfilled" ? (answer.value.member ?? []) : []));
  const [first, second] = members;
  if (!first) return refuse(answers.find((answer) => answer.status === "rejected")?.reason);
  if (!second || first.id === second.id) move({ name: "found", member: first });
  else move({ name: "several", choices: members, why: "two" });
}

/* --- What is held for a lost connection --------------------------------------------------------------- */

/** What tells the card that was scanned from others; empty where a name was typed. */
function cardShown() {
  const code = memberCode(lastCode);
  return code && foundBy !== "typed" ? cardOf(code) : "";
}

/** @param {Member} member */
function canHold(member) {
  return holds.isOffered && isOnline && member.query === undefined && !holds.of(member) && member.rewards.some((reward) => reward.affordable && reward.at_once);
}

/**
 * @param {Member} member
 * @param {boolean} byHand
 */
async function takeHold(member, byHand) {
  try {
    const how = { card: cardShown(), shown: notes.get(member.id), byHand };
    const hold = holds.of(await holds.take(member, how));
    const onScreen = memberOf(desk)?.id === member.id;
    if (!onScreen && !byHand) return void holds.tidy(memberOf(desk));
    const words = { name: nameOf(member), time: timeText(hold?.ends_at ?? Date.now()) };
    if (hold) part("announce").textContent = say("held", words);
  } catch (error) {
    // By itself it is only tried: whatever speaks against it is said when the reward is taken.
    if (byHand && memberOf(desk)?.id === member.id) refuse(error, () => void takeHold(member, true));
  }
}

async function toggleHold() {
  const member = memberOf(desk);
  if (!member || desk.name !== "member") return;
  const hold = holds.of(member);
  if (!hold) return takeHold(member, true);
  try {
    await holds.release(hold.id);
    part("announce").textContent = say("hold_released");
  } catch (error) {
    refuse(error);
  }
}

/** The member on the screen with what is held of them now. */
function showHold() {
  const member = memberOf(desk);
  if (member) hub.showHold(holds.of(member), canHold(member));
}

/* --- From a member to a result --------------------------------------------------------------------- */

/**
 * @param {number} amountMinor
 * @param {number} creditMinor what of it is paid with credit
 * @param {Record<string, unknown>} extras articles and the receipt
 */
function sell(amountMinor, creditMinor, extras) {
  const member = memberOf(desk);
  if (!member) return;
  if (member.query !== undefined) return void sellToUnknown(member, amountMinor, extras);
  const credit = creditMinor ? { credit_minor: creditMinor } : {};
  const facts = { member_id: member.id, amount_minor: amountMinor, ...credit, ...extras, found_by: foundBy };
  const act = acts.make("purchase", "purchases", facts);
  void submit(creditMinor ? withNote(act, member.id) : act);
}

/** @param {string} code */
function useVoucher(code) {
  const bill = hub.amountMinor ? { bill_minor: hub.amountMinor } : {};
  const act = acts.make("voucher", "vouchers", { code, ...bill });
  const member = memberOf(desk);
  void submit(member ? withNote(act, member.id) : act);
}

/** @param {string} kind */
function note(kind) {
  const member = memberOf(desk);
  if (member) void submit(acts.make("activity", "activities", { member_id: member.id, kind }));
}

/**
 * @param {Member} member known by a code or number only
 * @param {number} amountMinor
 * @param {Record<string, unknown>} extras
 */
async function sellToUnknown(member, amountMinor, extras) {
  const facts = { query: member.query, amount_minor: amountMinor, ...extras, found_by: foundBy };
  const act = acts.make("purchase", "purchases", facts);
  if (!move({ name: "submit", act })) return;
  const before = await offline.same(member.query ?? null, null, amountMinor);
  if (!before) return save(act, member);
  feedback.give("asked");
  move({ name: "ask", question: say("repeat_title", { time: timeText(before.occurred_at) }) });
}

/**
 * Keeps a sale on this till. It is on the disk before anything is said.
 * @param {Act} act
 * @param {Member} member
 */
async function save(act, member) {
  const { request_id, member_id, amount_minor = 0, items, receipt, found_by, hold } = act.body;
  const reward = member.rewards.find((one) => hold && one.id === act.body.reward_id) ?? null;
  try {
    await offline.save({
      op_id: String(request_id),
      query: reward ? null : (member.query ?? null),
      member_id: reward || member.query === undefined ? String(member_id) : null,
      reward: reward && { reward_id: reward.id, hold: String(hold), name: reward.name },
      name: member.name,
      amount_minor: Number(amount_minor),
      more: { ...(items ? { items } : {}), ...(receipt ? { receipt } : {}), ...(found_by ? { found_by } : {}) },
    });
  } catch {
    acts.keep(act, performance.now());
    feedback.give("asked");
    move({ name: "lost" });
    return;
  }
  acts.settle(act);
  if (reward) holds.spend(String(hold));
  undoable = null;
  feedback.give("saved");
  /** @type {Outcome} */
  const outcome = { act, changes: [], undo: null, repeated: false, reward, worth_minor: null, activity: "", member, isSaved: true };
  outcomes.show(savedMessage(outcome), "");
  remember(outcome);
  hub.clearAmount();
  move({ name: "settle", outcome });
}

/** @param {string} rewardId */
function redeem(rewardId) {
  const member = memberOf(desk);
  if (!member) return;
  const id = member.id || member.held_id;
  const act = withNote(acts.make("redemption", "redemptions", { member_id: id, reward_id: rewardId }), member.id);
  const hold = holds.of(member);
  if (hold) act.body.hold = hold.id;
  void submit(act);
}

/**
 * Whether it can be given without the server: this till holds what it costs.
 * @param {Act} act
 * @param {Member | null} member
 */
function isCovered(act, member) {
  const hold = holds.of(member);
  return hold !== null && act.body.hold === hold.id && hold.rewards.some((reward) => reward.id === act.body.reward_id);
}

/**
 * What takes value says what was shown of the card.
 * @param {Act} act
 * @param {string} memberId
 */
function withNote(act, memberId) {
  const shown = notes.get(memberId);
  return shown ? { ...act, body: { ...act.body, shown } } : act;
}

function undo() {
  if (!undoable?.undo) return;
  outcomes.lockUndo();
  void submit(acts.make("undo", "undo", undoable.undo));
}

/** @param {Act} act */
async function submit(act) {
  const member = memberOf(desk);
  if (!move({ name: "submit", act })) return outcomes.unlockUndo();
  const covered = isCovered(act, member);
  if (member?.query !== undefined) {
    const isKept = covered || act.kind === "purchase";
    return isKept ? save(act, member) : decline(say("redeem_offline"));
  }
  if (act.kind === "redemption" && isOnline) await offline.sendFirst(HELD_LIMIT_MS);
  try {
    const answer = await api.post(act.path, act.body, covered ? { limit: HELD_LIMIT_MS, retries: 0 } : {});
    acts.settle(act);
    settle(act, answer);
  } catch (error) {
    outcomes.unlockUndo();
    if (error instanceof Unreached) {
      // Credit is spent only with the server: a sale paid with it waits for an answer.
      const isPlain = act.kind === "purchase" && act.body.credit_minor === undefined;
      if ((isPlain || covered) && member && (await offline.canSave())) return save(act, member);
      if (act.kind === "redemption" && !navigator.onLine) {
        acts.settle(act); // it never left
        return decline(say(holds.of(member) ? "redeem_offline_held" : "redeem_offline"));
      }
      feedback.give("asked");
      acts.keep(act, performance.now());
      move({ name: "lost" });
      return;
    }
    if (isLocked(error)) {
      acts.keep(act, performance.now());
      move({ name: "lost" });
      return refuse(error, () => void submit(act));
    }
    if (member && error instanceof Refused && NEEDS_WORD.includes(error.code)) {
      acts.keep(act, performance.now());
      feedback.give("asked");
      move({ name: "confirm" });
      return consent.open(act, member.id, error.message);
    }
    acts.settle(act);
    if (error instanceof Refused && error.code === "repeat_suspected") askAgain(error);
    else refuse(error);
  }
  goOnWithWaiting();
}

/**
 * @param {Act} act
 * @param {any} answer of the server
 */
function settle(act, { changes, undo = null, repeated, reward = null, worth_minor = null, activity = "", member }) {
  /** @type {Outcome} */
  const outcome = { act, changes, undo, repeated, reward, worth_minor, activity, member };
  undoable = outcome.undo ? outcome : null;
  if (!data.practice) holds.adopt(member);
  feedback.give("done");
  outcomes.show(messageFor(outcome), undoText(outcome));
  remember(outcome);
  if (act.kind === "purchase") hub.clearAmount();
  move({ name: "settle", outcome });
}

/** @param {any} answer what a manager did at this till */
function managed(answer) {
  const act = acts.make("managed", "adjustments", {});
  if (move({ name: "submit", act })) settle(act, answer);
}

/** @param {Refused} refusal */
function askAgain({ facts }) {
  feedback.give("asked");
  const time = typeof facts.at === "string" ? timeText(facts.at) : "";
  const staff = typeof facts.by === "string" ? facts.by : "";
  move({ name: "ask", question: say(staff ? "repeat_title_by" : "repeat_title", { time, staff }) });
}

/**
 * @param {unknown} error
 * @param {() => void} [again] done once somebody has said who they are
 */
function refuse(error, again) {
  if (isLocked(error)) return wall.open(error.message, again);
  if (error instanceof Refused && error.code === "till_revoked") return revoked(error.message);
  if (error instanceof Refused && error.status === 401) return signedOut();
  const lost = error instanceof Unreached ? say("lookup_lost") : say("refused_text");
  decline(error instanceof Refused && error.message ? error.message : lost);
}

/** @param {string} sentence */
function decline(sentence) {
  feedback.give("refused");
  undoable = null;
  outcomes.show({ kind: "refused", word: say("refused"), figure: "", sentence, more: "" }, "");
  move({ name: "refuse", sentence });
}

/**
 * @param {unknown} error
 * @returns {error is Refused} a PIN is asked for
 */
function isLocked(error) {
  return error instanceof Refused && error.code === "till_locked";
}

/** @param {string} sentence what this till saved goes to a manager all the same */
function revoked(sentence) {
  feedback.give("refused");
  offline.send();
  const words = { title: say("revoked_title"), text: sentence, yes: say("revoked_yes") };
  questions.ask(words, () => window.location.assign(data.pair));
}

/** @param {import("./wall.mjs").Person | null} person */
function showPerson(person) {
  for (const place of document.querySelectorAll("[data-staff-name]")) place.textContent = person?.name ?? say("nobody");
  for (const place of document.querySelectorAll("[data-staff-role]")) place.textContent = person?.role ?? "";
  partOf("menu", HTMLDetailsElement).open = false;
  showLink(isOnline);
}

/** @param {"signed_out_text" | "signed_out_saved"} [text] */
function signedOut(text = "signed_out_text") {
  const words = { title: say("signed_out_title"), text: say(text), yes: say("signed_out_yes") };
  questions.ask(words, () => window.location.assign(data.sign_in));
}

function goOnWithWaiting() {
  const scan = waiting;
  waiting = null;
  if (!scan || desk.name !== "done") return;
  window.clearTimeout(nextTimer);
  nextTimer = window.setTimeout(() => void lookUp(scan.query, scan.source), NEXT_WHEN_WAITING_MS);
}

/* --- What is shown --------------------------------------------------------------------------------- */

/**
 * Takes one step, if it belongs to the state, and shows where that leads.
 * @param {Move} step
 */
function move(step) {
  const before = desk;
  desk = next(desk, step);
  if (desk === before) return false;
  if (step.name === "close" && before.name === "looking") lookups += 1;
  show(before);
  return true;
}

/** @param {Desk} before */
function show(before) {
  const member = memberOf(desk);
  const main = part("main");
  main.dataset.desk = desk.name;
  main.dataset.member = String(member !== null);
  part("looking").hidden = desk.name !== "looking";
  part("choices").hidden = desk.name !== "choosing";
  part("hub").hidden = member === null;
  part("ready").hidden = desk.name !== "idle";
  part("sale").inert = part("hub-side").inert = desk.name !== "member";
  part("hub").setAttribute("aria-busy", String(desk.name === "submitting"));
  if (member && member !== memberOf(before)) hub.show(member);
  if (desk.name !== "done" && desk.name !== "refused") outcomes.dock(member !== null);
  else outcomes.leadTo(nameOf(memberOf(next(desk, { name: "close" }))));
  showQuestion();
  if (desk.name !== "confirming") consent.close();
  if (desk.name !== "idle") touchedAt = Date.now(); // a scan or an answer is no touch, but somebody is there
  if (desk.name === "choosing") enterChoosing(desk.choices, desk.why);
  if (member) showHold();
  if (desk.name === "member") enterMember(desk.member, before);
  if (desk.name === "idle") enterIdle();
  else camera.hold();
  parts.show(desk, before);
  planNext();
}

/** @param {Member | null} member */
function nameOf(member) {
  return member?.name || member?.number || "";
}

/**
 * @param {Member} member
 * @param {Desk} before
 */
function enterMember(member, before) {
  if (before.name === "looking") {
    outcomes.forgetRefusal();
    hub.clearAmount();
    const balance = member.balances[data.unit]?.available ?? 0;
    const words = { name: nameOf(member), balance: counts([{ unit: data.unit, quantity: balance }]) };
    part("announce").textContent = say("found", words);
  }
  hub.focus();
}

/** Who was scanned and left is not shown to whoever comes by; what is typed already stays. */
function leaveAlone() {
  const isLeft = Date.now() - touchedAt >= LEFT_AFTER_MS;
  if (isLeft && !manager.isOpen && (desk.name === "choosing" || (desk.name === "member" && hub.isUntouched))) move({ name: "close" });
}

function enterIdle() {
  sameCard.letGo(performance.now());
  stage.outline(null);
  if (isOnline) void holds.tidy();
  void camera.release();
  const isLost = document.activeElement === document.body || document.activeElement?.closest("[hidden]");
  if (isLost) part("stage").focus({ preventScroll: true });
}

function planNext() {
  window.clearTimeout(nextTimer);
  if (desk.name === "done") nextTimer = window.setTimeout(() => move({ name: "close" }), NEXT_AFTER_MS);
  if (desk.name !== "refused") return;
  nextTimer = window.setTimeout(() => move({ name: "close" }), desk.member ? NEXT_AFTER_REFUSAL_MS : NEXT_AFTER_MS);
}

function showQuestion() {
  if (desk.name !== "asking" && desk.name !== "unsent") return questions.close();
  const { act } = desk;
  const no = () => move({ name: "close" });
  if (desk.name === "unsent") {
    const text = say(offline.isClosed && act.kind === "purchase" ? "unsent_unkept" : "unsent_text");
    const words = { title: say("unsent_title"), text, yes: say("unsent_yes"), no: say("unsent_no") };
    return questions.ask(words, () => void submit(act), no);
  }
  const amount = moneyText(Number(act.body.amount_minor), currency);
  const name = nameOf(desk.member);
  const text = act.body.amount_minor ? say("repeat_text", { amount, name }) : say("repeat_visit", { name });
  const words = { title: desk.question, text, yes: say("repeat_yes"), no: say("repeat_no") };
  questions.ask(words, () => void submit({ ...act, body: { ...act.body, confirm_repeat: true } }), no);
}

/**
 * @param {Choice[]} choices
 * @param {"several" | "many" | "two"} why
 */
function enterChoosing(choices, why) {
  outcomes.forgetRefusal(); // of what was typed before
  part("choices-title").textContent = say(why === "two" ? "two_title" : "choose_title");
  part("choices-text").textContent = say({ two: "two_text", many: "choose_more", several: "choose_text" }[why]);
  const lines = choices.map((choice) => {
    const line = copyOf("choice-template");
    fill(line, ".choice__name", choice.name || choice.number);
    fill(line, ".choice__number", choice.name ? choice.number : "");
    line.querySelector("button")?.addEventListener("click", () => void find({ member_id: choice.id }));
    return line;
  });
  part("choices-list").replaceChildren(...lines);
  lines[0]?.querySelector("button")?.focus({ preventScroll: true });
}

/** @param {Outcome} outcome */
function remember({ changes, member, isSaved = false }) {
  const line = copyOf("recent-template");
  fill(line, ".recent__time", timeText(Date.now()));
  fill(line, ".recent__name", nameOf(member));
  fill(line, ".recent__points", isSaved ? say("saved") : counts(changes, true) || "–");
  const list = part("recent");
  list.prepend(line);
  while (list.children.length > RECENT_MAX) list.lastElementChild?.remove();
}

/** @param {boolean} isReached */
function showLink(isReached) {
  holds.note(isReached);
  if (isReached && !isOnline) {
    offline.send();
    void holds.tidy(memberOf(desk));
  }
  isOnline = isReached;
  part("link").dataset.state = isOnline ? "online" : "offline";
  part("connection").textContent = say(isOnline ? "online" : "offline");
  showHold();
}

function showSound() {
  part("mute").setAttribute("aria-pressed", String(feedback.isMuted));
  part("mute-word").textContent = say(feedback.isMuted ? "unmute" : "mute");
}

function touched() {
  touchedAt = Date.now();
  feedback.unlock();
}

/** Nobody is before the till or at its keys, and all that was saved has been sent. */
function isAtRest() {
  const isLeft = Date.now() - touchedAt >= REST_MS && desk.name === "idle" && finder.value === "";
  return isLeft && isOnline && part("queue-count").textContent === "0";
}

/* --- Start --------------------------------------------------------------------------------------------- */

for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => move({ name: "close" }));
}
part("hold").addEventListener("click", () => void toggleHold());
part("mute").addEventListener("click", () => {
  feedback.toggleMute();
  showSound();
  feedback.give("seen");
});
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, touched, { capture: true });
}
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  const menu = partOf("menu", HTMLDetailsElement);
  if (!menu.open) return void move({ name: "close" });
  menu.open = false;
  menu.querySelector("summary")?.focus();
});
document.addEventListener("click", (event) => {
  const menu = partOf("menu", HTMLDetailsElement);
  if (event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
});
window.addEventListener("online", () => showLink(true));
window.addEventListener("offline", () => showLink(false));
window.setInterval(() => update.take(), REST_MS);
window.setInterval(leaveAlone, LOOK_ROUND_MS);

showSound();
showLink(navigator.onLine);
stage.show(camera.state, camera.lens);
for (const form of document.querySelectorAll("form[data-leaves]")) {
  form.addEventListener("submit", (event) => {
    if (part("queue-count").textContent === "0") return forgetPage();
    event.preventDefault();
    offline.send();
    savedSales.open();
  });
}
part("manager-open").hidden = Boolean(data.practice);
part("manager-open").addEventListener("click", () => {
  const member = memberOf(desk);
  if (member && member.query === undefined) manager.open(member);
});
if (data.paired) {
  part("switch").addEventListener("click", () => wall.lock());
  void wall.start();
}
if (!data.practice) {
  void offline.start(server, () => signedOut("signed_out_saved"));
  void keepPage();
}
if (await Camera.isAllowed()) void camera.start();
