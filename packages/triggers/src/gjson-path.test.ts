import { expect, test } from "vitest";
import { valueAtPath } from "./gjson-path.ts";

// The document of GJSON's description of its syntax.
const people = {
  name: { first: "Tom", last: "Anderson" },
  age: 37,
  children: ["Sara", "Alex", "Jack"],
  "fav.movie": "Deer Hunter",
  friends: [
    { first: "Dale", last: "Murphy", age: 44, nets: ["ig", "fb", "tw"] },
    { first: "Roger", last: "Craig", age: 68, nets: ["fb", "tw"] },
    { first: "Jane", last: "Murphy", age: 47, nets: ["ig", "tw"] },
  ],
};

test.each<[string, unknown]>([
  ["name.last", "Anderson"],
  ["name.first", "Tom"],
  ["age", 37],
  ["children.0", "Sara"],
  ["children.1", "Alex"],
  ["friends.1.first", "Roger"],
  ["child*.2", "Jack"],
  ["c?ildren.0", "Sara"],
  ["fav\\.movie", "Deer Hunter"],
  ["friends.#", 3],
  ["friends.#.age", [44, 68, 47]],
  ["friends.#.nets.#", [3, 2, 2]],
  ['friends.#(last=="Murphy").first', "Dale"],
  ['friends.#(last=="Murphy")#.first', ["Dale", "Jane"]],
  ["friends.#(age>45)#.last", ["Craig", "Murphy"]],
  ["friends.#(age<=44).first", "Dale"],
  ['friends.#(first%"D*").last', "Murphy"],
  ['friends.#(first!%"D*").last', "Craig"],
  ['friends.#(nets.#(=="fb"))#.first', ["Dale", "Roger"]],
  ["friends.#(age>100).first", undefined],
  ["friends.#(age>100)#", []],
  ['friends.#(last=="Murphy")#|#', 2],
  ["friends.#.first|0", "Dale"],
  ["friends|#", 3],
  ["friends.#(missing)#|#", 0],
  ["children.@reverse.0", "Jack"],
  ["children|@reverse|0", "Jack"],
  ["name.@keys.1", "last"],
  ["name.@values|0", "Tom"],
  ["friends.#.nets.@flatten.#", [3, 2, 2]],
  ["friends.#.nets|@flatten|#", 7],
  ["children.x", undefined],
  ["children.9", undefined],
  ["age.more", undefined],
  ["constructor", undefined],
  ["@unknown", undefined],
])("%s", (path, expected) => {
  expect(valueAtPath(people, path)).toEqual(expected);
});

test("a text of JSON can be gone into", () => {
  expect(valueAtPath({ inner: '{"n":5}' }, "inner.@fromstr.n")).toBe(5);
});

test("a root that is a list or a number is taken as it is", () => {
  expect(valueAtPath([1, 2, 3], "#")).toBe(3);
  expect(valueAtPath(7, "@this")).toBe(7);
});

test("many stars don't take for ever", () => {
  expect(valueAtPath({ [`${"a".repeat(2000)}`]: 1 }, `${"*a".repeat(100)}b`)).toBeUndefined();
});
