// The thresholds and limits of every step.
// Made by `python -m har_export.web_tables` from har_runtime: change it there.

// signal.stretch
/** The rate of a stretch is measured over its first half second, before the first window can be complete. */
export const RATE_SPAN_NS = 500000000;
/** Above this rate a stretch is low-passed. At 50 Hz with some jitter nothing would alias, and a recording made on
 * the grid must come out as it went in. */
export const FILTER_ABOVE_HZ = 55.00000000000001;
export const SLOWEST_HZ = 19.0;
export const CUTOFF_HZ = 22.0;
export const KERNEL_HALF_WIDTH_NS = 100000000;
export const KERNEL_STEP_NS = 50000;

// signal.sensor_stream
/** How much of one stream may wait for the other before its oldest samples are dropped. This bounds the buffers. */
export const MAX_LEAD_NS = 60000000000;
/** The same limit in samples, for clocks that run far too slowly: a minute at 1000 Hz. */
export const MAX_WAITING = 60000;
/** A time that does not continue the stream is accepted once the sensor has continued from it for this long.
 * Measuring the rate, which comes before any output, takes as long. */
export const CONFIRM_NS = 500000000;
export const CONFIRM_SAMPLES = 1000;
/** All axes at one reading for this long. Real recordings repeat a reading for 0.26 s at most (HAPT; MotionSense
 * 0.08 s, sp-sw-har 0.03 s). Counted but not dropped: an 8-bit sensor at rest may do this too. */
export const STUCK_NS = 1000000000;
export const FULL_SCALE_NS = 50000000;
/** An axis at one reading for this long and this many samples is at the end of its range, if the reading is larger
 * than any posture gives. Two of HAPT's 61 recordings do this, at 10.0 rad/s and 2 g, and none of the other two data
 * sets. */
export const FULL_SCALE_SAMPLES = 4;

// signal.resample
/** m/s^2. No accelerometer has a full scale under 2 g (19.6), and nobody holds still at more than 1 g. */
export const LARGE_ACCELERATION = 14.0;
/** rad/s. No gyroscope has a full scale under 125 deg/s (2.18). */
export const LARGE_ANGULAR_RATE = 2.0;
/** m/s^2, beyond the 400 g of the widest range of an accelerometer that is worn (ST H3LIS331DL, data sheet, table
 * 3). */
export const LARGEST_ACCELERATION = 4000.0;
/** rad/s, beyond the 4000 deg/s of the widest range of a gyroscope that is worn (TDK ICM-20649, data sheet, table
 * 1). */
export const LARGEST_ANGULAR_RATE = 100.0;
/** If only one of two sensors was set back, they are on one clock again once both have shown the same time for this
 * long. */
export const AGREEMENT_NS = 2000000000;

// signal.upright
/** m/s^2, standard deviation of the magnitude of acceleration while walking or on stairs. */
export const GAIT_SPREAD = Object.freeze([1.0, 6.0]);
/** Steps a second while walking or on stairs: the strongest frequency of that magnitude. Running is faster: its mean
 * acceleration is less steady. */
export const GAIT_HZ = Object.freeze([1.2, 2.4]);
/** m/s^2, length of the mean acceleration over a second of gait. */
export const GAIT_GRAVITY = Object.freeze([7.0, 13.0]);
/** Frequencies compared, 0.6 to 8 Hz. */
export const FREQUENCIES_HZ = Object.freeze([0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.2, 2.4, 2.6, 2.8, 3.0,
  3.2, 3.4, 3.6, 3.8, 4.0, 4.2, 4.4, 4.6, 4.8, 5.0, 5.2, 5.4, 5.6, 5.8, 6.0,
  6.2, 6.4, 6.6, 6.8, 7.0, 7.2, 7.4, 7.6, 7.8, 8.0]);
/** Windows of gait that agree, after which their direction is up: the first four seconds alone can be 50 degrees
 * off. */
export const FOUND_AFTER = 8;
/** Windows of gait that agree with each other but not with the reference, after which the device sits another way. */
export const MOVED_AFTER = 12;
/** Times as many windows as these, within which they must come: on stairs only every other window may look like
 * gait. */
export const WITHIN = 3;
/** Largest mean angle between windows of gait and their mean direction that counts as agreement. */
export const AGREEMENT_DEGREES = 15.0;
/** Larger angles between gait and the reference mean another mounting; smaller ones refine the reference. */
export const MOVED_DEGREES = 45.0;
/** Weight of the earlier windows of gait when one is added: the reference is the mean over about the last minute. */
export const FORGETTING = 0.99;
/** Windows of gait that a reference from outside weighs as much as. */
export const GIVEN_WEIGHT = 40.0;
/** m/s^2. A mean acceleration shorter than this has no direction. */
export const FREE_FALL = 1.0;
/** The third part of a unit vector that is nearly -z. */
export const NEARLY_DOWN = -0.99;

