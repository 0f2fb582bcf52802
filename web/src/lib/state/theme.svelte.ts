export type Theme = "system" | "light" | "dark";
export const THEMES: readonly Theme[] = ["system", "light", "dark"];
const REMEMBERED = "runicornd.theme";

let chosen = $state<Theme>(THEMES.find((each) => each === localStorage.getItem(REMEMBERED)) ?? "system");

/** The colours that the user chose; `system` follows the system. */
export function theme(): Theme {
  return chosen;
}

/** Use these colours from now on, and next time. */
export function setTheme(to: Theme): void {
  chosen = to;
  localStorage.setItem(REMEMBERED, to);
  applyTheme();
}

/** Put the choice where the style sheets look. */
export function applyTheme(): void {
  document.documentElement.dataset.theme = chosen;
}
