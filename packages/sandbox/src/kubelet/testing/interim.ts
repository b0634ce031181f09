import type { Transport } from "@bellows/kube";
// @ts-expect-error until the API server serves custom resources
import { FakeApiServer } from "../../../../kube/src/testing/fake-api-server.ts";

/** Keeps the objects of simulated EC2 beside the API server, until that serves custom resources. */
export function withEc2Objects(transport: Transport): Transport {
  const fake: Transport = new FakeApiServer();
  const isEc2 = (path: string) => path.startsWith("/apis/ec2.sandbox");
  return {
    request: (request) => (isEc2(request.path) ? fake : transport).request(request),
    watch: (request, handler) => (isEc2(request.path) ? fake : transport).watch(request, handler),
  };
}
