/** The customer's screen: shows what its till tells, and says hello until it does. */

import { CHANNEL, paint, watchAnswers } from "./face.mjs";
import { FarTill } from "./far_till.mjs";

/** @type {{texts: Record<string, string>, far: string | null, pair: string}} */
const { texts, far, pair } = JSON.parse(document.getElementById("till-data")?.textContent ?? "");
const welcome = /** @type {const} */ ({ kind: "welcome", title: texts.face_welcome, text: texts.face_welcome_text });

paint(document, welcome);
if (far === null) {
  const channel = new BroadcastChannel(CHANNEL);
  channel.addEventListener("message", ({ data }) => {
    if (data?.face) paint(document, data.face);
  });
  watchAnswers(document, (question, answer) => channel.postMessage({ question, answer }));
  channel.postMessage({ ask: true });
} else {
  const till = new FarTill(far, document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "", {
    onFace: (face) => paint(document, face && face.kind !== "welcome" ? face : welcome),
    onLost: () => paint(document, { ...welcome, text: texts.face_lost }),
    onRevoked: () => window.location.assign(pair),
  });
  watchAnswers(document, (question, answer) => void till.answer(question, answer));
  document.addEventListener("visibilitychange", () => till.look());
  window.addEventListener("online", () => till.look());
  till.look();
}

const keepAwake = () => void navigator.wakeLock?.request("screen").catch(() => undefined);
document.addEventListener("visibilitychange", () => !document.hidden && keepAwake());
keepAwake();
