import type { Pod } from "@bellows/api";
import { imageName } from "../usage/image-name.ts";

/** What hpa-example does for each request. */
const hpaExamplePage = `<?php
$x = 0.0001;
for ($i = 0; $i <= 1000000; $i++) {
\t$x += sqrt($x);
}
echo "OK!";
?>
`;

/** Files of images that people look into, by the image's name. */
const filesOfImages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "hpa-example": { "/var/www/html/index.php": hpaExamplePage },
};

/** The text of a file in a container; undefined where nothing is known of it: no image is ever unpacked. */
export function fileOf(pod: Pod, container: string, path: string): string | undefined {
  if (path === "/etc/hostname") return `${pod.metadata.name}\n`;
  const image = pod.spec?.containers.find(({ name }) => name === container)?.image;
  return image === undefined ? undefined : filesOfImages[imageName(image)]?.[path];
}
