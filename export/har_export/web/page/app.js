// The page: from the sensors of this phone to answers, a recording, and if it is asked for to a computer. Each answer is
// also the detail of an event "answer" of the window, for pages that are made of this one.

import { readCard } from "../core/card.js";
import { activitiesOf } from "../core/families.js";
import { SensorMeter } from "../core/meter.js";
import { motionSample } from "../core/motion.js";
import { Recognizer } from "../core/recognizer.js";
import { Motion, platform } from "../sensor/motion.js";
import { Sender } from "../sensor/sender.js";
import { measured, resultOf } from "./benchmark.js";
import { Day } from "./day.js";
import { UNAVAILABLE, element, setActivity, setStatus, setText } from "./parts.js";
import { OwnProfile } from "./profile.js";
import { Recording } from "./recording.js";
import { openModel } from "./runtime.js";
import { View } from "./view.js";

const SHOW_MS = 250;
const GYROSCOPE_NS = 1e9; // Without angular rates for this long there is no gyroscope.
const MAX_HELD = 1000; // Samples that wait until that is known.
const SILENT_MS = 2500; // After so long without an answer nothing is known.
const SAVE_MS = 10000;

const motion = new Motion(read, (problems) => view?.showProblems(problems));
const recording = new Recording();
let card, site, day, view, model, profile;
let meter = new SensorMeter();
let recognizer = null;
let held = []; // Samples before it is known whether there is a gyroscope.
let sender = null;
let answeredMs = 0;
let isRunning = false;
let failure = null;

async function open() {
  const [siteText, cardText] = await Promise.all(["site.json", "model/model.json"].map(textOf));
  site = JSON.parse(siteText);
  card = readCard(cardText);
  day = new Day(localStorage, card.name);
  profile = new OwnProfile(localStorage, card);
  view = new View();
  setText("model", `model ${card.name}${card.placement ? `, worn at the ${card.placement}` : ""}`);
  element("profile").hidden = card.prototypes === null;
  showProfile();
  if (site.send_to !== null) {
    element("sending").hidden = element("unless").hidden = false;
    setText("send-to", `What the sensors read goes to ${site.send_to}, to the har-stream there, and to nobody else.`);
  }
  model = openModel(card, site);
  model.then(
    () => {
      performance.mark("ready");
      if (!isRunning) setStatus("waiting", "ready");
    },
    (error) => fail(error),
  );
}

