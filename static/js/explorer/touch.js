// Fingers on the map. The library that draws it listens to a mouse alone: one finger becomes its button while an
// area is drawn, two fingers its dragging and its wheel; one finger alone scrolls the page, as everywhere.

/** @typedef {{x: number, y: number, apart: number}} Grip */

/** The middle of the fingers, and how far they are apart. @param {TouchList} fingers  @returns {Grip} */
function gripOf(fingers) {
  const [one, two] = [fingers[0], fingers[fingers.length - 1]];
  return { x: (one.clientX + two.clientX) / 2, y: (one.clientY + two.clientY) / 2, apart: Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY) };
}

/** @param {HTMLCanvasElement} canvas  @param {() => boolean} drawing  whether an area is being drawn */
export function listenToFingers(canvas, drawing) {
  /** @type {Grip | null} */
  let last = null;
  let pressed = false;
  /** @param {string} type  @param {Grip} grip */
  const mouse = (type, { x, y }) => canvas.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true, clientX: x, clientY: y, buttons: type === "mouseup" ? 0 : 1 }));
  const release = () => {
    if (pressed && last) mouse("mouseup", last);
    pressed = false;
    last = null;
  };
  canvas.addEventListener("touchstart", (event) => {
    release();
    if (event.touches.length !== (drawing() ? 1 : 2)) return;
    event.preventDefault();
    last = gripOf(event.touches);
    mouse("mousemove", last); // so that the way from where the mouse was last is no drag
  }, { passive: false });
  canvas.addEventListener("touchmove", (event) => {
    if (!last) return;
    event.preventDefault();
    const grip = gripOf(event.touches);
    if (!pressed) mouse("mousedown", last);
    pressed = true;
    mouse("mousemove", grip);
    if (last.apart && grip.apart) {
      const turned = canvas.clientHeight * Math.log(last.apart / grip.apart);
      canvas.dispatchEvent(new WheelEvent("wheel", { bubbles: true, cancelable: true, clientX: grip.x, clientY: grip.y, deltaY: turned }));
    }
    last = grip;
  }, { passive: false });
  for (const end of ["touchend", "touchcancel"]) canvas.addEventListener(end, release);
}
