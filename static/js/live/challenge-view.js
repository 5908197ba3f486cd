// The challenge below the video: choose an expression, a countdown, the votes, the result with the best frame. Nothing of it
// leaves this page unless the visitor saves or shares the image.

import { button, make, partOf } from "../ui/dom.js";
import { download, fileName } from "../ui/downloads.js";
import { faceIcon, styleOf } from "../ui/expression-styles.js";
import { formatNumber, translate } from "../ui/language.js";
import { peopleSay } from "../ui/votes.js";
import { Challenge, GOAL } from "./challenge.js";
import { drawScene } from "./overlay.js";

/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("../types.js").Model} Model */
/** @typedef {import("./video-recorder.js").Boxes} Boxes */

const CAPTION = 48; // pixels below the best frame

export class ChallengeView {
  challenge = new Challenge();
  #element = partOf("challenge");
  #count = partOf("challenge-count");
  #marks = make("div", "ten-marks challenge-marks");
  #time = make("span", "challenge-time");
  #best = make("span", "challenge-best");
  /** @type {HTMLCanvasElement | null} */
  #bestFrame = null;
  #timer = 0;
  #url = "";
  /** @type {string[]} expressions to choose from; empty if the model has no votes */
  #labels = [];

  /** @param {(expression: string) => void} onChoice  the visitor chose an expression */
  constructor(onChoice) {
    this.onChoice = onChoice;
    this.expression = "surprise";
  }

