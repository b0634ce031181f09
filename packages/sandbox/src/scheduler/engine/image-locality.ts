import { maxScore, type ScorePlugin } from "./plugin.ts";

const megabyte = 1024 * 1024;
/** Below 23 MB of present images a node earns nothing; 1000 MB a container earns everything. */
const leastBytes = 23 * megabyte;
const mostBytesOfContainer = 1000 * megabyte;

const normalized = (image: string) => (image.lastIndexOf(":") <= image.lastIndexOf("/") ? `${image}:latest` : image);

/** Nodes that have the images are better, less so the rarer an image is, lest all pods go to one node. */
export const imageLocality: ScorePlugin = {
  name: "ImageLocality",
  weight: 1,
  prepare({ pod }, _feasible, cluster) {
    const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
    const images = containers.map((container) => normalized(container.image ?? ""));
    const nodeCount = cluster.nodes().length;
    const most = mostBytesOfContainer * containers.length;
    const shares = images.map((image) => cluster.nodesWithImage(image) / nodeCount);
    if (shares.every((share) => share === 0)) return undefined;
    return {
      score(node) {
        let bytes = 0;
        images.forEach((image, index) => {
          const size = node.images.get(image);
          if (size) bytes += Math.trunc(size * (shares[index] as number));
        });
        const bounded = Math.min(Math.max(bytes, leastBytes), most);
        return Math.floor((maxScore * (bounded - leastBytes)) / (most - leastBytes));
      },
    };
  },
};
