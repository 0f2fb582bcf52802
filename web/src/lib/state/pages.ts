import type { Component } from "svelte";
import Overview from "../../pages/Overview.svelte";
import type { Page } from "./router.svelte";

/** Each page is a file of its own, loaded when it is first looked at; only the first one comes with the rest. */
export const LOAD: Record<Page, () => Promise<{ default: Component }>> = {
  overview: () => Promise.resolve({ default: Overview }),
  connect: () => import("../../pages/Connect.svelte"),
  artifacts: () => import("../../pages/Artifacts.svelte"),
  downloads: () => import("../../pages/Downloads.svelte"),
  stores: () => import("../../pages/Stores.svelte"),
  settings: () => import("../../pages/Settings.svelte"),
  doctor: () => import("../../pages/Doctor.svelte"),
};
