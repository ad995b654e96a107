/**
 * What the till is doing, as plain data: which state follows which. No page, no clock, no network.
 *
 * idle → looking → member → submitting → done → idle, with turns to choosing (several members fit),
 * asking (the server wants a second word), confirming (the customer or a manager has to say yes), unsent (nobody
 * answered) and refused.
 */

/**
 * @typedef {object} Reward
 * @property {string} id
 * @property {string} name
 * @property {number} cost
 * @property {string} unit
 * @property {boolean} affordable
 * @property {boolean} at_once it goes over the counter now, not as a voucher
 *
 * @typedef {object} Voucher
 * @property {string} code
 * @property {string} name
 * @property {string} kind
 * @property {string | null} expires_at
 * @property {string | null} opens_at
 *
 * @typedef {object} Credit store credit to pay with
 * @property {string} unit
 * @property {number} available_minor
 * @property {number} share_max_percent how much of a bill it may pay
 *
 * @typedef {object} StampCard
 * @property {string} unit
 * @property {string} name
 * @property {number} have
 * @property {number} target
 *
 * @typedef {object} Activity what a cashier may note with one tap
 * @property {string} kind
 * @property {string} name
 * @property {number} quantity
 * @property {string} unit
 *
 * @typedef {object} Member what the till may see of a member
 * @property {string} id
 * @property {string} name
 * @property {string} number
 * @property {{key: string, name: string} | null} tier
 * @property {Record<string, {available: number, pending: number}>} balances
 * @property {{name: string, missing: number} | null} next_reward
 * @property {Reward[]} rewards
 * @property {Voucher[]} vouchers
 * @property {Credit | null} credit
 * @property {StampCard[]} stamp_cards
 * @property {Activity[]} activities
 * @property {string | null} last_visit_at
 * @property {{id: string, unit: string, quantity: number, seconds_left: number, rewards: string[]} | null} [hold] what this till holds of them, and the rewards it pays one of
 * @property {{unit: string, quantity: number, until: string}[]} [held_elsewhere] what other tills hold
 * @property {string} [held_id] their id, where this till holds something of a card that nobody can be asked about
 * @property {boolean} [own_card] it is the cashier's own: a colleague has to serve it
 * @property {string} [query] of somebody whom the server could not be asked about: what was scanned or typed
 *
 * @typedef {object} Choice
 * @property {string} id
 * @property {string} name
 * @property {string} number
 *
 * @typedef {object} Act something the cashier confirmed; its id goes along on every try
 * @property {string} request_id
 * @property {"purchase" | "redemption" | "voucher" | "activity" | "undo" | "managed"} kind
 * @property {string} path
 * @property {Record<string, unknown>} body
 *
 * @typedef {object} Outcome
 * @property {Act} act
 * @property {{unit: string, quantity: number}[]} changes given (above zero) or taken
 * @property {Record<string, unknown> | null} undo what an undo must name, or null when there is nothing to undo
 * @property {boolean} repeated the server had already done it
 * @property {{id: string, name: string} | null} reward of a redemption or a voucher
 * @property {number | null} worth_minor what a voucher takes off the bill, where that is money
 * @property {string} activity what was noted
 * @property {Member} member as it is afterwards
 * @property {boolean} [isSaved] this till keeps it until the server has it
 *
 * @typedef {{name: "idle"}
 *   | {name: "looking"}
 *   | {name: "choosing", choices: Choice[], why: "several" | "many" | "two"}
 *   | {name: "member", member: Member}
 *   | {name: "submitting", member: Member | null, act: Act}
 *   | {name: "asking", member: Member | null, act: Act, question: string}
 *   | {name: "unsent", member: Member | null, act: Act}
 *   | {name: "confirming", member: Member | null, act: Act}
 *   | {name: "done", outcome: Outcome, resume: Member | null}
 *   | {name: "refused", member: Member | null, sentence: string}} Desk
 *
 * @typedef {{name: "look"}
 *   | {name: "found", member: Member}
 *   | {name: "several", choices: Choice[], why: "several" | "many" | "two"}
 *   | {name: "submit", act: Act}
 *   | {name: "ask", question: string}
 *   | {name: "lost"}
 *   | {name: "confirm"}
 *   | {name: "settle", outcome: Outcome}
 *   | {name: "refuse", sentence: string}
 *   | {name: "close"}} Move
 */

/** @type {Desk} */
export const IDLE = { name: "idle" };

/** @type {Record<Desk["name"], Move["name"][]>} which moves each state takes */
export const MOVES = {
  idle: ["look", "submit"],
  looking: ["look", "found", "several", "refuse", "close"],
  choosing: ["look", "close"],
  member: ["look", "submit", "close"],
  submitting: ["settle", "refuse", "ask", "lost", "confirm"],
  asking: ["submit", "close"],
  unsent: ["submit", "close"],
  confirming: ["submit", "refuse", "close"],
  done: ["look", "submit", "close"],
  refused: ["look", "submit", "close"],
};

/**
 * The state after a move; the same state when the move does not belong there, as after a late answer.
 * @param {Desk} desk
 * @param {Move} move
 * @returns {Desk}
 */
export function next(desk, move) {
  if (!MOVES[desk.name].includes(move.name)) return desk;
  const member = memberOf(desk);
  const act = "act" in desk ? desk.act : null;
  switch (move.name) {
    case "look":
      return { name: "looking" };
    case "found":
      return { name: "member", member: move.member };
    case "several":
      return { name: "choosing", choices: move.choices, why: move.why };
    case "submit":
      return { name: "submitting", member, act: move.act };
    case "ask":
      return act ? { name: "asking", member, act, question: move.question } : desk;
    case "lost":
      return act ? { name: "unsent", member, act } : desk;
    case "confirm":
      return act ? { name: "confirming", member, act } : desk;
    case "settle":
      return { name: "done", outcome: move.outcome, resume: resumed(move.outcome, member) };
    case "refuse":
      return { name: "refused", member, sentence: move.sentence };
    case "close":
      return back(desk);
  }
}

/**
 * Where closing leads: a question or a refusal goes back to the member it was about.
 * @param {Desk} desk
 * @returns {Desk}
 */
function back(desk) {
  if (desk.name === "done") return desk.resume ? { name: "member", member: desk.resume } : IDLE;
  const member = memberOf(desk);
  const isAboutMember = ["asking", "unsent", "confirming", "refused"].includes(desk.name);
  return isAboutMember && member ? { name: "member", member } : IDLE;
}

/**
 * Who comes back after the outcome. An undo is mostly a correction, and after a voucher or an activity the
 * sale itself follows, so the member stays, unless the cashier had already turned to somebody else.
 * @param {Outcome} outcome
 * @param {Member | null} onScreen
 */
function resumed(outcome, onScreen) {
  if (outcome.act.kind === "purchase" || outcome.act.kind === "redemption") return null;
  return onScreen && onScreen.id !== outcome.member.id ? onScreen : outcome.member;
}

/**
 * The member on the screen, or null.
 * @param {Desk} desk
 * @returns {Member | null}
 */
export function memberOf(desk) {
  if (desk.name === "done") return desk.outcome.member;
  return "member" in desk ? desk.member : null;
}
