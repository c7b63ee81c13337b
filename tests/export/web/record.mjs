// Writes the events of each golden case to FOLDER/NAME.csv, as a page records them: node record.mjs FOLDER.

import { writeFileSync } from "node:fs";

import { CSV_HEADER, csvLine } from "../../../export/har_export/web/core/recording.js";
import { VECTORS } from "./vectors.mjs";

const [folder] = process.argv.slice(2);
for (const { name, events } of VECTORS.cases) {
  const lines = events.map(([sensor, timeNs, ...values]) => {
    const row = values.map((value) => value ?? NaN);
    return sensor === "acc" ? csvLine(timeNs, row, null) : csvLine(timeNs, null, row);
  });
  writeFileSync(`${folder}/${name}.csv`, CSV_HEADER + lines.join(""));
}
