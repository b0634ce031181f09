import { describe, expect, test } from "vitest";
import { celValue } from "./cel-value.ts";
import { CompileError, compile } from "./rule.ts";

const self = celValue(
  { a: 3, l: [3, 1, 2], s: "abc", m: { x: 1, y: 2 }, q: "2Gi", "foo-bar": 1, lo: [{ k: "a", v: 1 }, { k: "b" }] },
  undefined,
);

function evaluate(expression: string): unknown {
  const program = compile(expression, { self: "dyn" });
  if (program instanceof CompileError) throw program;
  return program.evaluate({ self });
}

describe("is true:", () => {
  test.each([
    "!self.l.isSorted() && [1, 2, 3].isSorted() && ['a', 'b'].isSorted()",
    "self.l.sum() == 6 && [1.5, 2.5].sum() == 4.0 && [].sum() == 0",
    "self.l.min() == 1 && self.l.max() == 3",
    "self.l.indexOf(1) == 1 && self.l.lastIndexOf(9) == -1",
    "[1, 1, 2].distinct() == [1, 2] && [[1], [2]].flatten() == [1, 2] && [3, 1].sort() == [1, 3]",
    "self.s.find('b.') == 'bc' && self.s.findAll('[a-c]', 2) == ['a', 'b'] && self.s.find('z') == ''",
    "self.s.charAt(1) == 'b' && self.s.replace('b', 'x') == 'axc' && 'aaa'.replace('a', 'b', 2) == 'bba'",
    "'a,b'.split(',') == ['a', 'b'] && ['a', 'b'].join('-') == 'a-b' && ' x '.trim() == 'x' && 'AB'.lowerAscii() == 'ab'",
    "'%s is %d, %.2f %x'.format(['n', 5, 1.0, 255]) == 'n is 5, 1.00 ff'",
    "url('https://a.b:80/c?x=1').getHost() == 'a.b:80' && url('https://a.b/c').getScheme() == 'https'",
    "url('/path').getHost() == '' && !isURL('nope') && url('https://x/?q=1&q=2').getQuery()['q'].size() == 2",
    "ip('1.2.3.4').family() == 4 && ip('::1').isLoopback() && !ip('8.8.8.8').isLoopback() && isIP('fe80::1')",
    "ip.isCanonical('::1') && !ip.isCanonical('0:0:0:0:0:0:0:1') && ip('fe80::1').isLinkLocalUnicast()",
    "cidr('10.0.0.0/8').containsIP('10.1.1.1') && !cidr('10.0.0.0/8').containsIP('11.0.0.1')",
    "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8')",
    "cidr('10.0.0.0/8').prefixLength() == 8 && isCIDR('::/0') && !isCIDR('10.0.0.0/33')",
    "quantity(self.q).isGreaterThan(quantity('1Gi')) && quantity('1').add(1) == quantity('2') && !isQuantity('x')",
    "quantity('1.5').sub(quantity('500m')).asInteger() == 1 && quantity('50k').compareTo(quantity('50000')) == 0",
    "sets.contains([1, 2], [1]) && sets.intersects([1], [1, 2]) && sets.equivalent([1, 1], [1])",
    "!format.dns1123Label().validate('ok').hasValue() && format.named('uuid').value().validate('x').hasValue()",
    "semver('1.2.3').isLessThan(semver('1.10.0')) && semver('1.0.0-rc.1').compareTo(semver('1.0.0')) == -1",
    "isSemver('1.2.3') && !isSemver('v1.2') && semver('v1.2', true).minor() == 2",
    "self.?a.orValue(0) == 3 && !self.?zz.hasValue() && has(self.a) && !has(self.zz)",
    "self.m.all(k, self.m[k] > 0) && self.lo.exists_one(x, x.k == 'a') && 'x' in self.m",
    "self.lo.filter(x, has(x.v)).map(x, x.k) == ['a'] && self.foo__dash__bar == 1",
    "duration('90m') > duration('1h') && timestamp('2026-01-01T00:00:00Z').getFullYear() == 2026",
  ])("%s", (expression) => expect(evaluate(expression)).toBe(true));
});

test.each([
  ["self.zz", "no such key: zz"],
  ["self.l[9]", "index out of bounds: 9"],
  ["int('x')", "type conversion error from 'string' to 'int'"],
  ["quantity('1.5').asInteger()", "cannot convert value to integer"],
])("%s fails: %s", (expression, message) => expect(() => evaluate(expression)).toThrow(message));
