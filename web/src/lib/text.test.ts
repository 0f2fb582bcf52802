import { expect, test } from "vitest";
import { inert, inertBlock } from "./text";

test("text that turns the direction of writing is shown as what it is", () => {
  expect(inert("exe.\u202egpj")).toBe("exe.\\u{202e}gpj");
});

test("control characters and invisible ones are shown", () => {
  expect(inert("a\u0000b\u001b[31mc\u200bd\ufeff")).toBe("a\\u{0}b\\u{1b}[31mc\\u{200b}d\\u{feff}");
});

test("tags of the Unicode plane that nobody sees are shown", () => {
  expect(inert("x\u{e0041}")).toBe("x\\u{e0041}");
});

test("a name of ten thousand characters is cut", () => {
  const cut = inert("x".repeat(10_000));
  expect(cut).toHaveLength(300);
  expect(cut.endsWith("…")).toBe(true);
});

test("a block keeps its lines, and nothing else that is odd", () => {
  expect(inertBlock("a\n\tb\u202e\r")).toBe("a\n\tb\\u{202e}\\u{d}");
});

test("markup is left alone: Svelte writes it as text", () => {
  expect(inert("<img src=x onerror=alert(1)>")).toBe("<img src=x onerror=alert(1)>");
});
