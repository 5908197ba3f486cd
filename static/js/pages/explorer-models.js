// /data/NAME/models: the charts and the choice of models.
import { drawCharts } from "../explorer/charts.js";
import { tidyForms } from "../explorer/clean-forms.js";

drawCharts();
tidyForms();
