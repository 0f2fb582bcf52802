import type { artifacts as en } from "../en/artifacts";

export const artifacts: Record<keyof typeof en, string> = {};
