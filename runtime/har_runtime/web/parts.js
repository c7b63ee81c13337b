// What the pages of haredge share: words for answers, and careful changes of the page.

export const REASONS = {
  "unsure": "the model is not sure",
  "unlike": "the signal is unlike the training data",
  "not worn": "the sensor does not seem to be worn",
};
export const UNAVAILABLE = "unavailable";

export const element = (id) => document.getElementById(id);
export const displayName = (activity) => activity.replaceAll("_", " ");
export const listed = (names) => names.map(displayName).join(", ").replace(/, ([^,]*)$/, " or $1");
export const percent = (share) => `${Math.round(100 * share)} %`;

export function duration(seconds) {
  const two = (number) => String(Math.floor(number)).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.floor(seconds)} s`;
  if (minutes < 10) return `${minutes} min ${two(seconds % 60)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
}

// The texts under an activity: what a family contains, why it is unknown, since when, where it is worn.
export function details(answer, families) {
  const parts = [`for ${duration(Math.max(0, answer.unix_s - answer.since_unix_s))}`];
  if (answer.reason) parts.unshift(REASONS[answer.reason]);
  if (Object.hasOwn(families, answer.activity)) parts.unshift(listed(families[answer.activity]));
  if (typeof answer.cadence === "number") parts.push(`${Math.round(answer.cadence)} steps/min, ${answer.intensity}`);
  if (answer.place) parts.push(`worn at the ${answer.place}`);
  if (answer.truth) parts.push(`truth: ${displayName(answer.truth)}`);
  return parts.join(" · ");
}

export function setText(id, text) {
  if (element(id).textContent !== text) element(id).textContent = text; // Screen readers announce every change.
}

// Does not replace equal content: a screen reader may be reading it.
export function setChildren(id, children) {
  const html = children.map((child) => child.outerHTML).join("");
  if (element(id).innerHTML !== html) element(id).replaceChildren(...children);
}

export function make(tag, text, attributes = {}) {
  const node = document.createElement(tag);
  node.textContent = text;
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

export function setStatus(state, text) {
  element("status").dataset.state = state;
  setText("status", text);
}

// The large activity with its colour and confidence, 0 to 1; null for an activity that is no answer.
export function setActivity(activity, detail, colour, confidence) {
  setText("activity", displayName(activity));
  element("activity").dataset.activity = activity;
  if (colour) element("now").style.setProperty("--activity", colour);
  else element("now").style.removeProperty("--activity");
  setText("detail", detail);
  setText("percent", confidence === null ? "" : percent(confidence));
  element("level").style.width = `${100 * (confidence ?? 0)}%`;
  element("meter").setAttribute("aria-valuenow", Math.round(100 * (confidence ?? 0)));
}

// Rows of a table: activity, bar, text; each row { activity, share, text, isCurrent }.
export function barRows(rows, colours) {
  return rows.map(({ activity, share, text, isCurrent }) => {
    const row = make("tr", "");
    const name = make("th", displayName(activity), { scope: "row" });
    const cell = make("td", "", { class: "share" });
    const bar = make("div", "", { class: "bar" });
    name.style.setProperty("--chip", colours[activity]);
    bar.style.background = colours[activity];
    bar.style.width = `${100 * share}%`;
    cell.append(bar);
    row.append(name, cell, make("td", text, { class: "time" }));
    if (isCurrent) row.setAttribute("aria-current", "true");
    return row;
  });
}

// Items of the list of events: activity and kind ("started" or "ended"), and the time of day as text.
export function eventItems(events, colours, clock) {
  if (!events.length) return [make("li", "none yet", { class: "none" })];
  return events.map((event) => {
    const item = make("li", "");
    item.style.setProperty("--chip", colours[event.activity]);
    item.append(make("time", clock(event.unix_s)), make("span", `${displayName(event.activity)} ${event.kind}`));
    return item;
  });
}
