/**
 * What the server will answer to the design as it stands now, made of what it answered last.
 *
 * Both phones show this at the key; the answer then takes its place. Whatever only the server can know (a
 * picture's size, what a member holds) stays as it was answered. A test compares the two for any design.
 */

/**
 * @typedef {Record<string, string>} Words a text in some languages
 * @typedef {{ key: string, label: string, value: string, links: { text: string, url: string }[] }} Field
 * @typedef {{ label: string, value: string }} Pair
 * @typedef {{ facts: string[], voices: { key: string, words: Words, changed: boolean }[],
 *   cells: Record<string, Record<string, Pair | null>>, sections: Record<string, Pair[]>, links: number,
 *   near: { words: Words, names: string[] } }} Parts what the card has without the design (passes/preview.py)
 * @typedef {{ faces: Record<string, Record<string, any>>, news: Record<string, Record<string, string[]>>,
 *   tier: string | null, pictures: Record<string, Record<string, string>>, parts: Parts }} Shown
 */

const COLOUR = /^#[0-9a-f]{6}$/;
const ROLES = /** @type {const} */ (["background", "foreground", "label"]);
const GROUPS = /** @type {const} */ (["header", "primary", "secondary", "auxiliary", "back"]);
const HEADER_MAX = 3;
const BELOW_MAX = 4; // Apple: secondary and auxiliary together
const POSTER_MAX = { header: 1, primary: 4, footer: 1 };
const MODULES_MAX = 10; // text modules that Google shows of the card, and as many of its class
const ROWS_MAX = 3; // of Google's face
const PLACES = [[], ["centre"], ["start", "end"], ["start", "middle", "end"]]; // by how many facts stand in a row
const OF_GOOGLE = ["balance", "member", "number"]; // facts that Google has a field for; the others are details as well
const DETAILED = ["tier", "next_reward"]; // on the face or not
const KINDS = ["text", "link", "legal"]; // the order of the design's own texts on Apple's back
const OWN = "back-own-";
const LINK = /^(https?:\/\/|mailto:|tel:)/;
const POSTER_PICTURES = ["artwork", "primary_logo", "secondary_logo"];
const MARK = "%@";
// Apple's two files escape these differently, so that a pass says a space instead (passes/apple/words.py).
const ESCAPED = /[\x00-\x07\x0b\x0e-\x1f]|\\u00/;
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;

/**
 * @param {Shown} answer
 * @param {Record<string, any>} document as the server takes it
 * @param {string[]} languages of the program, its own first
 * @returns {Shown}
 */
export function foreseen(answer, document, languages) {
  const look = lookOf(answer, document);
  const of = (/** @type {(language: string) => any} */ make) => Object.fromEntries(languages.map((language) => [language, make(language)]));
  const { apple, google } = answer.faces;
  const faces = {
    apple: of((language) => appleFace(apple[language], { answer, document, look, languages, language })),
    google: of((language) => googleFace(google[language], { answer, document, look, languages, language })),
  };
  const news = { ...answer.news, apple: of((language) => spoken(faces.apple[language], { answer, document, languages, language })) };
  return { ...answer, faces, news, pictures: of((language) => pictures(answer.pictures[language], document, look, language)) };
}

/**
 * @typedef {{ background: string, foreground: string, label: string, own: Record<string, any> }} Look the colours, and what else the status has
 * @typedef {{ answer: Shown, document: Record<string, any>, languages: string[], language: string }} Asked
 */

/**
 * A status has the card's colours where it has none of its own. A colour that is none yet is left out.
 * @param {Shown} answer
 * @param {Record<string, any>} document
 * @returns {Look}
 */
function lookOf(answer, document) {
  const own = document.tiers[answer.tier ?? ""] ?? {};
  const colours = ROLES.map((role) => [role, own[role] ?? document[role]]).filter(([, colour]) => COLOUR.test(colour));
  return /** @type {Look} */ ({ background: "", foreground: "", label: "", ...Object.fromEntries(colours), own });
}

/**
 * @param {any} face
 * @param {Asked & { look: Look }} asked
 */
function appleFace(face, { answer, document, look, languages, language }) {
  const groups = placedFields(face, answer.parts.facts, document.layout);
  const theirs = face.back.filter((/** @type {Field} */ field) => !answer.parts.facts.includes(field.key) && !field.key.startsWith(OWN));
  const kind = (/** @type {any} */ one) => KINDS.indexOf(one.kind);
  const own = [...document.back].sort((one, other) => kind(one) - kind(other)).map((one) => ownField(one, languages, language));
  const words = typeof document.logo_text === "string" ? Object.fromEntries(languages.map((one) => [one, document.logo_text])) : document.logo_text;
  const colours = Object.fromEntries(ROLES.map((role) => [role, look[role] ? rgb(look[role]) : face.colours[role]]));
  const { poster: large, ...rest } = face;
  return {
    ...rest,
    ...groups,
    ...(large && document.poster ? { poster: poster(face, answer.parts.facts, document.poster) } : {}),
    organization: document.organization_name || face.organization,
    description: said(document.description, languages, language) || face.description,
    logo_text: said(words, languages, language),
    colours,
    back: [...groups.back, ...theirs, ...own],
    near: document.shows_near_stores ? near(face.near, { answer, document, languages, language }) : [],
  };
}

