// /data/NAME: the charts.
import { drawCharts } from "./data/charts.js";

drawCharts();
