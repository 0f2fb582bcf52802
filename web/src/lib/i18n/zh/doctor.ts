import type { doctor as en } from "../en/doctor";

export const doctor: Record<keyof typeof en, string> = {};