/**
 * @param {any} face
 * @param {Asked & { look: Look }} asked
 */
function googleFace(face, { answer, document, look, language }) {
  const { facts, cells, sections, links } = answer.parts;
  const say = (/** @type {Words} */ words) => words[language] || (Object.values(words)[0] ?? "");
  const module = (/** @type {string} */ key) => cells[language][key];
  const told = DETAILED.filter((key) => facts.includes(key)).map(module);
  const others = [...new Set(document.google_rows.flat())].filter((key) => facts.includes(key) && !OF_GOOGLE.includes(key) && !DETAILED.includes(key));
  const texts = document.back.filter((/** @type {any} */ one) => !one.url).slice(0, MODULES_MAX);
  const linked = document.back.filter((/** @type {any} */ one) => one.url && LINK.test(one.url));
  return {
    ...face,
    issuer: document.organization_name || face.issuer,
    background: look.background || face.background,
    rows: rows(document.google_rows, cells[language]),
    details: [
      ...[...told, ...sections[language], ...others.map(module)].slice(0, MODULES_MAX),
      ...texts.map((/** @type {any} */ one) => ({ label: say(one.title), value: say(one.body) })),
    ],
    links: [
      ...face.links.slice(0, links),
      ...linked.map((/** @type {any} */ one) => ({ text: say(one.title) || one.url, url: one.url })),
    ],
    near: document.shows_near_stores ? face.near : [],
  };
}

/**
 * The rows of Google's face. What a card lacks leaves its place free.
 * @param {string[][]} wanted facts by row
 * @param {Record<string, Pair | null>} cells
 */
function rows(wanted, cells) {
  const row = (/** @type {string[]} */ keys) => keys.map((key, at) => cells[key] && { ...cells[key], at: PLACES[keys.length][at] }).filter(Boolean);
  const face = wanted.filter((keys) => keys.length > 0).slice(0, ROWS_MAX);
  return face.map(row).filter((found) => found.length > 0);
}

/**
 * What the lock screen says beside each store.
 * @param {{ place: string, text: string }[]} before
 * @param {Asked} asked
 */
function near(before, { answer, document, languages, language }) {
  const { words, names } = answer.parts.near;
  const own = { ...words, ...document.near_words };
  const named = (/** @type {string} */ name) => Object.fromEntries(Object.entries(own).map(([code, text]) => [code, text.split(MARK).join(name)]));
  return before.map((one, at) => ({ ...one, text: said(named(names[at] ?? ""), languages, language) }));
}

/**
 * A text as a pass of this language reads: a language that it lacks has the program's own.
 * @param {Words} words
 * @param {string[]} languages
 * @param {string} language
 */
function said(words, languages, language) {
  const base = words[languages[0]] || (Object.values(words)[0] ?? "");
  const all = languages.map((one) => words[one] || base);
  const text = words[language] || base;
  return all.some((one) => ESCAPED.test(one)) ? text.replace(CONTROLS, " ") : text;
}

/**
 * A text of the design's own back.
 * @param {any} one
 * @param {string[]} languages
 * @param {string} language
 * @returns {Field}
 */
function ownField(one, languages, language) {
  const value = said(one.body, languages, language);
  const links = one.url && LINK.test(one.url) ? [{ text: value, url: one.url }] : [];
  return { key: OWN + one.key, label: said(one.title, languages, language), value, links };
}

/**
 * The card's facts where the layout wants them; what finds no room on the face is on the back.
 * @param {Record<string, Field[]>} face
 * @param {string[]} keys of all facts
 * @param {Record<string, string[]>} layout
 */
function placedFields(face, keys, layout) {
  const fields = new Map(GROUPS.flatMap((group) => face[group]).map((field) => [field.key, field]));
  const places = placed(layout, keys);
  return /** @type {Record<typeof GROUPS[number], Field[]>} */ (
    Object.fromEntries(GROUPS.map((group) => [group, places[group].map((key) => fields.get(key)).filter(Boolean)]))
  );
}

/**
 * As `passes.apple.document.placed`.
 * @param {Record<string, string[]>} layout
 * @param {string[]} keys
 * @returns {Record<string, string[]>}
 */
