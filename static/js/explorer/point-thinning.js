// Where the points are many and the graphics slow (a browser without a GPU), a part of them is drawn while the map
// moves, and all when it rests.

/** @import createScatterplot from "regl-scatterplot" */

const SMOOTH = 25; // milliseconds a drawing should take
const SLOW = 50; // and what is seen to stutter
const REST = 250; // milliseconds without a movement
const FEWEST = 10_000; // points that are always drawn

/** @param {ReturnType<typeof createScatterplot>} map  @param {number} count */
export function lightWhileMoving(map, count) {
  let stride = 1;
  let thinned = 1;
  let slow = 0;
  let last = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let rest;
  const thin = () => {
    thinned = stride;
    const kept = new Set(map.get("selectedPoints"));
    for (let point = 0; point < count; point += stride) kept.add(point);
    map.filter([...kept].sort((a, b) => a - b), { preventEvent: true });
  };
  const all = () => {
    last = slow = 0;
    if (thinned > 1) map.unfilter({ preventEvent: true });
    thinned = 1;
  };
  map.subscribe("view", () => {
    const now = performance.now();
    const took = last ? now - last : 0;
    last = now;
    slow = took > SLOW ? slow + 1 : 0;
    if (slow > 1 && stride * FEWEST < count) {
      stride = Math.max(1, Math.min(Math.ceil((stride * took) / SMOOTH), Math.floor(count / FEWEST)));
      slow = 0;
    }
    if (thinned !== stride) thin();
    clearTimeout(rest);
    rest = setTimeout(all, REST + took);
  });
}
