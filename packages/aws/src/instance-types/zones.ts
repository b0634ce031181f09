const regionWords: Readonly<Record<string, string>> = {
  north: "n",
  south: "s",
  east: "e",
  west: "w",
  central: "c",
  northeast: "ne",
  northwest: "nw",
  southeast: "se",
  southwest: "sw",
};

/** The name of a zone: `us-east-1` and `a` give `us-east-1a`. */
export const zoneName = (region: string, letter: string): string => region + letter;

/** The region of a zone: `us-east-1a` gives `us-east-1`. */
export const regionOfZone = (zone: string): string => zone.replace(/[a-z]$/, "");

/**
 * The id of a zone: `ap-northeast-2b` gives `apne2-az2`. AWS shuffles ids over names in each account; here the letters
 * are numbered in order.
 */
export function zoneId(zone: string): string {
  const region = regionOfZone(zone);
  const [geography = "", ...rest] = region.split("-");
  const number = rest.at(-1) ?? "";
  const direction = rest.slice(0, -1).map((word) => regionWords[word] ?? word[0] ?? "");
  const letter = zone.slice(region.length);
  return `${geography}${direction.join("")}${number}-az${letter.charCodeAt(0) - "a".charCodeAt(0) + 1}`;
}
