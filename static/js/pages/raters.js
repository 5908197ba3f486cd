// /models/raters: its charts.
import { drawCharts } from "../explorer/charts.js";

drawCharts();
