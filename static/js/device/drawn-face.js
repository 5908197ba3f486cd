// A face drawn by us, for the first run of the networks: it takes the time that the camera's first frame would wait.

/**
 * @param {number} width  @param {number} height
 * @returns {import("../vision/images.js").Pixels}
 */
export function drawnFace(width, height) {
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true }));
  const unit = height / 10;
  /** @param {string} colour  @param {number[]} shape  x, y, radii, in units from the middle */
  const ellipse = (colour, [x, y, across, down]) => {
    context.fillStyle = colour;
    context.beginPath();
    context.ellipse(width / 2 + x * unit, height / 2 + y * unit, across * unit, down * unit, 0, 0, 2 * Math.PI);
    context.fill();
  };
  context.fillStyle = "#9aa3ab";
  context.fillRect(0, 0, width, height);
  context.filter = `blur(${unit / 12}px)`;
  ellipse("#3a2a20", [0, -0.6, 2.6, 3.1]);
  ellipse("#c98f74", [0, 3.6, 1.1, 2]);
  ellipse("#e0ac8f", [0, 0, 2.2, 2.9]);
  for (const side of [-1, 1]) {
    ellipse("#c08468", [side * 0.85, -0.45, 0.62, 0.38]);
    ellipse("#f5efe9", [side * 0.85, -0.42, 0.42, 0.2]);
    ellipse("#2a1c14", [side * 0.85, -0.42, 0.2, 0.2]);
    ellipse("#4a3222", [side * 0.85, -0.95, 0.6, 0.1]);
    ellipse("#8a5440", [side * 0.22, 0.72, 0.14, 0.08]);
  }
  ellipse("#d39b7d", [0, 0.3, 0.2, 0.6]);
  ellipse("#a34a48", [0, 1.5, 0.85, 0.28]);
  ellipse("#f3e8e2", [0, 1.45, 0.6, 0.1]);
  const { data } = context.getImageData(0, 0, width, height);
  return { data, width, height };
}