function placed(layout, keys) {
  const here = (/** @type {string} */ group) => layout[group].filter((key) => keys.includes(key));
  const named = GROUPS.flatMap((group) => layout[group]);
  const others = keys.filter((key) => !named.includes(key));
  const [header, primary, auxiliary] = [here("header"), here("primary"), here("auxiliary")];
  const wanted = layout.secondary.flatMap((key) => (key === "*" ? others : keys.includes(key) ? [key] : []));
  const secondary = wanted.slice(0, Math.max(BELOW_MAX - auxiliary.length, 0));
  const onFace = [...header, ...primary, ...secondary, ...auxiliary];
  const back = here("back").filter((key) => !onFace.includes(key));
  back.push(...keys.filter((key) => !onFace.includes(key) && !back.includes(key)));
  return {
    header: header.slice(0, HEADER_MAX),
    primary: primary.slice(0, 1),
    secondary,
    auxiliary: auxiliary.slice(0, BELOW_MAX - secondary.length),
    back,
  };
}

/**
 * The full-size look, whose fields are the same facts again.
 * @param {Record<string, Field[]>} face
 * @param {string[]} keys
 * @param {Record<string, any>} wanted
 */
function poster(face, keys, wanted) {
  const fields = new Map(GROUPS.flatMap((group) => face[group]).map((field) => [field.key, field]));
  const group = (/** @type {"header" | "primary" | "footer"} */ name) =>
    wanted[name]
      .filter((/** @type {string} */ key) => keys.includes(key))
      .slice(0, POSTER_MAX[name])
      .map((/** @type {string} */ key) => ({ ...fields.get(key), key: `poster-${key}` }));
  const actions = wanted.actions.map((/** @type {any} */ one) => one.kind);
  return { header: group("header"), primary: group("primary"), footer: group("footer"), actions };
}

/**
 * What the iPhone's lock screen says: the first fact that has a sentence speaks, if it has changed.
 * @param {any} face
 * @param {Asked} asked
 * @returns {string[]}
 */
function spoken(face, { answer, document, languages, language }) {
  const words = (/** @type {any} */ voice) => document.announce[voice.key] ?? voice.words;
  const voice = answer.parts.voices.find((one) => Object.keys(words(one)).length > 0);
  if (!voice?.changed) return [];
  const field = GROUPS.flatMap((group) => face[group]).find((/** @type {Field} */ one) => one.key === voice.key);
  const base = said(words(voice), languages, languages[0]);
  return [base.includes(MARK) ? said(words(voice), languages, language).split(MARK).join(field?.value ?? "") : ""];
}

/**
 * Addresses of pictures hold all that the pictures are made of.
 * @param {Record<string, string>} before
 * @param {Record<string, any>} document
 * @param {Look} look
 * @param {string} language
 */
function pictures(before, document, look, language) {
  const [known] = Object.values(before);
  const address = known && addressOf(known);
  if (!address || !look.background || !look.foreground || !document.monogram) return before;
  const images = { ...document.images, ...document.images_by_language?.[language], ...look.own.images };
  const names = new Set(Object.keys(before).filter((name) => document.poster || !POSTER_PICTURES.includes(name)));
  if (document.poster) POSTER_PICTURES.forEach((name) => names.add(name));
  if (!document.images.secondary_logo) names.delete("secondary_logo");
  const { background, foreground } = look;
  const text = JSON.stringify({ background, foreground, images: sorted(images), monogram: document.monogram, pattern: document.pattern });
  const query = new URLSearchParams({ look: text });
  return Object.fromEntries([...names].map((name) => [name, `${address.folder}${name}.png?${query}`]));
}

/**
 * The same addresses, written as this page writes them: one picture has one address.
 * @param {Record<string, Record<string, string>>} answered language → name → address
 */
export function rewritten(answered) {
  const write = (/** @type {string} */ url) => {
    const found = addressOf(url);
    return `${found.folder}${found.file}?${new URLSearchParams({ look: found.look })}`;
  };
  const each = (/** @type {Record<string, string>} */ own) => Object.fromEntries(Object.entries(own).map(([name, url]) => [name, write(url)]));
  return Object.fromEntries(Object.entries(answered).map(([language, own]) => [language, each(own)]));
}

/** @param {string} url */
function addressOf(url) {
  const [path, query] = url.split("?", 2);
  const end = path.lastIndexOf("/") + 1;
  return { folder: path.slice(0, end), file: path.slice(end), look: new URLSearchParams(query).get("look") ?? "" };
}

/** @param {Record<string, string>} images */
function sorted(images) {
  return Object.fromEntries(Object.entries(images).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/**
 * A colour in Apple's notation.
 * @param {string} colour `#rrggbb`
 */
function rgb(colour) {
  const [red, green, blue] = [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16));
  return `rgb(${red}, ${green}, ${blue})`;
}
