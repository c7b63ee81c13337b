// The profile of whoever wears the phone: read from a file, kept by the browser over a reload, and sent nowhere.

import { MAX_BYTES } from "../core/limits.js";
import { personalised } from "../core/personal.js";
import { readProfile, whyUnusable } from "../core/profile.js";
import { clean } from "../core/text.js";
import { displayName } from "./parts.js";

const KEY = "haredge-profile";

export class OwnProfile {
  // What is so, one line for people.
  text;
  // Whether there is one, be it in use or not.
  isKept = false;

  #storage;
  #card;
  #personal = null;

  // `storage` is the browser's; `card` that of the model as it is shipped.
  constructor(storage, card) {
    this.#storage = storage;
    this.#card = card;
    this.#sayNone();
    let kept;
    try {
      kept = JSON.parse(storage.getItem(KEY));
    } catch {
      return; // The browser keeps nothing, or something else.
    }
    if (typeof kept?.text !== "string") return;
    this.isKept = true;
    try {
      this.#use(clean(String(kept.name)), kept.text);
    } catch (error) {
      this.text = `${error.message}; ${this.#fallback}`; // Another model is on the site now.
    }
  }

  // The card for `Recognizer`, and what makes of the model's outputs those for the person. It does not change later.
  get model() {
    return this.#personal ?? { card: this.#card, outputs: (outputs) => outputs };
  }

  // Use this file from now on; promises whether it fits. If it does not, all stays as it was.
  async choose(file) {
    const name = clean(file.name);
    try {
      if (file.size > MAX_BYTES) throw new Error(`${name}: no profile: it is larger than ${MAX_BYTES} bytes`);
      const text = await file.text();
      this.#use(name, text);
      this.isKept = true;
      this.#keep(name, text);
    } catch (error) {
      this.text = `${error.message}; ${this.#fallback}`;
      return false;
    }
    return true;
  }

  remove() {
    [this.#personal, this.isKept] = [null, false];
    this.#sayNone();
    try {
      this.#storage.removeItem(KEY);
    } catch {
      // The browser keeps nothing.
    }
  }

  get #fallback() {
    return this.#personal ? "the profile before it stays in use" : `${clean(this.#card.name)} answers as it is shipped`;
  }

  #use(name, text) {
    const profile = readProfile(text, name);
    const problem = whyUnusable(profile, this.#card);
    if (problem !== null) throw new Error(`${name}: ${problem}`);
    this.#personal = personalised(this.#card, profile);
    const learnt = [...new Set(profile.learnt.map(({ label }) => displayName(label)))];
    const places = [...new Set(profile.learnt.map(({ place }) => place))].filter((place) => place !== null);
    const at = places.length ? `, worn at the ${places.join(" and the ")}` : "";
    this.text = `${name} is used: ${learnt.length ? `${learnt.join(", ")}${at}` : "it holds no activity"}.`;
  }

  #keep(name, text) {
    try {
      this.#storage.setItem(KEY, JSON.stringify({ name, text }));
    } catch {
      this.text += " This browser keeps nothing: choose it again after the page was closed.";
    }
  }

  #sayNone() {
    this.text = `None is used; ${clean(this.#card.name)} answers as it is shipped.`;
  }
}
