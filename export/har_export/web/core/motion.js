// The events of a browser's motion sensors in the units, axes and signs of the signal contract.
//
// The axes of a `DeviceMotionEvent` are Android's: x to the right, y to the top edge, z out of the screen. Its
// acceleration with gravity is Android's too, +9.8 on z if the phone lies face up, but of the opposite sign on an
// iPhone: WebKit passes on what Core Motion reads. Angular rates have the same sign on both. Their names alpha, beta
// and gamma stand for x, y and z in all browsers, unlike those of a `DeviceOrientationEvent`; the specification once
// said otherwise (w3c/deviceorientation, issue 44).

const RADIANS = Math.PI / 180;
/** Larger times in ms are since 1970, as old Safari gives them, and not since the page was opened. */
const SINCE_1970_MS = 1e11;

/** Whether acceleration has Apple's sign: browsers on an iPhone or iPad are WebKit. An iPad says that it is a Mac. */
export function isApple({ userAgent = "", platform = "", maxTouchPoints = 0 } = globalThis.navigator ?? {}) {
  return /iPhone|iPad|iPod/.test(userAgent) || (/Mac/.test(platform) && maxTouchPoints > 1);
}

/**
 * The sample of a `DeviceMotionEvent`.
 * @param {boolean} apple whether acceleration has Apple's sign
 * @returns {{ timeNs: number, acc: number[], gyro: ?number[] }} time of the page's clock, m/s^2 with gravity and rad/s;
 *   a reading that is missing is NaN, and `gyro` is null if there are no angular rates
 */
export function motionSample(event, apple = isApple()) {
  const { x, y, z } = event.accelerationIncludingGravity ?? {};
  const { alpha, beta, gamma } = event.rotationRate ?? {};
  const ms = event.timeStamp > SINCE_1970_MS ? event.timeStamp - performance.timeOrigin : event.timeStamp;
  const rates = [alpha, beta, gamma].map((rate) => reading(rate, RADIANS));
  return {
    timeNs: Math.round(ms * 1e6),
    acc: [x, y, z].map((value) => reading(value, apple ? -1 : 1)),
    gyro: rates.every(Number.isNaN) ? null : rates,
  };
}

function reading(value, scale) {
  return typeof value === "number" ? value * scale : NaN;
}