  /** @param {Model | null} model */
  setModel(model) {
    this.#labels = model?.raters ? model.labels : [];
    if (!this.#labels.includes(this.expression)) this.expression = this.#labels[0] ?? "";
    if (!this.challenge.running) this.show();
  }

  /** Show the choice of an expression, without a round. */
  reset() {
    clearInterval(this.#timer);
    this.challenge.reset();
    this.show();
  }

  #start() {
    this.challenge.start(this.expression, performance.now());
    this.#bestFrame = null;
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#tick(), 100);
    this.show();
    this.#element.focus();
  }

  #tick() {
    if (this.challenge.tick(performance.now())) this.show();
    this.#update();
    if (!this.challenge.running) clearInterval(this.#timer);
  }

  /** @param {Frame} frame  @param {import("../vision/tracking.js").Track[]} tracks  the faces in it  @param {Boxes} boxes  @param {boolean} mirror */
  add(frame, tracks, boxes, mirror) {
    const { challenge } = this;
    if (!challenge.add(tracks, performance.now())) return;
    this.#bestFrame = withCaption(frame, boxes, mirror, `${peopleSay(challenge.votes, challenge.expression)} · ${seconds(challenge.best?.time ?? 0)}`);
    if (!challenge.running) this.show();
    this.#update();
  }

  /** Draw the present phase. */
  show() {
    URL.revokeObjectURL(this.#url);
    this.#url = "";
    const { phase } = this.challenge;
    this.#element.dataset.phase = phase;
    this.#count.hidden = phase !== "countdown";
    if (!this.#labels.length) this.#element.replaceChildren(make("p", "", translate("The challenge counts votes. Choose a model of votes, such as jury-live, under the video.")));
    else if (phase === "ready") this.#element.replaceChildren(...this.#choice());
    else if (this.challenge.running) this.#element.replaceChildren(...this.#round());
    else void this.#showResult();
    this.#update();
  }

  /** @returns {HTMLElement[]} */
  #choice() {
    const group = make("div", "challenge-choice");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", translate("Expression"));
    for (const label of this.#labels) {
      const record = this.challenge.records.get(label);
      const option = button(styleOf(label).name, () => {
        this.expression = label;
        for (const one of group.children) one.setAttribute("aria-pressed", String(one === option));
        this.onChoice(label);
      });
      option.prepend(faceIcon(label));
      if (record) option.append(make("span", "quiet", translate("{votes} of 10, {time}", { votes: record.votes, time: seconds(record.time) })));
      option.setAttribute("aria-pressed", String(label === this.expression));
      group.append(option);
    }
    const start = button(translate("Start"), () => this.#start(), "primary");
    return [make("h2", "", translate("Make ten of ten say …")), group, start];
  }

  /** @returns {HTMLElement[]} */
  #round() {
    const title = make("h2", "challenge-title", translate("Make ten of ten say {expression}", { expression: styleOf(this.challenge.expression).name }));
    title.prepend(faceIcon(this.challenge.expression));
    const line = make("p", "challenge-line", this.#best);
    line.append(this.#time, button(translate("Give up"), () => this.reset(), "plain"));
    return [title, this.#marks, line];
  }

  async #showResult() {
    const { best, expression, phase } = this.challenge;
    const values = { expression: styleOf(expression).name, votes: best?.votes ?? 0, time: seconds(best?.time ?? 0) };
    const text = phase === "won" ? translate("Ten of ten say {expression} after {time}", values) : best ? translate("Time is up. Best: {votes} of 10 say {expression}, after {time}", values)
      : translate("Time is up. None of ten say {expression}", values);
    const title = make("h2", "", text);
    title.setAttribute("role", "status");
    const actions = make("p", "challenge-actions");
    const again = button(translate("Again"), () => this.#start(), "primary");
    actions.append(again, button(translate("Another expression"), () => this.reset()));
    const focused = this.#element.contains(document.activeElement);
    this.#element.replaceChildren(title, actions);
    if (focused) again.focus();
    const blob = await new Promise((/** @type {(blob: Blob | null) => void} */ resolve) => (this.#bestFrame ? this.#bestFrame.toBlob(resolve, "image/png") : resolve(null)));
    if (!blob || this.challenge.phase !== phase || !title.isConnected) return;
    this.#url = URL.createObjectURL(blob);
    const image = Object.assign(document.createElement("img"), { src: this.#url, alt: translate("The best frame: {result}", { result: text }), className: "challenge-frame" });
    const file = new File([blob], fileName(`challenge-${expression}`, "png"), { type: blob.type });
    actions.append(button(translate("Save the image"), () => download(blob, file.name)));
    if (navigator.canShare?.({ files: [file] })) actions.append(button(translate("Share …"), () => void navigator.share({ files: [file] }).catch(() => {})));
    title.after(image);
  }

  /** The numbers that change during a round. */
  #update() {
    const { challenge } = this;
    if (!challenge.running) return;
    const left = challenge.left(performance.now());
    this.#count.textContent = String(Math.ceil(left / 1000));
    this.#time.textContent = challenge.phase === "playing" ? translate("{seconds} s left", { seconds: Math.ceil(left / 1000) }) : translate("Get ready");
    this.#best.textContent = translate("{votes} of 10 now, best {best}", { votes: challenge.votes, best: challenge.best?.votes ?? 0 });
    if (this.#marks.dataset.votes === `${challenge.expression} ${challenge.votes}`) return;
    this.#marks.dataset.votes = `${challenge.expression} ${challenge.votes}`;
    this.#marks.replaceChildren(...Array.from({ length: GOAL }, (_, i) => (i < challenge.votes ? faceIcon(challenge.expression) : document.createElement("i"))));
  }
}

/** @param {number} milliseconds */
const seconds = (milliseconds) => `${formatNumber(milliseconds / 1000, 1)} s`;

/** @param {Frame} frame  @param {Boxes} boxes  @param {boolean} mirror  @param {string} caption  @returns {HTMLCanvasElement} the frame with its overlay and the caption below */
function withCaption(frame, boxes, mirror, caption) {
  const scene = Object.assign(document.createElement("canvas"), { width: frame.width, height: frame.height });
  const sceneContext = scene.getContext("2d");
  if (sceneContext) drawScene(sceneContext, frame, boxes, { mirror, scale: Math.max(1, frame.width / 800) });
  const canvas = Object.assign(document.createElement("canvas"), { width: frame.width, height: frame.height + CAPTION });
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.fillStyle = "#12110f";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(scene, 0, 0);
  Object.assign(context, { fillStyle: "#ffffff", font: `600 ${Math.min(22, canvas.width / 28)}px system-ui, sans-serif`, textBaseline: "middle" });
  context.fillText(caption, 14, frame.height + CAPTION / 2, canvas.width - 28);
  return canvas;
}
