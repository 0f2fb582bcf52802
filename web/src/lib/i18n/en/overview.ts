export const overview = {
  "overview.count": "1 session | {count} sessions",
};
