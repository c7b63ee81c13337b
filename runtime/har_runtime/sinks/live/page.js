// Asks har-stream for new answers three times a second while the page is visible, and shows them.

const PERIOD_MS = 330;
const TIMEOUT_MS = 4000;
const RETRY_MS = 2000;
const SILENT_MS = 2500; // After so long without a response nothing is known: shown at the next failure, within 5 s.
const UNAVAILABLE = "unavailable";
const MIN_TIMELINE_S = 60;
const REASONS = {
  "unsure": "the model is not sure",
  "unlike": "the signal is unlike the training data",
  "not worn": "the sensor does not seem to be worn",
};

const viewer = (sessionStorage.viewer ??= crypto.getRandomValues(new Uint32Array(2)).join("-")); // Survives a reload.
const dark = matchMedia("(prefers-color-scheme: dark)");
const element = (id) => document.getElementById(id);

let setup;
let charts = {}; // Plot and data source of each chart, by the id of its element.
let known = { run: "", number: 0 };
let heardMs = 0; // When har-stream responded last.
let samples = []; // Rows of six values; null for a missing sample.
let probabilities = []; // Rows of one value for each activity; null for a missing answer.

const listed = (names) => names.map(displayName).join(", ").replace(/, ([^,]*)$/, " or $1");
const displayName = (activity) => activity.replaceAll("_", " ");
const percent = (share) => `${Math.round(100 * share)} %`;

