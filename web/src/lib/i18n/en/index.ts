import { artifacts } from "./artifacts";
import { common } from "./common";
import { connect } from "./connect";
import { doctor } from "./doctor";
import { downloads } from "./downloads";
import { errors } from "./errors";
import { overview } from "./overview";
import { settings } from "./settings";
import { stores } from "./stores";

export const en = {
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
