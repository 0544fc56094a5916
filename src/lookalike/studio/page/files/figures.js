// How good it is: the tables and plots of the documentation.
import { page } from "./bus.js";
import { h } from "./dom.js";

page("figures", "Figures", () => h("div", {}, h("h1", {}, "How good is it?")));
