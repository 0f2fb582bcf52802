import type { connect as en } from "../en/connect";

export const connect: Record<keyof typeof en, string> = {};
