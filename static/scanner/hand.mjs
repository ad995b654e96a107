/** Which hand works: the keys for the thumb lie on its side. */

import { recall, remember } from "./memory.mjs";
import { part, say } from "./page.mjs";

const HAND = "till.hand";

export function offerHands() {
  part("hand").addEventListener("click", () => {
    remember(HAND, recall(HAND) === "left" ? "right" : "left");
    show();
  });
  show();
}

function show() {
  const isLeft = recall(HAND) === "left";
  document.documentElement.dataset.hand = isLeft ? "left" : "right";
  part("hand-word").textContent = say(isLeft ? "hand_right" : "hand_left"); // what a tap changes to
}