function duration(seconds) {
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.floor(seconds)} s`;
  if (minutes < 10) return `${minutes} min ${two(seconds % 60)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

// The time of day in the time zone of har-stream, which may differ from that of the browser.
function clock(unixSeconds, offsetSeconds) {
  return new Date(1000 * (unixSeconds + offsetSeconds)).toISOString().slice(11, 19);
}

function setText(id, text) {
  if (element(id).textContent !== text) element(id).textContent = text; // Screen readers announce every change.
}

// Does not replace equal content: a screen reader may be reading it.
function setChildren(id, children) {
  const html = children.map((child) => child.outerHTML).join("");
  if (element(id).innerHTML !== html) element(id).replaceChildren(...children);
}

function make(tag, text, attributes = {}) {
  const node = document.createElement(tag);
  node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

function setStatus(state, text) {
  element("status").dataset.state = state;
  setText("status", text);
}

async function start() {
  const response = await fetch("setup");
  if (!response.ok) throw new Error(await response.text());
  setup = await response.json();
  const placement = setup.placement ? `, worn at the ${setup.placement}` : "";
  setText("source", `${setup.source} · model ${setup.model}${placement}`);
  for (const label of setup.labels) {
    const item = make("li", displayName(label));
    item.style.setProperty("--chip", setup.colours[label]);
    element("legend").append(item);
  }
  for (const [id, chart] of Object.entries(setup.charts)) {
    const views = await Bokeh.embed.embed_item(chart, id);
    const plot = views.roots[0].model;
    charts[id] = { plot, source: plot.document.get_model_by_name("source") };
  }
  paintCharts();
  dark.addEventListener("change", paintCharts);
}

function paintCharts() {
  const style = getComputedStyle(document.documentElement);
  const [text, line] = ["--muted", "--line"].map((name) => style.getPropertyValue(name).trim());
  for (const { plot } of Object.values(charts)) {
    for (const axis of [...plot.below, ...plot.left]) axis.major_label_text_color = text;
    for (const guide of plot.center) guide.grid_line_color = line;
  }
}

function show(news) {
  if (news.run !== known.run) {
    [samples, probabilities] = [[], []]; // har-stream was restarted.
    known.answer = undefined;
  }
  known = { run: news.run, number: news.number, answer: news.answer ?? known.answer };
  if (news.answer) {
    for (const [missing, imu, row] of news.steps) {
      samples.push(...Array(Math.min(missing, setup.signal_rows)).fill(null), ...imu);
      probabilities.push(...Array(Math.floor(missing / setup.hop)).fill(null), row);
    }
    samples = samples.slice(-setup.signal_rows);
    probabilities = probabilities.slice(-setup.history_rows);
    showNow(news);
    showTotals(news);
    showEvents(news);
    showSensor(news);
    showSignal();
    showProbabilities();
    showTimeline(news);
  }
  const since = news.unavailable_since_unix_s;
  if (since !== null) showUnavailable(`no answer since ${clock(since, news.utc_offset_s)}`);
  else if (element("activity").dataset.activity === UNAVAILABLE && known.answer) showNow({ answer: known.answer });
  if (news.trouble) return setStatus("lost", news.trouble);
  if (since !== null) return setStatus("lost", `no answer since ${clock(since, news.utc_offset_s)}`);
  if (!known.answer) return setStatus("waiting", "waiting for the sensor");
  setStatus("live", "live");
}

function showUnavailable(why) {
  setText("activity", UNAVAILABLE);
  element("activity").dataset.activity = UNAVAILABLE;
  element("now").style.removeProperty("--activity");
  setText("detail", why);
  setText("percent", "");
  element("level").style.width = "0";
  element("meter").setAttribute("aria-valuenow", 0);
  document.title = `${UNAVAILABLE} · har-stream`;
}

function showNow({ answer }) {
  setText("activity", displayName(answer.activity));
  element("activity").dataset.activity = answer.activity;
  element("now").style.setProperty("--activity", setup.colours[answer.activity]);
  const parts = [`for ${duration(Math.max(0, answer.unix_s - answer.since_unix_s))}`];
  if (answer.reason) parts.unshift(REASONS[answer.reason]);
  if (Object.hasOwn(setup.families, answer.activity)) parts.unshift(listed(setup.families[answer.activity]));
  if (answer.place) parts.push(`worn at the ${answer.place}`);
  if (answer.truth) parts.push(`truth: ${displayName(answer.truth)}`);
  setText("detail", parts.join(" · "));
  setText("percent", percent(answer.confidence));
  element("level").style.width = `${100 * answer.confidence}%`;
  element("meter").setAttribute("aria-valuenow", Math.round(100 * answer.confidence));
  document.title = `${displayName(answer.activity)} · har-stream`;
}

function showTotals({ totals, answer, utc_offset_s }) {
  setText("today-since", `since ${clock(totals.since_unix_s, utc_offset_s).slice(0, 5)}`);
  const seconds = { ...totals.seconds };
  if (totals.not_worn_s) seconds["not worn"] = totals.not_worn_s;
  const longest = Math.max(1, ...Object.values(seconds));
  const rows = Object.keys(setup.colours).filter((activity) => seconds[activity]).map((activity) => {
    const row = make("tr", "");
    const name = make("th", displayName(activity), { scope: "row" });
    const share = make("td", "", { class: "share" });
    const bar = make("div", "", { class: "bar" });
    name.style.setProperty("--chip", setup.colours[activity]);
    bar.style.background = setup.colours[activity];
    bar.style.width = `${(100 * seconds[activity]) / longest}%`;
    share.append(bar);
    row.append(name, share, make("td", duration(seconds[activity]), { class: "time" }));
    if (activity === answer.activity) row.setAttribute("aria-current", "true");
    return row;
  });
  setChildren("totals", rows);
  setText("changes", totals.transitions === 1 ? "1 change of activity" : `${totals.transitions} changes of activity`);
}

function showEvents({ events, utc_offset_s }) {
  const items = events.map((event) => {
    const item = make("li", "");
    const time = clock(event.unix_s, utc_offset_s);
    item.style.setProperty("--chip", setup.colours[event.activity]);
    item.append(make("time", time), make("span", `${displayName(event.activity)} ${event.kind}`));
    return item;
  });
  if (!items.length) items.push(make("li", "none yet", { class: "none" }));
  setChildren("events", items);
}

function showSensor({ sensor, answer }) {
  const rows = [
    ["rate", sensor.rate_hz === null ? "measuring" : `${sensor.rate_hz.toFixed(1)} Hz`, ""],
    ["latency", sensor.latency_ms === null ? "not measured" : `${sensor.latency_ms.toFixed(1)} ms`, ""],
    ["samples received", sensor.received.toLocaleString("en"), ""],
    ...Object.entries(sensor.lost).map(([reason, count]) => [reason, count.toLocaleString("en"), "lost"]),
  ];
  if (setup.tells_places) rows.unshift(["worn at", answer.place ? `the ${answer.place}` : "not known yet", ""]);
  if (!sensor.gyroscope) rows.splice(1, 0, ["gyroscope", "none", ""]);
  if (!Object.keys(sensor.lost).length) rows.push(["lost", "none", ""]);
  setChildren("readings", rows.flatMap(([name, value, kind]) => [make("dt", name), make("dd", value, { class: kind })]));
}

function showSignal() {
  const x = samples.map((_, index) => (index + 1 - samples.length) / setup.sample_rate_hz);
  for (const [id, first, step] of [["acceleration-chart", 0, 5], ["rotation-chart", 3, 1]]) {
    const { plot, source } = charts[id];
    const channels = [first, first + 1, first + 2];
    const values = samples.flatMap((row) => (row ? row.slice(first, first + 3) : []));
    // Whole steps, so that the axis does not move with every sample.
    const low = Math.floor(Math.min(...values) / step);
    const high = Math.max(Math.ceil(Math.max(...values) / step), low + 1);
    plot.y_range.setv({ start: step * low, end: step * high });
    const columns = channels.map((channel) => [channel, samples.map((row) => (row ? row[channel] : NaN))]);
    source.data = { x, ...Object.fromEntries(columns) };
  }
}

function showProbabilities() {
  const x = probabilities.map((_, index) => (index + 1 - probabilities.length) * setup.hop / setup.sample_rate_hz);
  const data = { x, 0: x.map(() => 0) };
  const edge = x.map(() => 0);
  setup.labels.forEach((_, label) => {
    probabilities.forEach((row, index) => { edge[index] += row ? row[label] : 0; });
    data[label + 1] = [...edge];
  });
  charts["probabilities-chart"].source.data = data;
}

function showTimeline({ timeline, now_s, utc_offset_s }) {
  const { plot, source } = charts["timeline-chart"];
  const local = (unixSeconds) => 1000 * (unixSeconds + utc_offset_s);
  const begin = timeline.length ? timeline[0][0] : now_s;
  const end = timeline.length ? timeline[timeline.length - 1][1] : now_s;
  plot.x_range.setv({ start: local(begin), end: local(Math.max(end, begin + MIN_TIMELINE_S)) });
  plot.below[0].ticker.desired_num_ticks = Math.round(element("timeline-chart").clientWidth / 130);
  source.data = {
    activity: timeline.map(([, , activity]) => displayName(activity)),
    left: timeline.map(([start]) => local(start)),
    right: timeline.map(([, end]) => local(end)),
    colour: timeline.map(([, , activity]) => setup.colours[activity]),
  };
}

async function ask() {
  const query = new URLSearchParams({ run: known.run, after: known.number, viewer });
  const response = await fetch(`state?${query}`, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(await response.text());
  show(await response.json());
  heardMs = performance.now();
}

async function watch() {
  let pause = PERIOD_MS;
  if (!document.hidden) {
    try {
      if (!setup) await start();
      await ask();
    } catch (error) {
      // fetch throws a TypeError if it cannot connect.
      const unreachable = error instanceof TypeError || error.name === "TimeoutError";
      setStatus("lost", unreachable ? "har-stream is not responding" : error.message.trim());
      if (known.answer && performance.now() - heardMs > SILENT_MS) showUnavailable("har-stream is not responding");
      console.error(error);
      pause = RETRY_MS;
    }
  }
  setTimeout(watch, pause);
}

watch();
