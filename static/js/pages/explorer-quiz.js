// /data/NAME/you-against-ten: name the expression on each face, then compare with the raters and the model.
import { isPlurality, peopleFor, resultsOf } from "../explorer/quiz.js";
import { styleOf } from "../ui/expression-styles.js";
import { formatNumber, translate } from "../ui/language.js";

/** @typedef {import("../explorer/quiz.js").Face} Face */

const TITLES = /** @type {Record<string, string>} */ ({ unknown: translate("cannot tell"), nf: translate("not a face") });
const titleOf = (/** @type {string} */ label) => TITLES[label] ?? styleOf(label).name;
const element = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

const quiz = document.getElementById("quiz");
/** @type {{model: string | null, faces: Face[], sheet: string}} */
let game = { model: null, faces: [], sheet: "" };
/** @type {string[]} */
const answers = [];

async function load() {
  const { faces: address = "", sheet = "" } = quiz?.dataset ?? {};
  element("quiz-error").hidden = true;
  const response = await fetch(address).catch(() => null);
  const found = response?.ok ? await response.json() : null;
  if (!found || !quiz) {
    element("quiz-error").hidden = false;
    return;
  }
  game = { ...found, sheet: `${sheet}?rows=${found.faces.map((/** @type {Face} */ face) => face.row).join(",")}` };
  quiz.removeAttribute("aria-busy");
  show();
}

function show() {
  const count = game.faces.length;
  if (count === 0) element("quiz-question").textContent = translate("No face is in this view. Remove a filter.");
  else if (answers.length === count) return showResults();
  const bar = /** @type {HTMLProgressElement} */ (element("quiz-bar"));
  [bar.max, bar.value] = [Math.max(1, count), answers.length];
  element("quiz-progress").textContent = count ? translate("Face {n} of {count}", { n: answers.length + 1, count }) : "";
  for (const button of buttons()) button.disabled = count === 0;
  if (count) showFace(element("quiz-face"), answers.length);
  /** @type {HTMLButtonElement} */ (element("quiz-back")).disabled = answers.length === 0;
}

const buttons = () => /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("#quiz [data-label]"));

/** Show face `index` of the sprite sheet as the background of `place`. @param {HTMLElement} place  @param {number} index */
function showFace(place, index) {
  const columns = Math.min(Number(quiz?.dataset.columns), game.faces.length);
  const percent = (/** @type {number} */ at, /** @type {number} */ of) => `${of > 1 ? (100 * at) / (of - 1) : 0}%`;
  place.style.backgroundImage = `url("${game.sheet}")`;
  place.style.backgroundSize = `${100 * columns}% auto`;
  place.style.backgroundPosition = `${percent(index % columns, columns)} ${percent(Math.floor(index / columns), Math.ceil(game.faces.length / columns))}`;
}

/** @param {string} label */
function answer(label) {
  if (answers.length >= game.faces.length) return;
  answers.push(label);
  show();
}

function back() {
  if (answers.length === 0 || answers.length === game.faces.length) return;
  answers.pop();
  show();
}

function showResults() {
  const results = resultsOf(game.faces, answers);
  const count = game.faces.length;
  if (quiz) quiz.hidden = true;
  element("quiz-headline").textContent = translate("{people} of 10 people agree with you", { people: formatNumber(results.you.people, 1) });
  const rows = [[translate("You"), results.you], [game.model, results.model], [translate("One of the ten, with the others"), results.rater]];
  element("quiz-table").replaceChildren(...rows.flatMap(([who, agreement]) => (agreement ? [row(
    String(who), /** @type {import("../explorer/quiz.js").Agreement} */ (agreement), count)] : [])));
  element("quiz-difference").textContent = results.model ? verdict(results.difference, results.margin, count) : "";
  element("quiz-list").replaceChildren(...game.faces.map(tile));
  const section = element("quiz-results");
  section.hidden = false;
  section.focus();
}

/** @param {string} who  @param {import("../explorer/quiz.js").Agreement} agreement  @param {number} count */
function row(who, agreement, count) {
  const line = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = who;
  const cells = [formatNumber(agreement.people, 1), translate("{plurality} of {count}", { plurality: formatNumber(agreement.plurality, Number.isInteger(agreement.plurality) ? 0 : 1), count })];
  line.append(head, ...cells.map((text) => Object.assign(document.createElement("td"), { className: "number", textContent: text })));
  return line;
}

/** @param {number} difference  @param {number} margin  @param {number} count */
function verdict(difference, margin, count) {
  const values = { count, model: game.model ?? "", size: `${formatNumber(Math.abs(difference), 1)} ± ${formatNumber(margin, 1)}` };
  if (Math.abs(difference) <= margin) return translate("{count} faces cannot tell you and {model} apart: the difference is {size} people.", values);
  return difference > 0 ? translate("On these faces you agree with the raters more than {model}, by {size} people.", values) : translate("On these faces {model} agrees with the raters more than you, by {size} people.", values);
}

/** @param {Face} face  @param {number} index  @returns {HTMLLIElement} */
function tile(face, index) {
  const item = document.createElement("li");
  const link = Object.assign(document.createElement("a"), { className: "tile", href: quiz?.dataset.sample?.replace(/0$/, String(face.row)) });
  const thumb = Object.assign(document.createElement("span"), { className: "thumb" });
  showFace(thumb, index);
  const text = Object.assign(document.createElement("span"), { className: "tile-text" });
  const said = (/** @type {string} */ who, /** @type {string} */ label) => Object.assign(document.createElement("span"), {
    className: "small", textContent: translate("{who}: {expression}, {votes} of 10", { who, expression: titleOf(label), votes: Math.round(peopleFor(face.votes, label)) }) });
  text.append(said(isPlurality(face.votes, answers[index]) ? translate("✓ You") : translate("You"), answers[index]));
  if (game.model && face.answer) text.append(said(isPlurality(face.votes, face.answer) ? `✓ ${game.model}` : game.model, face.answer));
  text.append(votesOf(face));
  link.append(thumb, text);
  item.append(link);
  return item;
}

/** The votes as marks and as words. @param {Face} face */
function votesOf({ votes }) {
  const given = Object.entries(votes).filter(([, count]) => count).sort(([, one], [, other]) => other - one);
  const marks = Object.assign(document.createElement("span"), { className: "ten" });
  marks.setAttribute("aria-hidden", "true");
  for (const [label, count] of given) {
    for (let vote = 0; vote < count; vote += 1) {
      const mark = document.createElement("i");

      mark.dataset.expression = label;
      marks.append(mark);
    }
  }
  const words = Object.assign(document.createElement("span"), { className: "small votes-text", textContent: given.map(([label, count]) => `${count} ${titleOf(label)}`).join(", ") });
  const both = document.createElement("span");
  both.append(marks, words);
  return both;
}

for (const button of buttons()) button.addEventListener("click", () => answer(button.dataset.label ?? ""));
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || quiz?.hidden || quiz?.ariaBusy) return;
  const button = buttons()[Number(event.key) - 1];
  if (button) answer(button.dataset.label ?? "");
  else if (event.key === "Backspace") back();
});
element("quiz-back").addEventListener("click", back);
element("quiz-retry").addEventListener("click", load);
load();
