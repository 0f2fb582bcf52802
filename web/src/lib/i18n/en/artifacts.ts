export const artifacts = {};
