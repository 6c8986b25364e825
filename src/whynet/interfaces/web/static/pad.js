// @ts-check
/** The pad: strokes of mouse, finger or pen, arrow keys and space, or a picture that was pasted or dropped. */
import { el } from "./dom.js";

const SIDE = 336, SENT = 112, PHOTO = 196, PEN = 24;

/** Where the drawing is made small, to be sent. */
const sheet = document.createElement("canvas");

/** @param {Uint8Array} data */
function letters(data) {
  let text = "";
  for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
  return text;
}

export class Pad {
  /** @param {(at: number) => void} changed is told when what changed it happened */
  constructor(changed) {
    this.changed = changed;
    /** @type {Array<Array<[number, number]>>} */
    this.strokes = [];
    /** @type {ImageBitmap|null} */
    this.photo = null;
    /** @type {[number, number]|null} */
    this.cursor = null;
    this.down = false;
    this.canvas = el("canvas", { class: "pad", width: SIDE, height: SIDE, tabindex: "0", role: "application",
      "aria-label": "Drawing pad. Draw with a pointer, or move with the arrow keys and press space to put the pen down or up." });
    this.listen();
    this.paint();
  }

  listen() {
    const canvas = this.canvas;
    const at = (/** @type {PointerEvent} */ event) => /** @type {[number, number]} */ ([
      (event.offsetX * SIDE) / canvas.clientWidth, (event.offsetY * SIDE) / canvas.clientHeight]);
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.cursor = null;
      this.strokes.push([at(event)]);
      this.stroke(event.timeStamp);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!canvas.hasPointerCapture(event.pointerId) || !this.strokes.length) return;
      for (const one of event.getCoalescedEvents?.() || [event]) this.strokes.at(-1)?.push(at(one));
      this.strokes.at(-1)?.push(at(event));
      this.stroke(event.timeStamp);
    });
    canvas.addEventListener("keydown", (event) => this.key(event));
    canvas.addEventListener("blur", () => { this.cursor = null; this.down = false; this.paint(); });
    canvas.addEventListener("dragover", (event) => { event.preventDefault(); canvas.classList.add("over"); });
    canvas.addEventListener("dragleave", () => canvas.classList.remove("over"));
    canvas.addEventListener("drop", (event) => {
      event.preventDefault();
      canvas.classList.remove("over");
      const file = event.dataTransfer?.files[0];
      if (file) this.open(file);
    });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[/** @type {keyof typeof moves} */ (event.key)];
    if (!move && event.key !== " ") return;
    event.preventDefault();
    this.cursor = this.cursor || [SIDE / 2, SIDE / 2];
    if (event.key === " ") {
      this.down = !this.down;
      if (this.down) this.strokes.push([[...this.cursor]]);
    } else {
      this.cursor = [Math.min(SIDE - 12, Math.max(12, this.cursor[0] + 10 * move[0])), Math.min(SIDE - 12, Math.max(12, this.cursor[1] + 10 * move[1]))];
      if (this.down) this.strokes.at(-1)?.push([...this.cursor]);
    }
    this.stroke();
  }

  stroke(at = performance.now()) { this.paint(); this.changed(at); }
  undo() { if (this.strokes.length) this.strokes.pop(); else this.photo = null; this.stroke(); }
  clear() { this.strokes = []; this.photo = null; this.stroke(); }
  get empty() { return !this.strokes.length && !this.photo; }

  /** @param {Blob} file */
  async open(file) {
    if (file.size > 20 * 1024 * 1024) throw new Error("The picture is too large: 20 MB at most.");
    const bitmap = await createImageBitmap(file);
    this.strokes = [];
    this.photo = bitmap;
    this.stroke();
  }

  paint() {
    const context = /** @type {CanvasRenderingContext2D} */ (this.canvas.getContext("2d"));
    this.ink(context, SIDE);
    if (this.cursor) {
      context.strokeStyle = this.down ? "#b3191f" : "#1a63a6";
      context.lineWidth = 2;
      context.strokeRect(this.cursor[0] - 8, this.cursor[1] - 8, 16, 16);
    }
  }

  /** @param {CanvasRenderingContext2D} context @param {number} side */
  ink(context, side) {
    const scale = side / SIDE;
    context.fillStyle = "#fff";
    context.fillRect(0, 0, side, side);
    if (this.photo) {
      const fit = Math.min(side / this.photo.width, side / this.photo.height);
      const [width, height] = [this.photo.width * fit, this.photo.height * fit];
      context.imageSmoothingQuality = "high";
      context.drawImage(this.photo, (side - width) / 2, (side - height) / 2, width, height);
    }
    context.strokeStyle = context.fillStyle = "#111";
    context.lineWidth = PEN * scale;
    context.lineCap = context.lineJoin = "round";
    for (const stroke of this.strokes) {
      context.beginPath();
      context.moveTo(stroke[0][0] * scale, stroke[0][1] * scale);
      for (const [x, y] of stroke) context.lineTo(x * scale, y * scale);
      if (stroke.length === 1) context.lineTo(stroke[0][0] * scale + 0.1, stroke[0][1] * scale);
      context.stroke();
    }
  }

  /** The drawing as the server takes it: bytes of ink in base64. */
  sent() {
    const photo = this.photo;
    const side = photo ? PHOTO : SENT;
    if (sheet.width !== side) sheet.width = sheet.height = side;
    const context = /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d", { willReadFrequently: true }));
    this.ink(context, side);
    let [x, y, width, height] = [0, 0, side, side];
    if (photo) { // only the photo: the paper around it is not its paper
      const fit = Math.min(side / photo.width, side / photo.height);
      width = Math.max(4, Math.floor(photo.width * fit)); height = Math.max(4, Math.floor(photo.height * fit));
      x = Math.floor((side - width) / 2); y = Math.floor((side - height) / 2);
    }
    const { data } = context.getImageData(x, y, width, height);
    const ink = new Uint8Array(data.length / 4);
    for (let i = 0; i < ink.length; i++) ink[i] = 255 - Math.round(0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2]);
    return { rows: height, columns: width, ink: btoa(letters(ink)), photo: !!this.photo };
  }
}
