// /data/NAME: the charts.
import { drawCharts } from "../explorer/charts.js";

drawCharts();
