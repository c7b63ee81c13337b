// Sends readings to the source `web://` of har-stream, by WebSocket: binary rows of seven float64 (rows.py).

const SEND_MS = 100;
const COLUMNS = 7;
const MAX_ROWS = 1000; // Of a message, fewer than har-stream takes.
const MAX_WAITING = 2000; // Readings that wait for the connection, 20 s or more; then the oldest are dropped.
const MAX_UNSENT_BYTES = 256 * 1024; // A connection that has not got rid of these is too slow to give it more.
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 10000;
const CONTINUED = 4001; // The same page has connected again.

export class Sender {
  // `address` is that of har-stream, as http:, https:, ws: or wss:, `onState` gets ({ state, text }) whenever it
  // changes: "waiting", "live" or "lost". Throws a TypeError if the address is none.
  constructor(address, token, platform, onState) {
    const url = new URL("samples", address.endsWith("/") ? address : `${address}/`);
    if (!/^(https?|wss?):$/.test(url.protocol)) throw new TypeError(`${url.protocol} is not an address of har-stream`);
    this.#question = new URL(url);
    this.#question.protocol = url.protocol.replace("ws", "http");
    url.protocol = url.protocol.replace("http", "ws");
    for (const each of [url, this.#question]) {
      each.searchParams.set("phone", crypto.getRandomValues(new Uint32Array(4)).join("-"));
      each.searchParams.set("platform", platform);
      if (token) each.searchParams.set("token", token);
    }
    this.#url = url;
    this.#onState = onState;
    this.#connect();
    this.#timer = setInterval(() => this.#send(), SEND_MS);
  }

  sent = 0; // Readings.
  lost = 0; // Readings that waited for too long.

  #url;
  #question;
  #onState;
  #timer;
  #retry;
  #retryMs = FIRST_RETRY_MS;
  #socket = null;
  #waiting = [];

  // Add a reading of `Motion`.
  push(reading) {
    this.#waiting.push(reading);
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.lost += 1;
    }
  }

  close() {
    clearInterval(this.#timer);
    clearTimeout(this.#retry);
    if (this.#socket) this.#socket.onclose = null;
    this.#send();
    this.#socket?.close();
    this.#onState({ state: "waiting", text: "stopped" });
  }

  #connect() {
    this.#onState({ state: "waiting", text: "connecting" });
    let socket;
    try {
      socket = new WebSocket(this.#url);
    } catch (error) { // The page is of https and the address is not, or the page may not connect to it.
      this.#onState({ state: "lost", text: `the browser does not connect: ${error.message}` });
      return;
    }
    this.#socket = socket;
    let isOpen = false;
    socket.onopen = () => {
      isOpen = true;
      this.#retryMs = FIRST_RETRY_MS;
      this.#onState({ state: "live", text: "sending" });
    };
    socket.onclose = async (event) => {
      if (event.code === CONTINUED) return;
      const why = isOpen ? event.reason || "the connection has ended" : await this.#refusal();
      if (this.#socket !== socket) return;
      this.#onState({ state: "lost", text: why });
      this.#retry = setTimeout(() => this.#connect(), this.#retryMs);
      this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
    };
  }

  // Why har-stream has refused, which a WebSocket does not say: asked for again, without one.
  async #refusal() {
    try {
      if (this.#question.origin !== location.origin) throw new TypeError("a page may not ask another site");
      const response = await fetch(this.#question, { cache: "no-store", signal: AbortSignal.timeout(5000) });
      if (response.status !== 400) return `har-stream refuses: ${(await response.text()).trim()}`;
    } catch {
      // It does not answer, or its page is another one.
    }
    return "har-stream does not answer; check address and token, and open its address once in this browser";
  }

  #send() {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN || socket.bufferedAmount > MAX_UNSENT_BYTES) return;
    const readings = this.#waiting.splice(0, MAX_ROWS);
    if (!readings.length) return;
    const message = new DataView(new ArrayBuffer(8 * COLUMNS * readings.length));
    readings.forEach(({ ms, acc, rotation }, row) => {
      [ms, ...acc, ...(rotation ?? [NaN, NaN, NaN])].forEach((value, column) => {
        message.setFloat64(8 * (COLUMNS * row + column), value, true);
      });
    });
    socket.send(message);
    this.sent += readings.length;
  }
}
