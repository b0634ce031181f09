import { isIP } from "node:net";
import type { Environment } from "@marcbachmann/cel-js";
import { isCidr } from "../string-format.ts";

/** An address as its bits, 4 or 6. */
class IpAddress {
  readonly family: 4 | 6;
  readonly bits: bigint;

  constructor(family: 4 | 6, bits: bigint) {
    this.family = family;
    this.bits = bits;
  }

  static parse(text: string): IpAddress {
    const family = isIP(text);
    if (family === 0) throw new Error(`IP Address ${JSON.stringify(text)} parse error during conversion from string`);
    return family === 4 ? new IpAddress(4, v4Bits(text)) : new IpAddress(6, v6Bits(text));
  }

  get size(): number {
    return this.family === 4 ? 32 : 128;
  }

  /** Whether the first `length` bits are those of `prefix`. */
  startsWith(prefix: bigint, length: number): boolean {
    return this.bits >> BigInt(this.size - length) === prefix;
  }

  toString(): string {
    return this.family === 4 ? v4Text(this.bits) : v6Text(this.bits);
  }
}

class Cidr {
  readonly address: IpAddress;
  readonly length: number;

  constructor(address: IpAddress, length: number) {
    this.address = address;
    this.length = length;
  }

  static parse(text: string): Cidr {
    if (!isCidr(text))
      throw new Error(`network address parse error during conversion from string: invalid CIDR ${text}`);
    const [address = "", length] = text.split("/");
    return new Cidr(IpAddress.parse(address), Number(length));
  }

  get network(): bigint {
    return this.address.bits >> BigInt(this.address.size - this.length);
  }

  masked(): Cidr {
    const { family, size } = this.address;
    return new Cidr(new IpAddress(family, this.network << BigInt(size - this.length)), this.length);
  }

  contains(address: IpAddress): boolean {
    return address.family === this.address.family && address.startsWith(this.network, this.length);
  }

  toString(): string {
    return `${this.address}/${this.length}`;
  }
}

const v4Bits = (text: string) => text.split(".").reduce((bits, part) => bits * 256n + BigInt(part), 0n);
const v4Text = (bits: bigint) => [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join(".");

function v6Bits(text: string): bigint {
  const mapped = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const v4 = mapped ? v4Bits(mapped[2] as string) : 0n;
  const plain = mapped ? `${mapped[1]}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}` : text;
  const [head = "", tail] = plain.split("::");
  const groups = (part: string) => (part === "" ? [] : part.split(":"));
  const before = groups(head);
  const after = groups(tail ?? "");
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0");
  return [...before, ...zeros, ...after].reduce((bits, group) => bits * 65536n + BigInt(`0x${group}`), 0n);
}

/** The form of RFC 5952, which is what the URL parser prints. */
function v6Text(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bits >> BigInt(112 - 16 * i)) & 0xffffn).toString(16));
  return new URL(`http://[${groups.join(":")}]/`).hostname.slice(1, -1);
}

class IpNamespace {}

const loopback = (ip: IpAddress) => (ip.family === 4 ? ip.startsWith(127n, 8) : ip.bits === 1n);
const unspecified = (ip: IpAddress) => ip.bits === 0n;
const linkLocalMulticast = (ip: IpAddress) =>
  ip.family === 4 ? ip.startsWith(0xe00000n, 24) : ip.startsWith(0xffn, 8) && ((ip.bits >> 112n) & 0xfn) === 2n;
const linkLocalUnicast = (ip: IpAddress) => (ip.family === 4 ? ip.startsWith(0xa9fen, 16) : ip.startsWith(0x3fan, 10));
const multicast = (ip: IpAddress) => (ip.family === 4 ? ip.startsWith(0xen, 4) : ip.startsWith(0xffn, 8));
const globalUnicast = (ip: IpAddress) =>
  !(loopback(ip) || unspecified(ip) || multicast(ip) || linkLocalUnicast(ip)) &&
  !(ip.family === 4 && ip.bits === 0xffffffffn);

/** `ip()`, `cidr()`, `url()` and what can be asked of them (Kubernetes' CEL libraries). */
export function registerNetworkFunctions(env: Environment): void {
  registerIp(env);
  registerCidr(env);
  registerUrl(env);
}

