/** The designer's calls to the server. */

const csrf = document.querySelector('meta[name="csrf-token"]')?.getAttribute("content") ?? "";

const KEEPALIVE_LENGTH_MAX = 20_000; // UTF-16 units, so at most 60 kB of the 64 that a browser lets outlive a page

/** The server understood and declined; the message is a sentence for the reader. */
export class Refused extends Error {
  /**
   * @param {{ detail?: string, code?: string }} problem
   * @param {number} status
   */
  constructor(problem, status) {
    super(problem.detail ?? "");
    this.code = problem.code ?? "";
    this.status = status;
    this.problem = /** @type {Record<string, any>} */ (problem);
  }
}

/**
 * @param {string} method
 * @param {string} url
 * @param {BodyInit | object | null} [body] plain objects go as JSON
 * @param {boolean} [keepalive] whether it goes on when the page is left
 * @returns {Promise<any>} the answer's JSON
 */
export async function ask(method, url, body, keepalive = false) {
  const isRaw = body instanceof Blob;
  const headers = { Accept: "application/json", "X-CSRFToken": csrf, "Content-Type": isRaw ? body.type || "image/png" : "application/json" };
  const sent = isRaw ? body : body ? JSON.stringify(body) : null;
  const outlives = keepalive && typeof sent === "string" && sent.length < KEEPALIVE_LENGTH_MAX;
  const answer = await fetch(url, { method, headers, body: sent, keepalive: outlives });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Refused(said, answer.status);
  return said;
}

/**
 * Does one thing at a time: a call that comes meanwhile waits, and of several the last is done.
 * @param {() => Promise<void>} work
 * @param {number} pause milliseconds to wait for more before it is done; 0: at once
 */
export function latest(work, pause) {
  let wanted = false;
  let busy = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const run = async () => {
    if (busy) return;
    busy = true;
    while (wanted) {
      wanted = false;
      await work();
    }
    busy = false;
  };
  return () => {
    wanted = true;
    clearTimeout(timer);
    if (pause === 0) void run();
    else timer = setTimeout(run, pause);
  };
}
