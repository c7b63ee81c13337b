// Buttons for har-stream record and har-stream personalise: shows what is asked for and how long, and sends presses.

import { displayName, duration, element, make, setChildren, setStatus, setText } from "./parts.js";

const PERIOD_MS = 330;
const TIMEOUT_MS = 4000;
const RETRY_MS = 2000;
const OVER_MS = 5000; // After the end: somebody may start it again.
const STALE_S = 3; // Without samples for so long, what is shown is not now.
const ARMED_MS = 4000; // How long the second press that ends it all is waited for.

const viewer = (sessionStorage.viewer ??= crypto.getRandomValues(new Uint32Array(2)).join("-"));

let run; // Of the buttons that are shown.
let isOver = false;
let armedUntil = 0;

async function ask(path, options = {}) {
  const response = await fetch(path, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error((await response.text()).trim());
  return response;
}

async function press(button) {
  if (button.kind === "end" && performance.now() > armedUntil) {
    armedUntil = performance.now() + ARMED_MS;
    return paint();
  }
  armedUntil = 0;
  paint();
  const body = JSON.stringify({ key: button.key });
  try {
    await ask("press", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    setText("problem", "");
  } catch (error) {
    setText("problem", `not pressed: ${error.message}`);
  }
}

// The button that ends it all says so once it was pressed.
function paint() {
  const end = document.querySelector("button[data-kind=end]");
  if (!end) return;
  const text = performance.now() <= armedUntil ? "press again to end" : end.dataset.text;
  if (end.textContent !== text) end.textContent = text;
}

async function build() {
  const setup = await (await ask("setup")).json();
  setText("title", setup.title);
  for (const group of ["labels", "controls"]) element(group).replaceChildren();
  for (const button of setup.buttons) {
    const made = make("button", displayName(button.text), { type: "button", "data-kind": button.kind });
    made.dataset.text = displayName(button.text);
    made.dataset.key = button.key;
    made.addEventListener("click", () => press(button));
    if (button.kind === "label") made.dataset.label = button.text;
    element(button.kind === "label" ? "labels" : "controls").append(made);
  }
  run = setup.run;
}

function show(news) {
  isOver = news.is_over;
  const isNow = news.phase === "now" && !isOver;
  element("now").dataset.phase = isOver ? "over" : news.phase;
  setText("activity", isOver ? "ended" : activityText(news));
  setText("detail", isOver ? "" : detailText(news));
  for (const button of document.querySelectorAll("button")) {
    button.disabled = isOver;
    if (button.dataset.label === undefined) continue;
    button.setAttribute("aria-pressed", String(isNow && button.dataset.label === news.label));
  }
  setChildren("seconds", Object.entries(news.seconds).map(([label, seconds]) => {
    const row = make("tr", "");
    row.append(make("th", displayName(label), { scope: "row" }), make("td", duration(seconds), { class: "time" }));
    return row;
  }));
  setChildren("lines", news.lines.map((line) => make("li", line)));
  paint();
  if (isOver) return setStatus("waiting", "ended");
  if (news.trouble) return setStatus("lost", news.trouble);
  if (news.age_s === null) return setStatus("waiting", "waiting for the sensor");
  if (news.age_s > STALE_S) return setStatus("lost", `no samples for ${duration(news.age_s)}`);
  setStatus("live", "live");
}

function activityText(news) {
  if (news.phase === "waiting") return "waiting";
  return news.label ? displayName(news.label) : "no label";
}

function detailText(news) {
  if (news.phase === "waiting") return "for the first samples";
  if (news.phase === "ready") return news.left_s === null ? "get ready" : `in ${news.left_s} s`;
  if (news.left_s !== null) return `now, ${news.left_s} s`;
  return `${news.samples.toLocaleString("en")} samples`;
}

async function poll() {
  let wait = PERIOD_MS;
  try {
    if (run === undefined) await build();
    const news = await (await ask(`state?viewer=${viewer}`)).json();
    if (news.run !== run) await build();
    show(news);
  } catch (error) {
    wait = RETRY_MS;
    if (!isOver) setStatus("lost", error instanceof TypeError ? "har-stream does not respond" : error.message);
  }
  setTimeout(poll, isOver ? OVER_MS : wait);
}

poll();
