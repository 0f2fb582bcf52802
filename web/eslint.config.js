import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

export default ts.config(
  { ignores: ["node_modules/", "dist/"] },
  js.configs.recommended,
  ts.configs.strict,
  ts.configs.stylistic,
  svelte.configs.recommended,
  {
    languageOptions: { globals: globals.browser },
    rules: {
      // Text from servers is never markup.
      "svelte/no-at-html-tags": "error",
      // The content security policy forbids style attributes, and style elements made by a script; a directive
      // such as `style:width={value}` is neither.
      "no-restricted-syntax": [
        "error",
        { selector: "SvelteAttribute[key.name='style']", message: "use a class or style:name={value}" },
        { selector: "SvelteDirective[kind='Transition']", message: "use CSS" },
        { selector: "SvelteDirective[kind='Animation']", message: "use CSS" },
      ],
    },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig, extraFileExtensions: [".svelte"] } },
  },
);
