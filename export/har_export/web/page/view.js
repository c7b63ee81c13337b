// Shows answers, sensor and day on the page.

import { activityColours } from "../core/colours.js";
import { UNKNOWN } from "../core/contract.js";
import { Families } from "../core/families.js";
import { drawSignal, drawTimeline } from "./charts.js";
import {
  barRows, details, displayName, duration, element, eventItems, make, percent, setActivity, setChildren, setText,
} from "./parts.js";

const SIGNAL_NS = 10e9;
const MAX_SAMPLES = 3000; // Of ten seconds of the fastest sensors.

export class View {
  #card;
  #colours;
  #families;
  #samples = []; // [timeNs, acc, gyro] of the last ten seconds.

  // From now on the answers are of this card; `activities` are all that an answer, or the day so far, may have.
  setCard(card, activities) {
    this.#card = card;
    this.#colours = activityColours(activities);
    this.#families = new Families(card.families);
  }

  // The time of day.
  clock = (unixS) => new Date(1000 * unixS).toLocaleTimeString("en-GB");

  pushSample(timeNs, acc, gyro) {
    this.#samples.push([timeNs, acc, gyro]);
    if (this.#samples.length > MAX_SAMPLES) this.#samples.shift();
    while (this.#samples[0][0] < timeNs - SIGNAL_NS || this.#samples[0][0] > timeNs) this.#samples.shift();
  }

  // What there is before the first answer.
  showEmpty(day) {
    this.#showBars(Object.fromEntries(this.#card.labels.map((label) => [label, 0])), null);
    this.showDay(day);
    this.drawSignal();
  }

  showAnswer(answer, day) {
    const activity = answer.reason === "not worn" ? "not worn" : answer.activity;
    const since = day.since(activity, answer.unix_s, (wide, narrow) => this.#families.covers(wide, narrow));
    const detail = details({ ...answer, activity, since_unix_s: since }, this.#card.families);
    setActivity(activity, detail, this.#colours[activity], answer.confidence);
    document.title = `${displayName(activity)} · haredge`;
    this.#showBars(answer.probabilities, answer.activity);
    this.showDay(day, activity);
  }

  showDay(day, activity = null) {
    const { totals } = day;
    setText("today-since", totals === null ? "" : `since ${this.clock(totals.since_unix_s).slice(0, 5)}`);
    const seconds = { ...totals?.seconds, ...(totals?.not_worn_s ? { "not worn": totals.not_worn_s } : {}) };
    const longest = Math.max(1, ...Object.values(seconds));
    const rows = Object.keys(this.#colours).filter((name) => seconds[name]).map((name) => {
      return { activity: name, share: seconds[name] / longest, text: duration(seconds[name]), isCurrent: name === activity };
    });
    setChildren("totals", barRows(rows, this.#colours));
    element("forget").hidden = totals === null;
    const changes = totals?.transitions ?? 0;
    setText("changes", totals === null ? "Nothing yet." : changes === 1 ? "1 change of activity" : `${changes} changes of activity`);
    setChildren("events", eventItems(day.events, this.#colours, this.clock));
    this.#drawTimeline(day);
  }

  showSensor({ samples, rateHz, longestPauseS, roundedTo, gyroscope }, recognizer, sender) {
    const { received = 0, gaps = 0 } = recognizer?.report.accelerometer ?? {};
    const rows = [
      ["rate", rateHz === null ? "measuring" : `${rateHz.toFixed(1)} Hz`],
      ["longest pause between readings", longestPauseS === null ? "measuring" : `${Math.round(1000 * longestPauseS)} ms`],
      ["gyroscope", samples === 0 ? "not known yet" : gyroscope ? "yes" : "none"],
      ["readings rounded to", roundedTo === null ? "not rounded" : `${roundedTo} m/s²`],
      ["samples received", received.toLocaleString("en")],
      ["gaps", String(gaps), gaps ? "lost" : ""],
    ];
    if (recognizer?.skipped) rows.push(["windows skipped, as the model is too slow", String(recognizer.skipped), "lost"]);
    if (sender) rows.push(["readings sent", sender.sent.toLocaleString("en")]);
    if (sender?.lost) rows.push(["readings not sent", sender.lost.toLocaleString("en"), "lost"]);
    const nodes = rows.flatMap(([name, value, kind = ""]) => [make("dt", name), make("dd", value, { class: kind })]);
    setChildren("readings", nodes);
  }

  showProblems(problems) {
    setChildren("problems", problems.map(({ text, isHint }) => make("li", text, { class: isHint ? "" : "bad" })));
  }

  // Buttons for the labels of a recording; `onLabel` gets the one that is tapped, "" for none.
  showLabels(onLabel) {
    const buttons = [...this.#card.labels.filter((label) => label !== UNKNOWN), ""].map((label) => {
      const button = make("button", label ? displayName(label) : "none of these", { type: "button", "data-label": label });
      if (label) button.style.setProperty("--chip", this.#colours[label]);
      button.addEventListener("click", () => onLabel(label));
      return button;
    });
    element("labels").replaceChildren(...buttons);
    this.showLabel("");
  }

  showLabel(label) {
    for (const button of element("labels").children) {
      button.setAttribute("aria-pressed", String(button.dataset.label === label));
    }
  }

  drawSignal() {
    drawSignal(element("acceleration-chart"), this.#samples.map(([timeNs, acc]) => [timeNs, acc]), 5);
    drawSignal(element("rotation-chart"), this.#samples.map(([timeNs, , gyro]) => [timeNs, gyro]), 1);
  }

  drawAll(day) {
    this.drawSignal();
    this.#drawTimeline(day);
  }

  #showBars(probabilities, activity) {
    const rows = Object.entries(probabilities).map(([label, share]) => {
      return { activity: label, share, text: percent(share), isCurrent: label === activity };
    });
    setChildren("bars", barRows(rows, this.#colours));
  }

  #drawTimeline(day) {
    drawTimeline(element("timeline-chart"), day.spans, this.#colours, this.clock);
  }
}
