// The signal contract, and the names that answers and cards use.
// Made by `python -m har_export.web_tables` from har_runtime: change it there.

// contract
export const SAMPLE_RATE_HZ = 50;
export const PERIOD_NS = 20000000;
/** Samples in a window (1 s). */
export const WINDOW = 50;
/** Samples between the starts of two windows (0.5 s). */
export const HOP = 25;
/** Seconds between two answers, and the time that each stands for: windows overlap by the rest. */
export const HOP_S = 0.5;
/** A longer gap (0.1 s) between two samples ends a segment: nothing is interpolated across it. */
export const MAX_GAP_NS = 100000000;
export const MIN_RATE_HZ = 20;
export const CHANNELS = Object.freeze(["acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z"]);
export const UNITS = Object.freeze(["m/s^2", "m/s^2", "m/s^2", "rad/s", "rad/s", "rad/s"]);
/** What a window's axes are: those of the device in the Android convention (right-handed; the axis that points up
 * reads about +9.81 at rest), or those turned so that the wearer's up is +z, see `signal.upright`. */
export const FRAMES = Object.freeze(["device", "upright"]);
/** Parts of the body that a sensor is worn on, as far as they differ in what they show of an activity. */
export const PLACES = Object.freeze(["torso", "thigh", "wrist"]);
/** The part of the body of each placement that recordings and users name. */
export const PLACE_OF = Object.freeze({
  __proto__: null,
  "waist": "torso",
  "hip": "torso",
  "chest": "torso",
  "pocket": "thigh",
  "thigh": "thigh",
  "wrist": "wrist",
});
/** Answers that stand for several activities, the narrowest first; a card's families have those that the model
 * knows. */
export const FAMILIES = Object.freeze({
  __proto__: null,
  "resting": Object.freeze(["sitting", "lying"]),
  "still": Object.freeze(["standing", "sitting", "lying"]),
  "on_foot": Object.freeze(["walking", "running", "stairs_up", "stairs_down"]),
});
/** m/s^2 in one g (ISO 80000-3); data sets in g are multiplied by it. */
export const STANDARD_GRAVITY = 9.80665;

// answers.answer
/** The activity of an answer that is none of those the model knows. A model may have it as a label, trained on
 * movements that are none of the others; then it is never an activity either. */
export const UNKNOWN = "unknown";

// answers.palette
/** Shown instead of an activity while nobody wears the sensor. */
export const NOT_WORN = "not worn";
export const COLOURS = Object.freeze({
  __proto__: null,
  "walking": "#0072B2",
  "stairs_up": "#E69F00",
  "stairs_down": "#009E73",
  "sitting": "#CC79A7",
  "standing": "#56B4E9",
  "lying": "#D55E00",
  "running": "#999933",
  "jumping": "#AA4499",
  "resting": "#D26B66",
  "still": "#8F8FDB",
  "on_foot": "#008892",
  "unknown": "#8A8A8A",
  "not worn": "#BDBDBD",
});
/** For activities without a colour of their own, unless another activity has it. */
export const SPARE_COLOURS = Object.freeze(["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00",
  "#999933", "#AA4499"]);

// answers.row
/** Of the rows. Those of version 1 had no `version`, `label` and `raw_confidence` for `window_label` and
 * `window_confidence`, `probabilities` for `window_probabilities`, and `smoothed` for `probabilities`. */
export const ROW_VERSION = 2;
/** Of probabilities: an int8 model's have steps of 1/256. */
export const DECIMALS = 6;
/** Of steps a minute. */
export const CADENCE_DECIMALS = 1;
/** Of this computer's clock, in seconds. */
export const TIME_DECIMALS = 3;

// answers.effort
export const INTENSITIES = Object.freeze(["light", "moderate", "vigorous"]);
/** Steps a minute and the METs from there on, the highest first. */
export const METS_FROM = Object.freeze([Object.freeze([130, 6]), Object.freeze([120, 5]),
  Object.freeze([110, 4]), Object.freeze([100, 3])]);

// model.card
export const CARD_FORMAT = "haredge-card-1";
/** What cards of haredge 0.1 call the frame "device". */
export const FRAME_OF_0_1 = "android";
export const GYROSCOPE = Object.freeze(["required", "optional"]);
/** Statistics of a window in the frame "device": see `rejection.window_statistics`. */
export const STATISTICS = 13;
/** The same in the frame "upright". */
export const UPRIGHT_STATISTICS = 7;

// personal.profile
export const PROFILE_FORMAT = "haredge-profile-1";
