/** The till's calls to the server. An answer, a refusal with its sentence, or "not reached": nothing else. */

const LIMIT_MS = 8_000; // past this a cashier believes it is broken
const UPLOAD_LIMIT_MS = 20_000; // half a megabyte over a shop's line
const TELL_LIMIT_MS = 4_000; // then it is said anew
const RETRIES = 1; // writes carry a request id, so that asking again is safe
const RETRY_PAUSE_MS = 400;

/** The server understood and declined. The message is in the user's language. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} sentence
   * @param {Record<string, unknown>} facts
   */
  constructor(status, code, sentence, facts) {
    super(sentence);
    this.status = status;
    this.code = code;
    this.facts = facts;
  }
}

/** Nobody answered in time, or the server was in trouble: the request may or may not have been done. */
export class Unreached extends Error {}

/** @typedef {{limit?: number, retries?: number}} Patience limit in milliseconds for each try */

export class Api {
  #base;
  #csrf;
  #onReach;
  #onRelease;

  /**
   * @param {string} base address of the till's API, with a slash at the end
   * @param {string} csrf
   * @param {(isOnline: boolean) => void} onReach told after every call
   * @param {(release: string | null) => void} onRelease told with every answer which release it came from
   */
  constructor(base, csrf, onReach, onRelease = () => {}) {
    this.#base = base;
    this.#csrf = csrf;
    this.#onReach = onReach;
    this.#onRelease = onRelease;
  }

  /**
   * @param {string} path below the base address
   * @param {Record<string, unknown>} body
   * @param {Patience} [patience]
   * @returns {Promise<any>} the answer's JSON
   */
  async post(path, body, { limit = LIMIT_MS, retries = RETRIES } = {}) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await this.#sendAsSomebody(path, body, limit);
        this.#onReach(true);
        return answer;
      } catch (error) {
        if (error instanceof Refused) this.#onReach(true);
        if (!(error instanceof Unreached)) throw error;
        if (attempt >= retries || !navigator.onLine) {
          this.#onReach(false);
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MS));
      }
    }
  }

  /**
   * @param {string} path below the base address
   * @param {number} [limit] milliseconds
   * @returns {Promise<any>} the answer's JSON
   */
  async get(path, limit = LIMIT_MS) {
    return this.#send(path, null, limit);
  }

  /**
   * Something that is said again soon: one try, and nothing is made of it when nobody hears it.
   * @param {string} path below the base address
   * @param {Record<string, unknown>} body
   * @returns {Promise<any>} the answer's JSON
   */
  async tell(path, body) {
    return this.#sendAsSomebody(path, body, TELL_LIMIT_MS);
  }

  /**
   * A picture for the server to read.
   * @param {Blob} photo
   * @returns {Promise<{texts: string[]}>}
   */
  async upload(photo) {
    return this.#sendAsSomebody("photo", photo, UPLOAD_LIMIT_MS);
  }

  /**
   * A page that was kept without a connection holds an old token: it gets a fresh one and asks again.
   * @param {string} path
   * @param {Record<string, unknown> | Blob} body
   * @param {number} limit milliseconds
   */
  async #sendAsSomebody(path, body, limit) {
    try {
      return await this.#send(path, body, limit);
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== "csrf_failed") throw error;
      this.#csrf = (await this.#send("session", null, limit)).csrf;
      return this.#send(path, body, limit);
    }
  }

  /**
   * @param {string} path
   * @param {Record<string, unknown> | Blob | null} body null asks for something
   * @param {number} limit milliseconds
   */
  async #send(path, body, limit) {
    const kind = body instanceof Blob ? body.type || "application/octet-stream" : "application/json";
    let response;
    let answer;
    try {
      response = await fetch(this.#base + path, {
        ...(body && { method: "POST", body: body instanceof Blob ? body : JSON.stringify(body) }),
        headers: { "Content-Type": kind, Accept: "application/json", "X-CSRFToken": this.#csrf },
        credentials: "same-origin",
        redirect: "manual", // a sign-in page is no answer
        signal: AbortSignal.timeout(limit),
      });
      answer = response.status === 204 ? null : await response.json().catch(() => null);
    } catch (error) {
      throw new Unreached(String(error));
    }
    this.#onRelease(response.headers.get("Comptoir-Release"));
    if (response.ok) return answer;
    if (response.type === "opaqueredirect") throw new Refused(401, "signed_out", "", {});
    if (response.status >= 500 || response.status === 408) throw new Unreached(`status ${response.status}`);
    const { code = "", detail, title, ...facts } = /** @type {Record<string, any>} */ (answer ?? {});
    throw new Refused(response.status, code, detail || title || "", facts);
  }
}
