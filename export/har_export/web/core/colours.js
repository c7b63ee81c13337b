// One colour for each activity and family, the same as in `har-stream` (`har_runtime/answers/palette.py`).

import { COLOURS, NOT_WORN, SPARE_COLOURS, UNKNOWN } from "./contract.js";

/** The colour, #RRGGBB, of each of these activities and families, and then of `unknown` and of `not worn`. */
export function activityColours(names) {
  const shown = Array.from(names).filter((name) => name !== UNKNOWN && name !== NOT_WORN);
  const taken = new Set(shown.map((name) => COLOURS[name]));
  const unused = SPARE_COLOURS.filter((colour) => !taken.has(colour));
  const spare = unused.length > 0 ? unused : SPARE_COLOURS;
  const others = [...new Set(shown.filter((name) => !(name in COLOURS)))];
  const colour = (name) => COLOURS[name] ?? spare[others.indexOf(name) % spare.length];
  return Object.fromEntries([...shown, UNKNOWN, NOT_WORN].map((name) => [name, colour(name)]));
}
