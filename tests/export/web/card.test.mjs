// A card from outside: one clear line for what does not fit, and nothing in it but text.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { Answering } from "../../../export/har_export/web/core/answering.js";
import { checkFile, readCard } from "../../../export/har_export/web/core/card.js";
import { ModelError } from "../../../export/har_export/web/core/errors.js";
import { activitiesOf } from "../../../export/har_export/web/core/families.js";
import { placeIndex } from "../../../export/har_export/web/core/places.js";
import { CARD_TEXT, ROOT } from "./vectors.mjs";

const PRETRAINED = new URL("runtime/har_runtime/pretrained/", ROOT);

/** The shipped card with some entries changed, as JSON. */
function changed(change) {
  const table = JSON.parse(CARD_TEXT);
  change(table);
  return JSON.stringify(table);
}

/** What is said of a card that is refused: one line, short and without control characters. */
function refusal(text) {
  let said;
  assert.throws(() => readCard(text, "card.json"), (error) => {
    assert.ok(error instanceof ModelError, error);
    said = error.message;
    return true;
  });
  assert.match(said, /^card\.json: [^\p{Cc}\p{Zl}\p{Zp}]+$/u);
  assert.ok(said.length < 300, said);
  return said;
}

test("the shipped cards are read and fit their files", async () => {
  for (const name of ["waist", "anywhere", "anywhere-micro"]) {
    let text;
    try {
      text = readFileSync(new URL(`${name}.json`, PRETRAINED), "utf8");
    } catch {
      continue; // Not every card has a .tflite file beside it.
    }
    const card = readCard(text);
    assert.equal(card.name, JSON.parse(text).name);
    assert.ok(card.scores.int8.macro_f1 > 0.5);
  }
  const card = readCard(CARD_TEXT);
  const file = readFileSync(new URL("anywhere.tflite", PRETRAINED));
  await checkFile(card, file);
  await assert.rejects(checkFile(card, file.subarray(0, 1000)), /cut off, changed or another version/);
  assert.deepEqual(activitiesOf(card).slice(-4), ["resting", "still", "on_foot", "unknown"]);
});

test("a card cannot be changed after it was checked", () => {
  const card = readCard(CARD_TEXT);
  for (const part of [card, card.labels, card.smoothing, card.smoothing.transitions[0], card.families]) {
    assert.ok(Object.isFrozen(part));
  }
});

test("a card of haredge 0.1 has the frame of the device", () => {
  assert.equal(readCard(readFileSync(new URL("waist.json", PRETRAINED), "utf8")).frame, "device");
});

