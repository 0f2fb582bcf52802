import { mount } from "svelte";
import App from "./App.svelte";
import { tellDocument } from "./lib/i18n/index.svelte";
import { applyTheme } from "./lib/state/theme.svelte";
import "./styles/index.css";

applyTheme();
tellDocument();
const target = document.getElementById("app");
if (target) mount(App, { target });
