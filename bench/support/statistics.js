// Figures of several measurements.

export function median(values) {
  return quantile(values, 0.5);
}

/** The smallest value that so large a share of the values does not exceed; null without values. */
export function quantile(values, share) {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(sorted.length * share) - 1))];
}

/** A number with so many digits behind the point; null stays null. */
export function rounded(value, digits = 0) {
  return value === null || value === undefined ? null : Number(value.toFixed(digits));
}
