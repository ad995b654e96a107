/** Turns what stands in the page into what should stand there, touching nothing that is the same already. */

/**
 * The children of `place` become these. A node that stays keeps its picture, its layer and how far it
 * was scrolled; the browser lays out only what changed.
 * @param {Node} place
 * @param {Node[]} wanted
 */
export function become(place, wanted) {
  wanted.forEach((fresh, at) => {
    const stands = place.childNodes[at];
    if (!stands) place.appendChild(fresh);
    else if (!turned(stands, fresh)) place.replaceChild(fresh, stands);
  });
  while (place.childNodes.length > wanted.length) place.lastChild?.remove();
}

/**
 * Whether the one could be made the other in place.
 * @param {Node} stands
 * @param {Node} fresh
 */
function turned(stands, fresh) {
  if (stands.nodeName !== fresh.nodeName) return false;
  if (stands instanceof Element && fresh instanceof Element) {
    for (const { name } of [...stands.attributes]) if (!fresh.hasAttribute(name)) stands.removeAttribute(name);
    for (const { name, value } of [...fresh.attributes]) if (stands.getAttribute(name) !== value) say(stands, name, value);
    become(stands, [...fresh.childNodes]);
  } else if (stands.nodeValue !== fresh.nodeValue) stands.nodeValue = fresh.nodeValue;
  return true;
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string} value
 */
function say(element, name, value) {
  // The page's policy lets scripts set properties of a style, not the attribute.
  if (name === "style" && element instanceof HTMLElement) element.style.cssText = value;
  else element.setAttribute(name, value);
}
