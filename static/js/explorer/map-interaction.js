// Interaction with the map: touch gestures, and fewer points while it moves on slow graphics.

/** @import createScatterplot from "regl-scatterplot" */
/** @typedef {{x: number, y: number, distance: number}} Grip */

const SMOOTH = 25; // ms, target time of a drawing
const SLOW = 50; // ms, from which movement visibly stutters
const REST = 250; // ms without movement after which all points are drawn
const MIN_POINTS = 10_000; // always drawn

/**
 * Draw every n-th point while the map moves if drawing all of them is slow (without a GPU), and all points at rest.
 * @param {ReturnType<typeof createScatterplot>} map  @param {number} count
 */
export function thinWhileMoving(map, count) {
  let stride = 1;
  let drawnStride = 1;
  let slowFrames = 0;
  let last = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const thin = () => {
    drawnStride = stride;
    const points = new Set(map.get("selectedPoints"));
    for (let point = 0; point < count; point += stride) points.add(point);
    map.filter([...points].sort((a, b) => a - b), { preventEvent: true });
  };
  const drawAll = () => {
    last = slowFrames = 0;
    if (drawnStride > 1) map.unfilter({ preventEvent: true });
    drawnStride = 1;
  };
  map.subscribe("view", () => {
    const now = performance.now();
    const elapsed = last ? now - last : 0;
    last = now;
    slowFrames = elapsed > SLOW ? slowFrames + 1 : 0;
    if (slowFrames > 1 && stride * MIN_POINTS < count) {
      stride = Math.max(1, Math.min(Math.ceil((stride * elapsed) / SMOOTH), Math.floor(count / MIN_POINTS)));
      slowFrames = 0;
    }
    if (drawnStride !== stride) thin();
    clearTimeout(timer);
    timer = setTimeout(drawAll, REST + elapsed);
  });
}

/** Center of the touches and the distance between them. @param {TouchList} touches  @returns {Grip} */
function gripOf(touches) {
  const [one, two] = [touches[0], touches[touches.length - 1]];
  return { x: (one.clientX + two.clientX) / 2, y: (one.clientY + two.clientY) / 2, distance: Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY) };
}

/**
 * Translate touches to mouse events, the only ones regl-scatterplot handles: one finger draws while an area is being
 * selected, two fingers pan and zoom. Otherwise one finger scrolls the page as usual.
 * @param {HTMLCanvasElement} canvas  @param {() => boolean} selecting  whether an area is being selected
 */
export function translateTouches(canvas, selecting) {
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
    if (event.touches.length !== (selecting() ? 1 : 2)) return;
    event.preventDefault();
    last = gripOf(event.touches);
    mouse("mousemove", last); // otherwise the distance from the previous mouse position counts as a drag
  }, { passive: false });
  canvas.addEventListener("touchmove", (event) => {
    if (!last) return;
    event.preventDefault();
    const grip = gripOf(event.touches);
    if (!pressed) mouse("mousedown", last);
    pressed = true;
    mouse("mousemove", grip);
    if (last.distance && grip.distance) {
      const deltaY = canvas.clientHeight * Math.log(last.distance / grip.distance);
      canvas.dispatchEvent(new WheelEvent("wheel", { bubbles: true, cancelable: true, clientX: grip.x, clientY: grip.y, deltaY }));
    }
    last = grip;
  }, { passive: false });
  for (const end of ["touchend", "touchcancel"]) canvas.addEventListener(end, release);
}
