/**
 * A new element. `class` is its class list, `on…` functions listen, `text` is its text,
 * everything else becomes an attribute; `false`, `null` and `undefined` are left out.
 * @param {string} tag
 * @param {Record<string, any>} [options]
 * @param {...(Node | "" | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function h(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.className = value;
    else if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child instanceof Node));
  return element;
}

/**
 * An element of the page that must be there.
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {HTMLElement}
 */
export function part(root, selector) {
  const found = root.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`no ${selector} in the page`);
  return found;
}

/**
 * A sentence with its `%(name)s` filled in.
 * @param {string} sentence
 * @param {Record<string, unknown>} facts
 */
export function fill(sentence, facts) {
  return sentence.replace(/%\((\w+)\)s/g, (_, name) => String(facts[name] ?? ""));
}

/**
 * A size in bytes as people read it.
 * @param {number} bytes
 * @param {string} language
 */
export function size(bytes, language) {
  const unit = bytes < 1_000_000 ? "kilobyte" : "megabyte";
  const value = bytes / (bytes < 1_000_000 ? 1000 : 1_000_000);
  const style = { style: "unit", unit, maximumFractionDigits: 1 };
  return new Intl.NumberFormat(language, /** @type {Intl.NumberFormatOptions} */ (style)).format(value);
}
