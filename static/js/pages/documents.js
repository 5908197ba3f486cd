// /models/documents/NAME: its charts.
import { drawCharts } from "../explorer/charts.js";

drawCharts();