// signal.steps
/** Samples that are compared with earlier ones: 2 s, a stride and a half of the slowest walk. */
export const TEMPLATE = 100;
/** Samples, the shortest and longest delay compared: 0.3 to 1.68 s, from a running step to a stride of slow walking. */
export const DELAYS = Object.freeze([10, 84]);
/** Samples that are averaged first: the impact of a heel is no step of its own. */
export const SMOOTHED = 5;
/** m/s^2, standard deviation of two seconds of steps: hands and seats move less. */
export const MIN_SPREAD = 0.6;
/** Steps a second, of the slowest gait: 72 steps/min of a light one, 126 of a hard one. The fastest has twice that. */
export const SLOWEST_GAIT_HZ = Object.freeze([1.2, 2.1]);
/** m/s^2, standard deviation of a light and of a hard gait. Running shakes a sensor more than walking; between the
 * two the slowest gait is interpolated. */
export const HARDNESS = Object.freeze([3.5, 6.5]);
export const START_LIKENESS = 0.5;
export const KEEP_LIKENESS = 0.3;
/** Of the greatest likeness: a shorter delay that reaches this is preferred, as several steps are alike too. */
export const NEARLY = 0.85;
/** Windows that must agree before any of their steps count. */
export const CONFIRM = 4;
/** Largest relative difference between the cadences of windows that agree. */
export const STEPS_AGREEMENT = 0.15;
/** Windows in a row (2 s) that may fail in a bout, as at a turn, and count if it continues. */
export const MAX_DOUBT = 4;

// answers.smoothing
/** A gap counts as this many hops at most: after a minute the filter has almost forgotten what was before. */
export const MAX_STEPS = 120;
/** Windows in a row (1.5 s) that hysteresis needs to change the activity. */
export const HOLD = 3;

// answers.place
/** The family of a card's labels that are gait. */
export const GAIT = "on_foot";
/** Of an activity or place in a filter: one window of an overconfident model must not rule it out for good. */
export const MIN_PROBABILITY = 1e-06;
/** Of a place that answers name: above it a wrong place is rare, as a belief that gait has formed is nearly certain,
 * and below it the sensor was just moved, or nobody has walked with it for long. */
export const MIN_BELIEF = 0.8;

// answers.families
/** The family of the postures. */
export const STILL = "still";

// answers.rejection
/** m/s^2 and rad/s. A smaller spread is the sensor's noise, whose logarithm must not count. */
export const SPREAD_FLOOR = 0.02;

// answers.worn
/** m/s^2 in each axis: the 13 mg under which accelerometers count as not worn (van Hees et al. 2011); the noise of
 * cheap ones reaches 0.05. */
export const STILL_SPREAD_ACC = 0.13;
/** rad/s in each axis: over twice the noise of cheap gyroscopes. */
export const STILL_SPREAD_GYRO = 0.02;
/** m/s^2 in each axis, between the means of any two windows of a while: 0.3 degrees. Half of HAPT's and
 * MotionSense's people drift by 0.2 or more within 20 s of sitting or lying, and few by less than 0.05; the mean of
 * a cheap sensor's noise stays within 0.03. */
export const STILL_DRIFT_ACC = 0.05;
/** Still windows in a row (ten minutes) after which the sensor is not worn. */
export const NOT_WORN_WINDOWS = 1200;
/** After a longer gap the wait begins again, since anything may have happened in it. */
export const NOT_WORN_MAX_BREAK_NS = 5000000000;

// answers.events
/** A doubt, a gap or another activity that lasts no longer than this (5 s) does not interrupt an activity. */
export const ACTIVITY_MAX_BREAK_NS = 5000000000;

// model.card
/** Of a model that can be made personal: with more, the shared covariance would not fit a list of a card. */
export const MAX_FEATURES = 190;

// personal.head
/** Added to probabilities before they are multiplied: neither the network nor the prototypes can rule one out. */
export const FLOOR = 1e-06;

// personal.profile
/** Activities, each at a place, of a profile. */
export const MAX_LEARNT = 100;
/** Windows of one of them: more is no number of windows that somebody recorded. */
export const MAX_LEARNT_WINDOWS = 100000;

// text
/** Characters of a name or a value that are shown. */
export const MAX_SHOWN = 80;
/** Characters of a label, a place, or the name of a model. */
export const MAX_NAME = 100;

// tables
/** Of a file of settings; a card of fifty labels has 100,000. */
export const MAX_BYTES = 1000000;
/** Of lists and tables inside each other; a card has 4. */
export const MAX_DEPTH = 16;
/** Characters of a text; the citations of several data sets have 1,500. */
export const MAX_TEXT = 4000;
/** Of a list or a table. */
export const MAX_ITEMS = 20000;
