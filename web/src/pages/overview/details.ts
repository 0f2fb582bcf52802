/** What a session does or waits for, in the user's language. */
import { language, look, t } from "../../lib/i18n/index.svelte";
import type { PromptInfo, Session } from "../../lib/rpc/contract";
import { inert } from "../../lib/text";

export interface Detail {
  text: string;
  /** The daemon's own words, where `text` does not have all of them. */
  own: string;
}

const NONE: Detail = { text: "", own: "" };

/**
 * The words beside a session's state. A question says itself what it is; else the state says which sort of detail it
 * is, and in English the daemon's own words are taken.
 */
export function detailOf(session: Session, prompts: Record<string, PromptInfo>): Detail {
  if (session.prompt !== null) {
    const kind = prompts[session.prompt]?.kind ?? "other";
    return { text: t("overview.detail.waits", { what: look(`prompt.${kind}`) ?? t("prompt.other") }), own: "" };
  }
  if (session.detail === "") return NONE;
  const own = inert(session.detail, 500);
  if (language() === "en") return { text: own, own: "" };
  switch (session.state) {
    case "ready":
      return { text: t("overview.detail.unsaved"), own };
    case "stopped":
      return { text: t("overview.detail.left"), own: "" };
    default:
      return { text: own, own: "" };
  }
}
