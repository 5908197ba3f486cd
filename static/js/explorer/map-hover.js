// The card beside the point under the pointer: its face, row and color field.

/** @import createScatterplot from "regl-scatterplot" */

const REST = 40; // ms over a point before its face is requested
const GAP = 14; // px between point and card

/**
 * @param {ReturnType<typeof createScatterplot>} map  @param {HTMLElement} frame  with data-faces, the URL of the sprite sheets, if any
 * @param {(point: number) => {row: number, text: string}} describe
 */
export function showCardOnHover(map, frame, describe) {
  const card = /** @type {HTMLElement} */ (frame.querySelector("#hover"));
  const face = card.querySelector("img");
  const caption = /** @type {HTMLElement} */ (card.querySelector("figcaption"));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const hide = () => {
    clearTimeout(timer);
    card.hidden = true;
  };
  map.subscribe("pointOver", (point) => {
    const [x, y] = map.getScreenPosition(point) ?? [0, 0];
    const { row, text } = describe(point);
    caption.textContent = text;
    card.hidden = false;
    const { width, height } = frame.getBoundingClientRect();
    const left = x + GAP + card.offsetWidth > width ? x - GAP - card.offsetWidth : x + GAP;
    card.style.left = `${Math.max(0, left)}px`;
    card.style.top = `${Math.min(Math.max(0, y - card.offsetHeight / 2), height - card.offsetHeight)}px`;
    clearTimeout(timer);
    if (!face) return;
    face.style.visibility = "hidden"; // keeps its place
    timer = setTimeout(() => {
      face.src = `${frame.dataset.faces}?rows=${row}`;
      face.style.visibility = "";
    }, REST);
  });
  map.subscribe("pointOut", hide);
  map.subscribe("view", hide);
}
