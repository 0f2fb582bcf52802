import type { en } from "../en";
import { artifacts } from "./artifacts";
import { common } from "./common";
import { connect } from "./connect";
import { doctor } from "./doctor";
import { downloads } from "./downloads";
import { errors } from "./errors";
import { overview } from "./overview";
import { settings } from "./settings";
import { stores } from "./stores";

export const zh: Record<keyof typeof en, string> = {
  ...common,
  ...overview,
  ...connect,
  ...artifacts,
  ...downloads,
  ...stores,
  ...settings,
  ...doctor,
  ...errors,
};
