/** The customer's screen: shows what the till of this browser tells, and says hello until it does. */

import { CHANNEL, paint, watchAnswers } from "./face.mjs";

/** @type {{texts: Record<string, string>}} */
const { texts } = JSON.parse(document.getElementById("till-data")?.textContent ?? "");
const channel = new BroadcastChannel(CHANNEL);

paint(document, { kind: "welcome", title: texts.face_welcome, text: texts.face_welcome_text });
channel.addEventListener("message", ({ data }) => {
  if (data?.face) paint(document, data.face);
});
watchAnswers(document, (question, answer) => channel.postMessage({ question, answer }));
channel.postMessage({ ask: true });

const keepAwake = () => void navigator.wakeLock?.request("screen").catch(() => undefined);
document.addEventListener("visibilitychange", () => !document.hidden && keepAwake());
keepAwake();
