// Asks har-stream for new answers three times a second while the page is visible, and shows them.

import {
  UNAVAILABLE, barRows, details, displayName, duration, element, eventItems, make, setActivity, setChildren, setStatus,
  setText,
} from "./parts.js";

const PERIOD_MS = 330;
const TIMEOUT_MS = 4000;
const RETRY_MS = 2000;
const SILENT_MS = 2500; // After so long without a response nothing is known: shown at the next failure, within 5 s.
const MIN_TIMELINE_S = 60;

const viewer = (sessionStorage.viewer ??= crypto.getRandomValues(new Uint32Array(2)).join("-")); // Survives a reload.
const dark = matchMedia("(prefers-color-scheme: dark)");

let setup;
let charts = {}; // Plot and data source of each chart, by the id of its element.
let known = { run: "", number: 0 };
let heardMs = 0; // When har-stream responded last.
let samples = []; // Rows of six values; null for a missing sample.
let probabilities = []; // Rows of one value for each activity; null for a missing answer.

// The time of day in the time zone of har-stream, which may differ from that of the browser.
function clock(unixSeconds, offsetSeconds) {
  return new Date(1000 * (unixSeconds + offsetSeconds)).toISOString().slice(11, 19);
}

async function start() {
  const response = await fetch("setup");
  if (!response.ok) throw new Error(await response.text());
  setup = await response.json();
  const placement = setup.placement ? `, worn at the ${setup.placement}` : "";
  if (setup.has_code) element("code").src = "code.svg";
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
  element("phone").hidden = !setup.has_code || (known.answer !== undefined && since === null);
  if (since !== null) showUnavailable(`no answer since ${clock(since, news.utc_offset_s)}`);
  else if (element("activity").dataset.activity === UNAVAILABLE && known.answer) showNow({ answer: known.answer });
  if (news.trouble) return setStatus("lost", news.trouble);
  if (since !== null) return setStatus("lost", `no answer since ${clock(since, news.utc_offset_s)}`);
  if (!known.answer) return setStatus("waiting", "waiting for the sensor");
  setStatus("live", "live");
}

function showUnavailable(why) {
  setActivity(UNAVAILABLE, why, null, null);
  document.title = `${UNAVAILABLE} · har-stream`;
}

function showNow({ answer }) {
  setActivity(answer.activity, details(answer, setup.families), setup.colours[answer.activity], answer.confidence);
  document.title = `${displayName(answer.activity)} · har-stream`;
}

function showTotals({ totals, answer, utc_offset_s }) {
  setText("today-since", `since ${clock(totals.since_unix_s, utc_offset_s).slice(0, 5)}`);
  const seconds = { ...totals.seconds };
  if (totals.not_worn_s) seconds["not worn"] = totals.not_worn_s;
  const longest = Math.max(1, ...Object.values(seconds));
  const rows = Object.keys(setup.colours).filter((activity) => seconds[activity]).map((activity) => ({
    activity,
    share: seconds[activity] / longest,
    text: duration(seconds[activity]),
    isCurrent: activity === answer.activity,
  }));
  setChildren("totals", barRows(rows, setup.colours));
  const changes = totals.transitions === 1 ? "1 change of activity" : `${totals.transitions} changes of activity`;
  setText("changes", `${totals.steps.toLocaleString("en")} steps · ${changes}`);
}

function showEvents({ events, utc_offset_s }) {
  setChildren("events", eventItems(events, setup.colours, (unixSeconds) => clock(unixSeconds, utc_offset_s)));
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
