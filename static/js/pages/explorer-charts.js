// /data/NAME and /data/NAME/models: charts and the form that selects the models.
import { drawCharts } from "../explorer/charts.js";
import { initForms } from "../explorer/forms.js";

drawCharts();
initForms();
