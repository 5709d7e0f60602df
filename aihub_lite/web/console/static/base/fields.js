// What a field held when the page came: somebody quick may have changed it before a script ran.

export function asItCame(field) {
  if (field.options) return ([...field.options].find((option) => option.defaultSelected) ?? field.options[0]).value;
  return field.defaultValue;
}

export const isTouched = (field) => field.value !== asItCame(field);

/** What stands in a list, one a line or between commas; the key file of an account is one, whatever it holds. */
export function listed(text) {
  const whole = text.trim();
  return whole.startsWith("{") ? [whole] : whole.split(/[\s,]+/).filter(Boolean);
}
