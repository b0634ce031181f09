import { builtinDefinitions } from "@bellows/api/builtin";
import type { Transport } from "@bellows/kube";
import { strategicMergePatch } from "../../api-server/patch/index.ts";
import { SchemaView } from "../../api-server/schema-view.ts";
// @ts-expect-error until the API server serves custom resources
import { FakeApiServer } from "../../../../kube/src/testing/fake-api-server.ts";
export function withStrategic(transport: Transport): Transport {
  const fake = new FakeApiServer();
  return {
    async request(request) {
      if (request.path.startsWith("/apis/ec2.sandbox")) return fake.request(request);
      if (!request.headers?.["content-type"]?.includes("strategic")) return transport.request(request);
      const got = await transport.request({ method: "GET", path: request.path.replace(/\/status$/, "") });
      if (got.status !== 200) return got;
      const o = got.body as any;
      const schema = SchemaView.of(`io.k8s.api.core.v1.${o.kind ?? (request.path.includes("/pods/") ? "Pod" : "Node")}`, builtinDefinitions());
      const { content: _, ...rest } = request as any;
      return transport.request({ ...rest, method: "PUT", headers: { "content-type": "application/json" }, body: strategicMergePatch(o, request.body, schema) });
    },
    watch: (r, h) => (r.path.startsWith("/apis/ec2.sandbox") ? fake.watch(r, h) : transport.watch(r, h)),
  };
}
