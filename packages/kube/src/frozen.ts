/**
 * Freezes a JSON value, all of it. A part that is already frozen is taken to be frozen below too: that is how stores
 * and caches hand out shared objects.
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (Array.isArray(value)) for (const item of value) deepFreeze(item);
  else for (const key in value) deepFreeze(value[key]);
  return Object.freeze(value);
}
