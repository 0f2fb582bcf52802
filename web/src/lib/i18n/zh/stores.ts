import type { stores as en } from "../en/stores";

export const stores: Record<keyof typeof en, string> = {};
