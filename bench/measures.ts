/** Measures: all of them, in the order of the table. */
import { answerMeasures } from "./measures/answers";
import { carriageMeasures } from "./measures/carriage";
import { commandMeasures } from "./measures/commands";
import { costMeasures, idleMeasures } from "./measures/costs";
import { environmentMeasures } from "./measures/environments";
import { lifeMeasures } from "./measures/life";
import type { Measure } from "./measures/measure";
import { networkStartMeasures } from "./measures/network-starts";
import { networkMeasures } from "./measures/networks";
import { volumeMeasures } from "./measures/volumes";

export const measures: readonly Measure[] = [
  ...idleMeasures,
  ...lifeMeasures,
  ...answerMeasures,
  ...volumeMeasures,
  ...networkMeasures,
  ...carriageMeasures,
  ...commandMeasures,
  ...environmentMeasures,
  ...networkStartMeasures,
  ...costMeasures,
];
