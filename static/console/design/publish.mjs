/** Publishing: side by side with what is live, what it will do, how far it has come, and back again. */
import { fill, h, part } from "../../simulate/dom.mjs";
import { ask, Refused } from "./api.mjs";
import { Compare } from "./compare.mjs";

const FOLLOW_MS = 1500; // while cards are on their way
const REST_MS = 20_000;

/**
 * @typedef {{ name: string, wanted: number, assigned: number, arrived: number, sentence: string, removed: string }} Way
 * @typedef {{ number: number, state: string, share: number, status: string, kind: string, note: string, by: string, at: string,
 *   background: string, foreground: string, ways: Way[], under_way: boolean }} Version
 */

export class Publisher {
  /**
   * @param {{ urls: Record<string, string>, texts: Record<string, string>, member: () => object, language: () => string,
   *   live: () => object, draft: () => object, revision: () => number, settle: () => Promise<void>,
   *   published: (isForAll: boolean) => Promise<void>, say: (sentence: string) => void }} page
   */
  constructor(page) {
    this.page = page;
    this.dialog = /** @type {HTMLDialogElement} */ (part(document, "#publish-dialog"));
    this.tryout = /** @type {HTMLDialogElement} */ (part(document, "#try-dialog"));
    this.error = part(document, "#publish-error");
    this.drawn = "";
    this.comparison = new Compare(page.texts);
    part(document, "#publish").addEventListener("click", () => void this.open());
    part(document, "#publish-cancel").addEventListener("click", () => this.dialog.close());
    part(document, "#publish-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.publish(/** @type {HTMLFormElement} */ (event.target));
    });
    part(document, "#try").addEventListener("click", () => void this.send());
    part(document, "#try-close").addEventListener("click", () => this.tryout.close());
    part(document, "#releases").addEventListener("click", (event) => void this.clicked(event));
  }

  async open() {
    this.error.hidden = true;
    const { urls, texts } = this.page;
    try {
      await this.page.settle();
    } catch (error) {
      return this.page.say(error instanceof Refused ? error.message : texts.away);
    }
    try {
      const effect = await ask("POST", urls.effect, { document: this.page.draft() });
      part(document, "#effect-changes").textContent =
        effect.changes.length > 0 ? fill(texts.changes, { changes: effect.changes.join(", ") }) : texts.nothing_to_publish;
      part(document, "#effect").replaceChildren(...effect.sentences.map((/** @type {string} */ text) => h("li", { text })));
      this.block(effect.blocking);
      part(document, "#publish-do").toggleAttribute("disabled", effect.changes.length === 0 || effect.blocking.length > 0);
      await this.compare();
    } catch (error) {
      this.tell(error);
      part(document, "#publish-do").setAttribute("disabled", "");
    }
    this.dialog.showModal();
  }

  /** @param {{ sentence: string, fix: string }[]} findings */
  block(findings) {
    const list = part(document, "#effect-blocking");
    list.hidden = findings.length === 0;
    list.replaceChildren(...findings.map((one) => h("li", { class: "designer-finding is-bad", text: `${one.sentence} ${one.fix}` })));
  }

  /** Both cards, with the member whom the phones show. */
  async compare() {
    const { urls, member, language } = this.page;
    const shown = (/** @type {object} */ document_) => ask("POST", urls.preview, { document: document_, ...member() });
    const [live, draft] = await Promise.all([shown(this.page.live()), shown(this.page.draft())]);
    this.comparison.show(live, draft, language());
  }

  /** @param {unknown} error */
  tell(error) {
    this.error.textContent = error instanceof Refused ? error.message : this.page.texts.away;
    this.error.hidden = false;
    if (error instanceof Refused && error.problem.findings) this.block(error.problem.findings);
  }

  /** @param {HTMLFormElement} form */
  async publish(form) {
    const said = new FormData(form);
    const share = Number(said.get("share"));
    try {
      await ask("POST", this.page.urls.publish, { revision: this.page.revision(), share, note: said.get("note") ?? "" });
    } catch (error) {
      return this.tell(error);
    }
    this.dialog.close();
    await this.page.published(share === 100);
    await this.show();
  }

  async send() {
    try {
      const made = await ask("POST", this.page.urls.test_card, { document: this.page.draft() });
      const code = new DOMParser().parseFromString(made.code, "text/html").body.firstElementChild;
      part(document, "#try-code").replaceChildren(...(code ? [document.importNode(code, true)] : []));
      /** @type {HTMLAnchorElement} */ (part(document, "#try-link")).href = made.address;
      this.tryout.showModal();
    } catch (error) {
      part(document, "#state").textContent = error instanceof Refused ? error.message : this.page.texts.away;
    }
  }

  // --- versions

  /** Keep the list of versions true: often while cards are on their way. */
  async follow() {
    const isUnderWay = await this.show().catch(() => false);
    setTimeout(() => void this.follow(), isUnderWay && !document.hidden ? FOLLOW_MS : REST_MS);
  }

  async show() {
    const { versions, under_way } = await ask("GET", this.page.urls.progress);
    const text = JSON.stringify(versions);
    if (text !== this.drawn) {
      const focused = document.activeElement?.getAttribute("data-act-id");
      part(document, "#releases").replaceChildren(...versions.map((/** @type {Version} */ one) => this.row(one)));
      const again = focused && document.querySelector(`[data-act-id="${focused}"]`);
      if (again instanceof HTMLElement) again.focus();
    }
    this.drawn = text;
    return under_way;
  }

  /** @param {Version} version */
  row(version) {
    const { texts } = this.page;
    const spot = h("span", { class: "designer-release__spot", "aria-hidden": "true", text: String(version.number) });
    spot.style.setProperty("--spot", version.background);
    spot.style.setProperty("--spot-ink", version.foreground);
    return h(
      "li",
      { class: "designer-release", "data-version": version.number, "data-state": version.state, "data-under-way": String(version.under_way) },
      spot,
      h(
        "div",
        { class: "designer-release__text" },
        h(
          "p",
          { class: "designer-release__name" },
          h("strong", { text: fill(texts.version, { version: version.number }) }),
          h("span", { class: `badge${version.kind ? ` badge--${version.kind}` : ""}`, text: version.status }),
        ),
        h("p", { class: "muted small", text: fill(texts.by, { name: version.by, at: version.at }) }),
        version.note && h("p", { text: version.note }),
        version.ways.length > 0 && h("div", { class: "designer-ways" }, ...version.ways.map((way) => this.way(way))),
      ),
      h("div", { class: "designer-release__acts" }, ...this.acts(version)),
    );
  }

  /** @param {Way} way */
  way(way) {
    const share = way.wanted > 0 ? way.arrived / way.wanted : 0;
    return h(
      "div",
      { class: "designer-way" },
      h("p", { class: "small" }, h("strong", { text: way.name }), h("span", { text: way.sentence })),
      h("progress", { class: "meter", max: 1, value: share, "aria-label": `${way.name}: ${way.sentence}` }),
      way.removed && h("p", { class: "muted small", text: way.removed }),
    );
  }

  /** @param {Version} version */
  acts(version) {
    const { texts } = this.page;
    const button = (/** @type {string} */ act, /** @type {string} */ text, /** @type {number} */ share = 0) =>
      h("button", {
        class: `button${act === "widen" ? " button--primary" : ""}`,
        type: "button",
        "data-act": act,
        "data-share": share,
        "data-number": version.number,
        "data-act-id": `${act}-${version.number}-${share}`,
        text,
      });
    const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
    if (version.state === "staged") {
      const wider = [50, 100].filter((share) => share > version.share);
      return [
        ...wider.map((share) => button("widen", fill(texts.widen, { share: percent.format(share / 100) }), share)),
        button("withdraw", texts.withdraw),
      ];
    }
    return version.state === "published" ? [] : [button("roll_back", texts.bring_back)];
  }

  /** @param {Event} event */
  async clicked(event) {
    const button = event.target instanceof Element ? event.target.closest("button") : null;
    if (!button) return;
    const { act = "", number, share } = button.dataset;
    const { texts, urls } = this.page;
    if (act === "roll_back" && !confirm(fill(texts.bring_back_sure, { version: number }))) return;
    if (act === "withdraw" && !confirm(texts.withdraw_sure)) return;
    button.setAttribute("disabled", "");
    try {
      await ask("POST", urls[act], { version: Number(number), share: Number(share) });
      await this.page.published(act === "roll_back" || share === "100");
      await this.show();
    } catch (error) {
      button.removeAttribute("disabled");
      part(document, "#state").textContent = error instanceof Refused ? error.message : texts.away;
    }
  }
}
