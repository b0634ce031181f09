import { answerConversionReview, type ConversionReview, conversionService } from "@bellows/api";
import type { ServingOptions } from "@bellows/kube";

/** The API server sends every object of a list that is kept in another version at once. */
const bodyLimitBytes = 256 * 1024 * 1024;

/**
 * Serves the conversion of Karpenter's kinds: give it to `serve` as its `routes`, with a certificate that the
 * definitions trust. The answer depends on nothing but the request.
 */
export const conversionRoutes: NonNullable<ServingOptions["routes"]> = (app) => {
  app.post(conversionService.path, { bodyLimit: bodyLimitBytes }, async (request, reply) => {
    const review = request.body as Partial<ConversionReview> | undefined;
    if (review?.kind !== "ConversionReview" || !review.request) {
      const found = JSON.stringify(review?.kind ?? "nothing");
      return reply.status(400).send({ message: `kind: ${found}, expected a ConversionReview with a request` });
    }
    return reply.send(answerConversionReview(review as ConversionReview));
  });
};
