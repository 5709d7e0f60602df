// Numbers as the server writes them (console/formats.py).

const grouped = new Intl.NumberFormat("en-US");

export const count = (number) => grouped.format(number);

/** Below a cent the two digits that count. */
export function dollars(text) {
  if (Number(text) < 0) return `-${dollars(-Number(text))}`;
  const value = Number(text);
  if (value && value < 0.01) return `$${value.toFixed(1 - Math.floor(Math.log10(value)))}`;
  return `$${value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

/** What was spent, is left or may be spent: below a cent only that it is so, as `$0.0000010` is taken for a dollar. */
export function amount(text) {
  return isLittle(text) ? "< $0.01" : dollars(text);
}

/** Less than a cent. */
export function isLittle(text) {
  return Number(text) > 0 && Number(text) < 0.01;
}

/** All digits of what is less than a cent, for who points at it; of anything else there are no more. */
export function digits(text) {
  return isLittle(text) ? `$${Number(text).toFixed(9).replace(/0+$/, "")}` : "";
}

/** `12.3k`: three digits that count; smaller numbers as they are. */
export function short(number) {
  for (const [size, suffix] of [[1e9, "B"], [1e6, "M"], [1e3, "k"]]) {
    if (number >= size) {
      const value = number / size;
      return `${value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3))}${suffix}`;
    }
  }
  return Number.isInteger(number) ? String(number) : String(Number(number.toPrecision(3)));
}

export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1000)} s`;
}

export function percent(part, whole) {
  if (!whole) return "–";
  const share = (100 * part) / whole;
  if (share > 0 && share < 10) return `${share.toFixed(1)} %`;
  return `${share.toFixed(0)} %`;
}