function registerIp(env: Environment) {
  env.registerType("net.IP", IpAddress);
  env.registerType("net.IPNamespace", IpNamespace);
  env.registerConstant("ip", "net.IPNamespace", new IpNamespace());
  env.registerFunction("ip(string): net.IP", IpAddress.parse);
  env.registerFunction("isIP(string): bool", (text: string) => isIP(text) !== 0);
  env.registerFunction("net.IPNamespace.isCanonical(string): bool", (_: IpNamespace, text: string) => {
    return IpAddress.parse(text).toString() === text;
  });
  env.registerFunction("string(net.IP): string", String);
  env.registerFunction("net.IP.family(): int", (ip: IpAddress) => BigInt(ip.family));
  env.registerFunction("net.IP.isUnspecified(): bool", unspecified);
  env.registerFunction("net.IP.isLoopback(): bool", loopback);
  env.registerFunction("net.IP.isLinkLocalMulticast(): bool", linkLocalMulticast);
  env.registerFunction("net.IP.isLinkLocalUnicast(): bool", linkLocalUnicast);
  env.registerFunction("net.IP.isGlobalUnicast(): bool", globalUnicast);
  env.registerOperator("net.IP == net.IP", (a: IpAddress, b: IpAddress) => a.family === b.family && a.bits === b.bits);
}

function registerCidr(env: Environment) {
  env.registerType("net.CIDR", Cidr);
  env.registerFunction("cidr(string): net.CIDR", Cidr.parse);
  env.registerFunction("isCIDR(string): bool", isCidr);
  env.registerFunction("string(net.CIDR): string", String);
  env.registerFunction("net.CIDR.containsIP(net.IP): bool", (cidr: Cidr, ip: IpAddress) => cidr.contains(ip));
  env.registerFunction("net.CIDR.containsIP(string): bool", (cidr: Cidr, ip: string) =>
    cidr.contains(IpAddress.parse(ip)),
  );
  const containsCidr = (cidr: Cidr, other: Cidr) => other.length >= cidr.length && cidr.contains(other.address);
  env.registerFunction("net.CIDR.containsCIDR(net.CIDR): bool", containsCidr);
  env.registerFunction("net.CIDR.containsCIDR(string): bool", (cidr: Cidr, other: string) =>
    containsCidr(cidr, Cidr.parse(other)),
  );
  env.registerFunction("net.CIDR.ip(): net.IP", (cidr: Cidr) => cidr.address);
  env.registerFunction("net.CIDR.masked(): net.CIDR", (cidr: Cidr) => cidr.masked());
  env.registerFunction("net.CIDR.prefixLength(): int", (cidr: Cidr) => BigInt(cidr.length));
  env.registerOperator("net.CIDR == net.CIDR", (a: Cidr, b: Cidr) => a.toString() === b.toString());
}

/** An absolute URL or an absolute path, as Go's url.ParseRequestURI takes them. */
class RequestUrl {
  readonly text: string;
  readonly url: URL;
  readonly absolute: boolean;

  constructor(text: string) {
    this.absolute = URL.canParse(text);
    if (!this.absolute && !text.startsWith("/"))
      throw new Error(
        `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
      );
    this.text = text;
    this.url = new URL(text, "http://host");
  }

  static accepts(text: string): boolean {
    return URL.canParse(text) || text.startsWith("/");
  }

  query(): Record<string, string[]> {
    const query: Record<string, string[]> = {};
    for (const [name, value] of this.url.searchParams) query[name] = [...(query[name] ?? []), value];
    return query;
  }
}

function registerUrl(env: Environment) {
  const type = "kubernetes.URL";
  const whenAbsolute = (part: (url: URL) => string) => (request: RequestUrl) =>
    request.absolute ? part(request.url) : "";
  env.registerType(type, RequestUrl);
  env.registerFunction(`url(string): ${type}`, (text: string) => new RequestUrl(text));
  env.registerFunction("isURL(string): bool", RequestUrl.accepts);
  env.registerFunction(
    `${type}.getScheme(): string`,
    whenAbsolute((url) => url.protocol.replace(":", "")),
  );
  env.registerFunction(
    `${type}.getHost(): string`,
    whenAbsolute((url) => url.host),
  );
  env.registerFunction(
    `${type}.getHostname(): string`,
    whenAbsolute((url) => url.hostname.replace(/^\[|\]$/g, "")),
  );
  env.registerFunction(
    `${type}.getPort(): string`,
    whenAbsolute((url) => url.port),
  );
  env.registerFunction(`${type}.getEscapedPath(): string`, (request: RequestUrl) =>
    request.url.pathname === "/" && !/\/([?#]|$)/.test(request.text.replace("//", "")) ? "" : request.url.pathname,
  );
  env.registerFunction(`${type}.getQuery(): map<string, list<string>>`, (request: RequestUrl) => request.query());
}
