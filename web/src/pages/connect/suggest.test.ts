import { describe, expect, it } from "vitest";
import { suggest } from "./suggest";

const saved = [
  { name: "lab", address: "ann@gpu-9.lab.edu", identity_file: null },
  { name: "gpu-home", address: "10.0.0.9", identity_file: null },
];
const aliases = ["gpu-1", "gpu-2", "lab"];
const values = (text: string) => suggest(text, saved, aliases).map((each) => each.value);

describe("suggestions", () => {
  it("begin with all, saved servers first and no name twice", () => {
    expect(values("")).toEqual(["lab", "gpu-home", "gpu-1", "gpu-2", "local"]);
  });

  it("put what begins with the text before what has it inside", () => {
    expect(values("gpu")).toEqual(["gpu-home", "gpu-1", "gpu-2", "lab"]);
    expect(values("GPU-1")).toEqual([]);
    expect(values("2")).toEqual(["gpu-2"]);
  });

  it("keep the user that was typed", () => {
    expect(values("bob@gpu")).toEqual(["bob@gpu-1", "bob@gpu-2"]);
  });

  it("say nothing when the text is all there is", () => {
    expect(values("local")).toEqual([]);
    expect(values("nowhere")).toEqual([]);
  });

  it("are few, however many aliases there are", () => {
    expect(suggest("n", [], Array.from({ length: 5000 }, (_, index) => `node-${index}`))).toHaveLength(8);
  });
});
