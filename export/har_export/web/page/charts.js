// The charts of the page, on canvases: signal and timeline, in the colours of the light or dark mode.

import { displayName } from "./parts.js";

const AXES = ["#4477AA", "#EE6677", "#228833"]; // Of x, y and z, as on the live page: Paul Tol's bright scheme.
const LEFT = 44;
const BELOW = 26;
const ROW = 22; // Of the timeline, CSS pixels.
const FONT = "13px system-ui, sans-serif";
const SPAN_S = 10;
const MIN_TIMELINE_S = 60;
const STEPS_S = [10, 30, 60, 300, 600, 1800, 3600, 7200, 14400];
const PER_LABEL = 110; // CSS pixels that a time of day needs.

// The last ten seconds of three axes: rows of [timeNs, [x, y, z] or null]. The scale changes by whole steps.
export function drawSignal(canvas, rows, step) {
  const { pen, width, height, muted, line } = begin(canvas);
  const values = rows.flatMap(([, axes]) => axes ?? []).filter(Number.isFinite);
  const low = step * Math.floor(Math.min(0, ...values) / step);
  const high = step * Math.max(Math.ceil(Math.max(0, ...values) / step), Math.floor(low / step) + 1);
  const x = (seconds) => LEFT + ((width - LEFT - 8) * (seconds + SPAN_S)) / SPAN_S;
  const y = (value) => 6 + ((height - BELOW - 6) * (high - value)) / (high - low);
  pen.fillStyle = muted;
  pen.strokeStyle = line;
  pen.textAlign = "right";
  const gridStep = step * Math.max(1, Math.ceil((high - low) / step / 4));
  for (let value = low; value <= high; value += gridStep) {
    rule(pen, LEFT, y(value), width - 8, y(value));
    pen.fillText(String(value).replace("-", "\u2212"), LEFT - 6, y(value) + 4);
  }
  pen.textAlign = "center";
  for (let seconds = -SPAN_S; seconds <= 0; seconds += 2) {
    const text = `${seconds} s`.replace("-", "\u2212");
    pen.fillText(text, Math.min(x(seconds), width - pen.measureText(text).width / 2), height - 4);
  }
  const endNs = rows.at(-1)?.[0];
  AXES.forEach((colour, axis) => {
    pen.strokeStyle = colour;
    pen.lineWidth = 1.5;
    pen.beginPath();
    let isDown = false;
    let beforeNs = null;
    for (const [timeNs, axes] of rows) {
      const isThere = axes !== null && Number.isFinite(axes[axis]);
      if (isThere && isDown && timeNs - beforeNs <= 1e8) pen.lineTo(x((timeNs - endNs) / 1e9), y(axes[axis]));
      else if (isThere) pen.moveTo(x((timeNs - endNs) / 1e9), y(axes[axis]));
      [isDown, beforeNs] = [isThere, timeNs];
    }
    pen.stroke();
  });
}

// Activities over the day: spans of [start, end, activity], seconds since 1970; a row for each activity that occurred.
export function drawTimeline(canvas, spans, colours, clock) {
  const names = Object.keys(colours).filter((name) => spans.some(([, , activity]) => activity === name));
  canvas.style.height = `${Math.max(2, names.length) * ROW + BELOW + 6}px`;
  const { pen, width, height, muted, line } = begin(canvas);
  pen.fillStyle = muted;
  if (!spans.length) {
    pen.fillText("nothing yet", 0, height / 2);
    return;
  }
  const left = Math.max(...names.map((name) => pen.measureText(displayName(name)).width)) + 10;
  const start = spans[0][0];
  const length = Math.max(MIN_TIMELINE_S, spans.at(-1)[1] - start);
  const x = (unixS) => left + ((width - left - 8) * (unixS - start)) / length;
  names.forEach((name, row) => pen.fillText(displayName(name), 0, row * ROW + 15));
  const offset = -60 * new Date(1000 * start).getTimezoneOffset();
  const fits = STEPS_S.find((each) => (length / each) * PER_LABEL <= width - left) ?? STEPS_S.at(-1);
  pen.strokeStyle = line;
  pen.textAlign = "center";
  for (let unixS = Math.ceil((start + offset) / fits) * fits - offset; unixS <= start + length; unixS += fits) {
    rule(pen, x(unixS), 0, x(unixS), height - BELOW);
    const text = clock(unixS).slice(0, fits < 60 ? 8 : 5);
    const half = pen.measureText(text).width / 2;
    pen.fillText(text, Math.min(Math.max(x(unixS), left + half), width - half), height - 4);
  }
  for (const [from, to, activity] of spans) {
    pen.fillStyle = colours[activity];
    pen.fillRect(x(from), names.indexOf(activity) * ROW + 2, Math.max(1, x(to) - x(from)), ROW - 5);
  }
}

// An empty canvas as sharp as the screen.
function begin(canvas) {
  const { width, height } = canvas.getBoundingClientRect();
  const scale = devicePixelRatio;
  [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.font = FONT;
  const style = getComputedStyle(document.documentElement);
  const [muted, line] = ["--muted", "--line"].map((name) => style.getPropertyValue(name).trim());
  return { pen, width, height, muted, line };
}

function rule(pen, x0, y0, x1, y1) {
  pen.beginPath();
  pen.moveTo(x0, y0);
  pen.lineTo(x1, y1);
  pen.stroke();
}
