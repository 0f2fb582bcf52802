import type { downloads as en } from "../en/downloads";

export const downloads: Record<keyof typeof en, string> = {};
