// @ts-check
/** Arrays of bytes as pictures on canvases. */

/** @typedef {{shape: number[], bytes: string, top?: number}} Pixels */

/** @param {Pixels} pixels @returns {Uint8Array} */
export const bytes = (pixels) => Uint8Array.from(atob(pixels.bytes), (one) => one.charCodeAt(0));

/** @param {number} value 0 is no ink */
const ink = (value) => [255 - value, 255 - value, 255 - value];
/** @param {number} value */
const heat = (value) => { const s = value / 255; return [255 - 229 * s, 255 - 156 * s, 255 - 89 * s]; };
/** @param {number} value 128 is 0 */
const signed = (value) => {
  const s = Math.min(1, Math.abs(value - 128) / 127);
  return value >= 128 ? [255 - 77 * s, 255 - 231 * s, 255 - 212 * s] : [255 - 222 * s, 255 - 153 * s, 255 - 83 * s];
};
export const COLOURS = { ink, heat, signed };

/**
 * One picture of several on a canvas.
 * @param {Uint8Array} data @param {number[]} shape [n, rows, columns(, 3)] @param {number} index
 * @param {keyof typeof COLOURS} colours @param {string} words what it shows
 */
export function picture(data, shape, index, colours, words) {
  const [, rows, columns, channels] = shape;
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  canvas.className = "pixels";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", words);
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = context.createImageData(columns, rows);
  const size = rows * columns * (channels || 1);
  for (let i = 0; i < rows * columns; i++) {
    const at = index * size + i * (channels || 1);
    const rgb = channels ? [data[at], data[at + 1], data[at + 2]] : COLOURS[colours](data[at]);
    image.data.set([rgb[0], rgb[1], rgb[2], 255], 4 * i);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}

/** All pictures of an array. @param {Pixels} pixels @param {keyof typeof COLOURS} colours @param {(index: number) => string} words */
export function pictures(pixels, colours, words) {
  const data = bytes(pixels);
  return Array.from({ length: pixels.shape[0] }, (_, index) => picture(data, pixels.shape, index, colours, words(index)));
}

/**
 * The picture with the box of its ink and its centre of mass drawn over it.
 * @param {Pixels} pixels @param {number[]|null} box @param {number[]|null} centre
 */
export function framed(pixels, box, centre) {
  const [, rows, columns] = pixels.shape;
  const small = picture(bytes(pixels), pixels.shape, 0, "ink", "the picture that the network receives");
  const scale = Math.max(1, Math.floor(336 / columns));
  const canvas = document.createElement("canvas");
  canvas.width = columns * scale;
  canvas.height = rows * scale;
  canvas.className = "pixels";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", "the picture that the network receives, with the box of its ink and its centre of mass");
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  if (box) {
    context.strokeStyle = "#1a63a6";
    context.lineWidth = 2;
    context.setLineDash([5, 4]);
    context.strokeRect(box[1] * scale, box[0] * scale, (box[3] - box[1]) * scale, (box[2] - box[0]) * scale);
  }
  if (centre) {
    const [y, x] = [(centre[0] + 0.5) * scale, (centre[1] + 0.5) * scale];
    context.setLineDash([]);
    context.strokeStyle = "#c2410c";
    context.lineWidth = 3;
    context.beginPath();
    context.moveTo(x - 9, y); context.lineTo(x + 9, y); context.moveTo(x, y - 9); context.lineTo(x, y + 9);
    context.stroke();
  }
  return canvas;
}