async function textOf(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} cannot be loaded (${response.status}); load the page again`);
  return response.text();
}

function fail(error) {
  if (failure !== error.message) console.error(error);
  failure = error.message;
  setStatus("lost", failure);
  if (isRunning) setActivity(UNAVAILABLE, failure, null, null);
}

// What the sensors have just read.
function read(reading) {
  const { timeNs, acc, gyro } = motionSample(reading.event);
  meter.push(timeNs, acc, gyro);
  view.pushSample(timeNs, acc, gyro);
  recording.push(timeNs, acc, gyro);
  sender?.push(reading);
  if (recognizer !== null) {
    push({ timeNs, acc, gyro });
    return;
  }
  held.push({ timeNs, acc, gyro });
  if (gyro === null && timeNs - held[0].timeNs < GYROSCOPE_NS && held.length < MAX_HELD) return;
  begin(held.some((sample) => sample.gyro !== null));
}

function begin(hasGyroscope) {
  const samples = held;
  held = [];
  try {
    const own = profile.model;
    const run = async (imu) => own.outputs(await (await model).run(imu));
    recognizer = new Recognizer(own.card, run, { gyroscope: hasGyroscope, earlier: day.earlier });
  } catch (error) {
    motion.stop();
    fail(error);
    return;
  }
  recognizer.hasGyroscope = hasGyroscope;
  samples.forEach(push);
}

function push({ timeNs, acc, gyro }) {
  return take(recognizer.push([timeNs], [acc], recognizer.hasGyroscope && gyro ? [gyro] : null));
}

// Shows the answers that a push promises, if the recognizer is still the one that it was.
async function take(promise) {
  const asked = recognizer;
  let answers;
  try {
    answers = await promise;
  } catch (error) {
    if (asked === recognizer) fail(error);
    return;
  }
  if (asked !== recognizer) return;
  for (const answer of answers) {
    day.push(answer);
    answeredMs = performance.now();
    failure = null;
    view.showAnswer(answer, day);
    dispatchEvent(new CustomEvent("answer", { detail: answer }));
  }
}

function show() {
  view.showSensor(meter.snapshot(), recognizer, sender);
  view.drawSignal();
  if (recording.isRunning) setText("recorded", recording.text);
  if (recording.isFull) stopRecording();
  if (failure !== null) return;
  if (answeredMs === 0) setStatus("waiting", meter.snapshot().samples ? "the first answer comes soon" : "waiting for the sensor");
  else if (performance.now() - answeredMs < SILENT_MS) setStatus("live", "live");
  else {
    const why = `no answer since ${view.clock(day.lastUnixS)}`;
    setStatus("lost", why);
    setActivity(UNAVAILABLE, why, null, null);
    document.title = `${UNAVAILABLE} · haredge`;
  }
}

let shown, saved;

async function start() {
  failure = null;
  meter = new SensorMeter();
  [recognizer, held, answeredMs] = [null, [], 0];
  element("start").disabled = true;
  isRunning = await motion.start();
  element("start").disabled = false;
  if (!isRunning) {
    setStatus("lost", "the sensors cannot be read");
    return;
  }
  element("start").setAttribute("aria-pressed", "true");
  setText("start", "Stop");
  setText("detail", "The first answer comes after one second of samples.");
  shown = setInterval(show, SHOW_MS);
  saved = setInterval(() => day.save(), SAVE_MS);
}

async function stop() {
  isRunning = false;
  motion.stop();
  clearInterval(shown);
  clearInterval(saved);
  stopRecording();
  stopSending();
  element("start").setAttribute("aria-pressed", "false");
  setText("start", "Start");
  if (recognizer !== null) await take(recognizer.finish());
  day.save();
  if (failure === null) setStatus("waiting", "stopped");
  setActivity("stopped", "Press Start to go on.", null, null);
  document.title = "haredge";
}

function label(name) {
  recording.label = name;
  view.showLabel(name);
}

function startRecording() {
  recording.start();
  element("save-recording").hidden = true;
  setText("record", "Stop recording");
  setText("recorded", isRunning ? recording.text : "The recording begins with Start.");
}

function stopRecording() {
  if (!recording.isRunning) return;
  offer("save-recording", recording.stop(), `haredge-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.csv`);
  setText("record", "Record");
  const end = recording.isFull ? "It is as long as it may be, and has ended. " : "";
  setText("recorded", `${recording.text}. ${end}Save it: it is lost with the page, and with the next recording.`);
}

// A link that saves a file, as an earlier one of the same name does no more.
function offer(id, blob, name) {
  const link = element(id);
  if (link.href) URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.hidden = false;
}

function startSending() {
  try {
    sender = new Sender(site.send_to, element("token").value.trim(), platform(), ({ text }) => setText("send-state", text));
  } catch (error) {
    setText("send-state", error.message);
    return;
  }
  setText("send", "Stop sending");
}

function stopSending() {
  sender?.close();
  sender = null;
  setText("send", "Send");
}

// The card, and with it the labels, are those of the person from now on, or of the shipped model again.
function showProfile() {
  const { card: own } = profile.model;
  view.setCard(own, [...activitiesOf(own), ...Object.keys(day.totals?.seconds ?? {})]);
  view.showEmpty(day);
  view.showLabels(label);
  label(own.labels.includes(recording.label) ? recording.label : "");
  setText("profile-state", profile.text);
  element("profile-remove").hidden = !profile.isKept;
  if (isRunning) [recognizer, held] = [null, []]; // Begins again with the next sample.
}

async function chooseProfile() {
  const [file] = element("profile-file").files;
  element("profile-file").value = ""; // So that the same file can be chosen again.
  if (!file) return;
  if (await profile.choose(file)) showProfile();
  else setText("profile-state", profile.text);
}

async function measure() {
  element("measure").disabled = true;
  setText("measured", "measuring");
  try {
    const opened = await model;
    const found = await measured((imu) => opened.run(imu), (done) => setText("measured", `measuring, ${done} %`));
    const result = resultOf(found, card, site, opened);
    const { p50, p99 } = result.runs[0].latency_us;
    const noise = result.noise.reasons.length ? ` Too noisy to compare: ${result.noise.reasons.join("; ")}.` : "";
    setText("measured", `A window takes ${ms(p50)}, and in 99 of 100 cases at most ${ms(p99)}.${noise}`);
    offer("save-measured", new Blob([`${JSON.stringify(result, null, 1)}\n`], { type: "application/json" }), "har-bench.json");
  } catch (error) {
    setText("measured", error.message);
  }
  element("measure").disabled = false;
}

const ms = (microseconds) => `${(microseconds / 1000).toFixed(1)} ms`;

element("start").addEventListener("click", () => (isRunning ? stop() : start()));
element("record").addEventListener("click", () => (recording.isRunning ? stopRecording() : startRecording()));
element("send").addEventListener("click", () => (sender ? stopSending() : startSending()));
element("measure").addEventListener("click", measure);
element("forget").addEventListener("click", () => {
  day.forget();
  view.showDay(day);
  if (isRunning) [recognizer, held] = [null, []]; // Begins a new day with the next sample.
});
element("profile-file").addEventListener("change", chooseProfile);
element("profile-remove").addEventListener("click", () => {
  profile.remove();
  showProfile();
});
addEventListener("pagehide", () => day?.save());
document.addEventListener("visibilitychange", () => document.hidden && day?.save());
addEventListener("resize", () => view?.drawAll(day));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => view?.drawAll(day));
if ("serviceWorker" in navigator) {
  // Without one, e.g. on a site whose certificate nobody vouches for, the page works, but not offline.
  navigator.serviceWorker.register("service-worker.js").catch((error) => console.warn(error.message));
}
open().catch((error) => {
  fail(error);
  element("start").disabled = true;
});
