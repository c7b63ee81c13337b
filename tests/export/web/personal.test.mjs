// A personal model gives what it gives in Python, and a profile that does not fit is one line, the same as there.

import assert from "node:assert/strict";
import test from "node:test";

import { Answering } from "../../../export/har_export/web/core/answering.js";
import { readCard } from "../../../export/har_export/web/core/card.js";
import { DataError, ModelError } from "../../../export/har_export/web/core/errors.js";
import { personalised } from "../../../export/har_export/web/core/personal.js";
import { readProfile, whyUnusable } from "../../../export/har_export/web/core/profile.js";
import { CARD_TEXT, VECTORS, assertClose } from "./vectors.mjs";

const AGAIN = "; make it again with har-stream personalise";
/** Products of the head are in float32. */
const FLOAT32 = 2e-6;
const [PLACES, PLAIN] = VECTORS.personal;

function cardOf(vectors) {
  return readCard(JSON.stringify(vectors.card));
}

function profileOf(vectors, change = {}) {
  return readProfile(JSON.stringify({ ...vectors.profile, ...change }));
}

/** The outputs of a golden window, as a model gives them: flat, and null for what the card does not have. */
function given({ probabilities, places = null, by_place: byPlace = null, features }) {
  return { probabilities, places, byPlace: byPlace?.flat() ?? null, features };
}

function assertNear(mine, wanted, message) {
  assert.equal(mine.length, wanted.length, message);
  wanted.forEach((value, index) => {
    assert.ok(Math.abs(mine[index] - value) <= FLOAT32, `${message} [${index}]: ${mine[index]}, not ${value}`);
  });
}

for (const vectors of VECTORS.personal) {
  test(`outputs for one person: ${vectors.name}`, () => {
    const personal = personalised(cardOf(vectors), profileOf(vectors));
    for (const [index, window] of vectors.windows.entries()) {
      const outputs = personal.outputs(given(window));
      const message = `${vectors.name}, window ${index}`;
      assertNear(outputs.probabilities, window.personal.probabilities, message);
      if (window.places) assertNear(outputs.byPlace, window.personal.by_place.flat(), message);
      assert.deepEqual(outputs.places, window.places ?? null);
    }
  });

  test(`the card of one person: ${vectors.name}`, () => {
    const shipped = cardOf(vectors);
    const { card } = personalised(shipped, profileOf(vectors));
    assert.deepEqual(card.labels, vectors.labels);
    assertClose(card.smoothing.transitions.flat(), vectors.transitions.flat(), "transitions");
    assertClose(card.smoothing.prior, vectors.prior, "prior");
    assert.deepEqual(card.rejection.means, vectors.means);
    assert.equal(card.rejection.whitening.length, vectors.means.length);
    assert.equal(shipped.labels.length, vectors.card.labels.length, "the shipped card stays");
  });
}

for (const { change, first, damaged, why } of VECTORS.refused_profiles) {
  test(`a profile is refused as in Python: ${why.slice(0, 50)}`, () => {
    const learnt = first === null ? {} : { learnt: [{ ...PLACES.profile.learnt[0], ...first }] };
    if (damaged) {
      const message = `the profile: no profile, or damaged: ${why}${AGAIN}`;
      assert.throws(() => profileOf(PLACES, { ...learnt, ...change }), { name: "DataError", message });
    } else {
      const profile = profileOf(PLACES, { ...learnt, ...change });
      assert.equal(whyUnusable(profile, cardOf(PLACES)), why);
      assert.throws(() => personalised(cardOf(PLACES), profile), { name: "DataError", message: `the profile: ${why}` });
    }
  });
}

test("what is no profile at all is one line without control characters", () => {
  const text = JSON.stringify(PLACES.profile);
  const many = JSON.stringify({ ...PLACES.profile, learnt: new Array(101).fill(PLACES.profile.learnt[0]) });
  const steers = JSON.stringify({ ...PLACES.profile, learnt: [{ ...PLACES.profile.learnt[0], label: "a\u001b[2J" }] });
  for (const damaged of ["", "walking", "[]", "null", text.slice(0, -20), many, steers, " ".repeat(1_000_001)]) {
    assert.throws(() => readProfile(damaged, "anna\n.json"), (error) => {
      assert.ok(error instanceof DataError, error);
      return /^anna\?\.json: no profile, or damaged: [^\p{Cc}\p{Zl}\p{Zp}]+$/u.test(error.message);
    });
  }
});

test("a profile without activities changes nothing", () => {
  const card = cardOf(PLACES);
  const personal = personalised(card, profileOf(PLACES, { learnt: [] }));
  const [window] = PLACES.windows;
  const outputs = personal.outputs(given(window));
  assert.deepEqual(outputs.probabilities, Float32Array.from(window.probabilities));
  assert.deepEqual(outputs.byPlace, Float32Array.from(window.by_place.flat()));
  assert.deepEqual(personal.card.labels, card.labels);
  assert.equal(personal.card.smoothing, card.smoothing);
});

test("a model without prototypes cannot be made personal, and one without features is said", () => {
  const card = readCard(JSON.stringify({ ...PLACES.card, prototypes: null }));
  assert.equal(whyUnusable(profileOf(PLACES), card), "the model upright cannot be made personal");
  const personal = personalised(cardOf(PLACES), profileOf(PLACES));
  const [window] = PLACES.windows;
  assert.throws(() => personal.outputs({ ...given(window), features: undefined }), /the model gives no features, its card needs 3/);
  assert.throws(() => personal.outputs({ ...given(window), features: [1] }), /the model gives 1 features/);
});

test("a new activity is an answer, with a probability, like any other", () => {
  const personal = personalised(cardOf(PLAIN), profileOf(PLAIN));
  const answering = new Answering(personal.card, { smoothing: "none", unixOffsetNs: 0 });
  const imu = new Float32Array(300).map((_, index) => 2 + 0.4 * ((index * index) % 7));
  const window = { segment: 0, startNs: 0, endNs: 980_000_000, imu, device: imu, up: null };
  const answer = answering.step(window, personal.outputs(given(PLAIN.windows.at(-1))));
  assert.equal(answer.window_label, "rowing");
  assert.ok(answer.probabilities.rowing > 0.8);
});

test("prototypes that do not fit their card are refused with it", () => {
  const changes = [
    { whitening: [1, 2] }, { sharpness: 0 }, { network_share: 1 }, { prior_weight: -1 },
    { known: [{ label: "flying", place: "thigh", mean: [0, 0, 0], windows: 1 }] },
    { known: [{ label: "walking", place: null, mean: [0, 0, 0], windows: 1 }] },
    { known: [{ label: "walking", place: "thigh", mean: [0, 0], windows: 1 }] },
    { known: [PLACES.card.prototypes.known[0], PLACES.card.prototypes.known[0]] },
  ];
  for (const change of changes) {
    const text = JSON.stringify({ ...PLACES.card, prototypes: { ...PLACES.card.prototypes, ...change } });
    assert.throws(() => readCard(text), ModelError, JSON.stringify(change));
    assert.throws(() => readCard(text), /prototypes of the card does not fit its labels/);
  }
  assert.equal(readCard(CARD_TEXT).prototypes.known.length, 17);
});
