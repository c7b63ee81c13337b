// The motion sensors of a phone as its browser gives them, and what is wrong with them, in words.

const LOOK_MS = 500; // How often it is looked for problems.
const SILENT_MS = 2000; // A sensor that has given nothing for this long is silent.
const MEASURED = 128; // Readings over which rate and rounding are measured: one to two seconds.
const NEEDED_HZ = 20; // The slowest rate that a model can use.

const PROBLEMS = {
  insecure: "This page was not loaded over https, and browsers give no sensors to it. Open it over https.",
  unsupported: "This browser gives no motion sensors to pages. Try Chrome on Android or Safari on an iPhone.",
  refused:
    "The browser refused the motion sensors. Allow them: on an iPhone reload the page and press Start again, in Chrome " +
    "look under the lock or the icon beside the address.",
  none: "No readings have come. Has this device motion sensors, and are they allowed in the settings of the browser?",
  silent: "The sensors have stopped.",
  hidden: "The page was not in front or the screen was off, and the sensors paused meanwhile.",
  linear: "The browser gives acceleration without gravity alone, which is of no use here.",
  gyroscope: "There is no gyroscope, or the browser does not give it: by acceleration alone it is less sure.",
  rounded: "The browser rounds the readings to 0.1, to protect against fingerprinting: a little is lost.",
  slow: `The browser gives fewer than ${NEEDED_HZ} readings a second, too few to recognise anything.`,
  screen: "This browser cannot keep the screen on: the sensors pause when it goes off. Set a longer time in the settings.",
};
// Hints, which keep nothing from working.
const HINTS = new Set(["gyroscope", "rounded", "screen", "hidden"]);

// "ios", whose browsers give acceleration with the opposite sign, "android" or "other".
export function platform(navigatorOf = navigator) {
  const { userAgent = "", maxTouchPoints = 0 } = navigatorOf;
  // An iPad says that it is a Macintosh, of which none has a touch screen.
  if (/iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1)) return "ios";
  return /Android/.test(userAgent) ? "android" : "other";
}

const triple = (values, names) => {
  const found = names.map((name) => values?.[name]);
  return found.every((value) => Number.isFinite(value)) ? found : null;
};
const isRounded = (value) => Math.abs(value * 10 - Math.round(value * 10)) < 1e-6;

// Reads the sensors from `start` to `stop`.
export class Motion {
  // `onReading` gets { ms, acc, rotation, event } for each event: milliseconds since 1970, m/s² with gravity as x, y, z, and
  // deg/s as alpha, beta, gamma, null without a gyroscope, all as the browser gives them. `onProblems` gets the list of
  // { name, text, isHint } whenever it changes.
  constructor(onReading, onProblems) {
    this.#onReading = onReading;
    this.#onProblems = onProblems;
  }

  #onReading;
  #onProblems;
  #found = new Set();
  #timer;
  #screenLock = null;
  #startedMs = 0;
  #heardMs = null;
  #times = [];
  #isRounded = [];
  #hasGyroscope = null;

  // Begin; must be called by a click, because iOS asks the user only then. False if there will be no readings.
  async start() {
    this.stop();
    this.#set();
    if (!globalThis.isSecureContext) return this.#fail("insecure");
    if (typeof DeviceMotionEvent === "undefined") return this.#fail("unsupported");
    if (typeof DeviceMotionEvent.requestPermission === "function") {
      let answer;
      try {
        answer = await DeviceMotionEvent.requestPermission();
      } catch {
        answer = "denied";
      }
      if (answer !== "granted") return this.#fail("refused");
    }
    [this.#startedMs, this.#heardMs, this.#hasGyroscope] = [performance.now(), null, null];
    [this.#times, this.#isRounded] = [[], []];
    addEventListener("devicemotion", this.#read);
    document.addEventListener("visibilitychange", this.#changed);
    this.#timer = setInterval(this.#look, LOOK_MS);
    await this.#keepScreenOn();
    return true;
  }

  stop() {
    removeEventListener("devicemotion", this.#read);
    document.removeEventListener("visibilitychange", this.#changed);
    clearInterval(this.#timer);
    this.#screenLock?.release().catch(() => {});
    this.#screenLock = null;
  }

  // Readings a second over the last ones; null before there are enough.
  get rateHz() {
    const times = this.#times;
    return times.length < 16 ? null : (1000 * (times.length - 1)) / (times.at(-1) - times[0]);
  }

  // Whether there is a gyroscope; null before that is known.
  get hasGyroscope() {
    return this.#hasGyroscope;
  }

  #read = (event) => {
    const acc = triple(event.accelerationIncludingGravity, ["x", "y", "z"]);
    const rotation = triple(event.rotationRate, ["alpha", "beta", "gamma"]);
    if (!acc) {
      if (triple(event.acceleration, ["x", "y", "z"])) this.#put("linear", true);
      return;
    }
    // Since the page was opened; old Safari gives milliseconds since 1970.
    const ms = event.timeStamp > 1e11 ? event.timeStamp : performance.timeOrigin + event.timeStamp;
    this.#heardMs = performance.now();
    this.#hasGyroscope = this.#hasGyroscope || rotation !== null;
    this.#times.push(ms);
    this.#isRounded.push(acc.every(isRounded));
    if (this.#times.length > MEASURED) {
      this.#times.shift();
      this.#isRounded.shift();
    }
    this.#onReading({ ms, acc, rotation, event });
  };

  #look = () => {
    const now = performance.now();
    const isLate = now - (this.#heardMs ?? this.#startedMs) >= SILENT_MS && !document.hidden;
    const found = new Set(this.#found);
    const put = (name, is) => (is ? found.add(name) : found.delete(name));
    put("none", isLate && this.#heardMs === null && !found.has("linear"));
    put("silent", isLate && this.#heardMs !== null);
    if (this.#heardMs !== null) {
      const isKnown = this.#times.length >= MEASURED / 2;
      put("gyroscope", isKnown && !this.#hasGyroscope);
      put("rounded", isKnown && this.#isRounded.every(Boolean));
      put("slow", isKnown && !isLate && this.rateHz < NEEDED_HZ);
    }
    this.#set(found);
  };

  #changed = () => {
    if (document.hidden) return;
    this.#startedMs = performance.now();
    if (this.#heardMs !== null) this.#heardMs = this.#startedMs;
    [this.#times, this.#isRounded] = [[], []];
    this.#put("hidden", true);
    this.#keepScreenOn();
  };

  async #keepScreenOn() {
    try {
      this.#screenLock = await navigator.wakeLock.request("screen");
      this.#put("screen", false);
    } catch {
      this.#put("screen", true); // The browser has no wake lock, or the battery is low.
    }
  }

  #fail(name) {
    this.#set(new Set([name]));
    return false;
  }

  #put(name, is) {
    const found = new Set(this.#found);
    if (is) found.add(name);
    else found.delete(name);
    this.#set(found);
  }

  #set(found = new Set()) {
    const [before, after] = [this.#found, found].map((each) => [...each].sort().join());
    this.#found = found;
    if (before === after) return;
    this.#onProblems([...found].map((name) => ({ name, text: PROBLEMS[name], isHint: HINTS.has(name) })));
  }
}
