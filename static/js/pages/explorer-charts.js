// /data/NAME and /data/NAME/models: charts, faces, and the form that selects the models.
import { drawCharts } from "../explorer/charts.js";
import { initForms } from "../explorer/forms.js";
import { initImages } from "../explorer/import.js";
import { showThumbnails } from "../explorer/thumbnails.js";

drawCharts();
showThumbnails();
initForms();
initImages();
