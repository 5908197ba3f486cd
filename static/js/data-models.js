// /data/NAME/models: the charts and the choice of models.
import { drawCharts } from "./data/charts.js";
import { tidyForms } from "./data/tidy.js";

drawCharts();
tidyForms();
