// What was read of one face: sentence, ten votes, probabilities, why it was unsure, what mattered.

import { lookOf } from "../ui/expression-styles.js";
import { probabilityBars, ranked, sentence, tally, tenMarks } from "../ui/votes.js";
import { button, make } from "../ui/dom.js";
import { place as whereRead } from "../ui/inference-location.js";
import { askServer, drawExplanation } from "./explanation.js";

/** @typedef {import("./facts.js").Photo} Photo */
/** @typedef {import("../types.js").Face} Face */

/** @param {Face} face  @param {number | null | undefined} threshold  @returns {string} why the model abstained. Pure. */
export function unsureBecause({ probabilities }, threshold) {
  const [[first, large], second] = ranked(probabilities);
  const limit = typeof threshold === "number" ? `, below the ${threshold.toFixed(2)} it was set to answer from` : "";
  const rival = second ? ` It hesitated between ${lookOf(first).name} (${large.toFixed(2)}) and ${lookOf(second[0]).name} (${second[1].toFixed(2)}).` : "";
  return `The model was unsure because its largest probability is ${large.toFixed(2)}${limit}.${rival}`;
}

/**
 * @param {Photo} photo  @param {Face} face  @param {number} index
 * @param {Pick<import("./single.js").Means, "original" | "preview" | "model">} means  @returns {HTMLElement}
 */
export function faceDetails(photo, face, index, means) {
  const judgement = { votes: face.votes ?? null, probabilities: face.probabilities, expression: face.expression, unsure: face.unsure };
  const item = make("li", "face-card");
  const number = make("span", "face-number", String(index + 1));
  number.dataset.colour = String(index % 6);
  const header = make("div", "face-header", number);
  header.append(make("p", "face-words", sentence(judgement)));
  item.append(header);
  if (face.votes) item.append(tenMarks(face.votes), make("p", "face-tally", tally(face.votes)));
  if (face.unsure) item.append(make("p", "small", unsureBecause(face, means.model(photo.reading?.model.name ?? "")?.unsure_threshold)));
  const more = document.createElement("details");
  more.append(make("summary", "", "Probabilities"), probabilityBars(face.probabilities));
  more.open = !face.votes;
  item.append(more, whatMattered(photo, face, means));
  return item;
}

/** @param {Photo} photo  @param {Face} face  @param {Pick<import("./single.js").Means, "original" | "preview">} means */
function whatMattered(photo, face, means) {
  const place = make("div", "explanation");
  if (whereRead() === "device") {
    place.append(make("p", "quiet small", "What mattered in a face is worked out on the server, and this page may send nothing there."));
    return place;
  }
  const words = photo.readOn === "device" ? "What mattered (sends this photo to the server)" : "What mattered";
  const ask = button(words, async () => {
    ask.disabled = true;
    ask.textContent = "Asking the model …";
    try {
      const picture = (await means.original(photo)) ?? (await means.preview(photo));
      if (!picture) throw new Error("This photo is not at hand any more. Drop it again.");
      place.replaceChildren(drawExplanation(await askServer(picture, face, photo.reading?.model.name ?? "")));
    } catch (error) {
      place.replaceChildren(make("p", "notice bad", error instanceof Error ? error.message : String(error)));
    }
  });
  place.append(ask);
  return place;
}
