import type { CertificateAndKey } from "@bellows/kube";
import type { Network } from "../api-server.ts";
import { forwarder } from "./forward.ts";
import { postReview } from "./post-review.ts";

/** The network of this machine; `identity` is the client certificate that aggregated API servers are shown. */
export const machineNetwork = (identity: CertificateAndKey): Network => ({
  post: postReview,
  forward: forwarder(identity),
});