test("a model for another input is refused with what it needs", () => {
  assert.match(refusal(changed((card) => (card.sample_rate_hz = 100))), /needs sample_rate_hz 100, this page gives 50/);
  assert.match(refusal(changed((card) => (card.window = 128))), /needs window 128/);
  assert.match(refusal(changed((card) => (card.units[0] = "g"))), /needs units \["g",/);
  assert.match(refusal(changed((card) => (card.frame = "ground"))), /needs frame ground/);
  const ends = { scale: [1], offset: [0] };
  assert.match(refusal(changed((card) => (card.quantised_ends = ends))), /takes int8 input/);
});

test("entries that do not fit each other are refused by name", () => {
  assert.match(refusal(changed((card) => (card.labels[0] = card.labels[1]))), /labels of the card are empty or repeat/);
  assert.match(refusal(changed((card) => card.labels.pop())), /does not fit its labels/);
  assert.match(refusal(changed((card) => (card.smoothing.prior[0] = 0))), /smoothing of the card/);
  assert.match(refusal(changed((card) => card.rejection.means[0].pop())), /rejection of the card/);
  assert.match(refusal(changed((card) => (card.place_filter.change = 1.5))), /place_filter of the card/);
  assert.match(refusal(changed((card) => (card.places[0] = "ankle"))), /prototypes of the card/);
  assert.match(refusal(changed((card) => ([card.places, card.prototypes] = [["ankle"], null]))), /places and place_filter/);
  assert.match(refusal(changed((card) => delete card.place_filter)), /places and place_filter/);
  assert.match(refusal(changed((card) => (card.families.walking = ["lying", "sitting"]))), /the family walking/);
  assert.match(refusal(changed((card) => (card.families.resting = ["lying"]))), /the family resting/);
  const wideFirst = { still: ["standing", "sitting", "lying"], resting: ["sitting", "lying"] };
  assert.match(refusal(changed((card) => (card.families = wideFirst))), /narrowest first: resting before still/);
  assert.match(refusal(changed((card) => (card.temperature = 0))), /temperature must be above 0/);
  assert.match(refusal(changed((card) => (card.gravity = [1, 1, 1]))), /gravity must be of length 1/);
});

test("missing entries and those of another kind are refused by name", () => {
  assert.match(refusal("{}"), /format haredge-card-1 is missing/);
  assert.match(refusal(changed((card) => delete card.labels)), /'labels' is missing/);
  assert.match(refusal(changed((card) => delete card.training.never_seen)), /'training.never_seen' is missing/);
  assert.match(refusal(changed((card) => (card.name = 3))), /'name' must be text, not 3/);
  assert.match(refusal(changed((card) => (card.hop = "25"))), /'hop' must be a whole number, not '25'/);
  assert.match(refusal(changed((card) => (card.temperature = true))), /'temperature' must be a finite number, not true/);
  assert.match(refusal(CARD_TEXT.replace(/"temperature": [^,]+/, '"temperature": 1e999')), /must be a finite number/);
  assert.match(refusal(changed((card) => (card.scores = []))), /'scores' must be a table, not \[\]/);
  assert.match(refusal(changed((card) => (card.gravity = [0, 1]))), /'gravity' must be a list of 3/);
});

test("what is no card at all is refused", () => {
  for (const text of ["", "[1, 2]", "3", "null", "nul", CARD_TEXT + CARD_TEXT, "<html>", '{"a": NaN}', "\u0000\u001b[2J"]) {
    refusal(text);
  }
  for (let length = 0; length < CARD_TEXT.length - 2; length += 997) refusal(CARD_TEXT.slice(0, length));
  assert.match(refusal("[".repeat(200_000)), /nested|not JSON/);
  assert.match(refusal(changed((card) => (card.deep = JSON.parse("[".repeat(30) + "]".repeat(30))))), /nested more than 16/);
  assert.match(refusal(" ".repeat(1_000_001)), /larger than 1000000 bytes/);
  assert.match(refusal(changed((card) => (card.labels = new Array(20_001).fill("a")))), /20001 entries/);
});

test("texts of a card that steer a terminal or are too long are refused, and shown without their control characters", () => {
  for (const name of ["\u001b[31mred", "two\nlines", "", "x".repeat(101), "\u2028", "\u202e", "\ud800"]) {
    refusal(changed((card) => (card.name = name)));
    refusal(changed((card) => (card.labels[0] = name)));
    refusal(changed((card) => (card.families[name] = ["lying", "sitting"])));
  }
});

test("names that JavaScript's objects have by themselves are only names", () => {
  const text = changed((card) => {
    card.labels = ["__proto__", "constructor", "toString"];
    card.families = JSON.parse('{"hasOwnProperty": ["__proto__", "constructor"]}');
    card.smoothing = card.rejection = card.place_filter = card.prototypes = null;
    card.places = [];
  });
  const card = readCard(text);
  const answering = new Answering(card, { unixOffsetNs: 0 });
  const imu = new Float32Array(300).fill(3);
  const up = { direction: [0, 0, 1], found: "gait" };
  const window = { segment: 0, startNs: 0, endNs: 980_000_000, imu, device: imu, up };
  const answer = answering.step(window, { probabilities: [0.8, 0.1, 0.1] });
  assert.equal(answer.activity, "__proto__");
  assert.deepEqual(Object.keys(answer.probabilities), ["__proto__", "constructor", "toString"]);
  assert.deepEqual(Object.entries(answer.totals.seconds), [["__proto__", 0.5]]);
  assert.equal({}.polluted, undefined);
  const hidden = JSON.stringify({ polluted: 1 });
  readCard(CARD_TEXT.replace("{", `{"__proto__": ${hidden},`));
  assert.equal({}.polluted, undefined);
});

test("a place that the model does not know is refused", () => {
  const card = readCard(CARD_TEXT);
  assert.equal(card.places[placeIndex(card, "pocket")], "thigh");
  for (const place of ["ankle", "constructor", "__proto__"]) {
    assert.throws(() => placeIndex(card, place), /unknown place .*; choose one of waist, hip, chest/);
  }
  const waist = readCard(readFileSync(new URL("waist.json", PRETRAINED), "utf8"));
  assert.throws(() => placeIndex(waist, "pocket"), /does not tell places/);
});
