/** Pi cut off after this many places, as the documentation's Job prints it (Machin's formula). */
export function piDigits(places: number): string {
  const guard = 10n;
  const unity = 10n ** (BigInt(places) + guard);
  const pi = 4n * (4n * inverseTangent(5n, unity) - inverseTangent(239n, unity));
  const digits = (pi / 10n ** guard).toString();
  return `3.${digits.slice(1)}`;
}

/** `unity * atan(1 / x)` */
function inverseTangent(x: bigint, unity: bigint): bigint {
  let term = unity / x;
  let sum = term;
  for (let divisor = 3n, sign = -1n; term !== 0n; divisor += 2n, sign = -sign) {
    term /= x * x;
    sum += (sign * term) / divisor;
  }
  return sum;
}
