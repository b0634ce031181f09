import type { Pod } from "@bellows/api";
import { expect, test } from "vitest";
import { fileOf } from "./image-files.ts";

const pod: Pod = {
  metadata: { name: "php-apache-1" },
  spec: {
    containers: [
      { name: "php-apache", image: "registry.k8s.io/hpa-example" },
      { name: "other", image: "nginx" },
    ],
  },
};

test.each([
  ["php-apache", "/var/www/html/index.php", expect.stringContaining("$x += sqrt($x);\n")],
  ["other", "/var/www/html/index.php", undefined],
  ["other", "/etc/hostname", "php-apache-1\n"],
  ["php-apache", "/etc/passwd", undefined],
])("in the container %s the file %s is known or not", (container, path, text) => {
  expect(fileOf(pod, container, path)).toEqual(text);
});
