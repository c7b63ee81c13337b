// This phone as the sensor of the har-stream that serves this page. The token is behind the # of the address.

import { Motion, platform } from "./motion.js";
import { element, make, setStatus, setText } from "./parts.js";
import { Sender } from "./sender.js";

const SHOW_MS = 500;

let sender = null;
let shown;
const motion = new Motion((reading) => sender?.push(reading), showProblems);

function showProblems(problems) {
  element("problems").replaceChildren(...problems.map(({ text }) => make("li", text)));
}

function show() {
  const rate = motion.rateHz;
  setText("rate", rate === null ? "none yet" : `${rate.toFixed(1)} Hz`);
  setText("gyroscope", { true: "yes", false: "none", null: "not known yet" }[motion.hasGyroscope]);
  setText("sent", String(sender.sent));
  setText("lost", sender.lost ? String(sender.lost) : "none");
}

element("start").addEventListener("click", async () => {
  if (sender) {
    motion.stop();
    sender.close();
    sender = null;
    clearInterval(shown);
    setText("start", "Start");
    return;
  }
  if (!(await motion.start())) return;
  sender = new Sender(location.origin, decodeURIComponent(location.hash.slice(1)), platform(), ({ state, text }) => setStatus(state, text));
  shown = setInterval(show, SHOW_MS);
  setText("start", "Stop");
});
