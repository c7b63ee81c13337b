// What can be wrong, each with one line for people: what, where, and what to do.

/** Every error of this folder. Texts from outside are cleaned in its message; show it with `textContent`. */
export class HarError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** A model or card that cannot be used. */
export class ModelError extends HarError {}

/** Samples of a wrong shape. */
export class DataError extends HarError {}
