// @ts-check
/**
 * A hand scanner may be faster than the page: what it types while the scripts are still on their way is
 * kept here, in order, until the till is ready to read it. A classic script, so that it runs at once.
 */
(() => {
  const KEPT_MAX = 512; // keys: the longest burst that the till reads
  /** @type {KeyboardEvent[]} */
  const kept = [];
  /** @param {KeyboardEvent} event */
  const keep = (event) => {
    if (kept.length < KEPT_MAX) kept.push(event);
  };
  window.addEventListener("keydown", keep, { capture: true });
  Object.assign(window, {
    takeEarlyKeys: () => {
      window.removeEventListener("keydown", keep, { capture: true });
      return kept.splice(0);
    },
  });
})();
