import type { Clock } from "@bellows/kube";
import type { ApiObject } from "./api-object.ts";
import type { ApiRequest, ApiResponse, Query } from "./api-request.ts";
import { negotiate, type Representation } from "./media-type.ts";
import type { ServedResource } from "./resource.ts";
import type { WatchFrame, WatchSource } from "./rest/watch.ts";
import { badRequest } from "./status-error.ts";
import {
  type IncludeObject,
  parseIncludeObject,
  partialObjectMetadata,
  partialObjectMetadataList,
  tableOf,
} from "./table/table.ts";

/** The answer to a request for a resource in the form that its `Accept` header asks for. */
export function represent(
  request: ApiRequest,
  resource: ServedResource,
  clock: Clock,
  answer: ApiResponse,
): ApiResponse {
  const accept = request.headers.accept;
  if (accept === undefined) return answer;
  const wanted = negotiate(
    accept,
    answer.watch !== undefined,
    answer.watch !== undefined || answer.bareItems !== undefined,
  );
  const headers = wanted.format === "yaml" ? { ...answer.headers, "content-type": "application/yaml" } : answer.headers;
  if (wanted.as === undefined || answer.status >= 300)
    return wanted.format === "yaml" ? { ...answer, headers } : answer;
  const convert = converter(wanted, resource, clock, request.query);
  if (answer.watch) return { ...answer, headers, watch: converted(answer.watch, convert) };
  return { ...answer, headers, body: convert(answer.body, false), bareItems: false };
}

type Convert = (body: unknown, noHeaders: boolean) => unknown;

function converter(wanted: Representation, resource: ServedResource, clock: Clock, query: Query): Convert {
  const apiVersion = wanted.asVersion === "v1beta1" ? "meta.k8s.io/v1beta1" : "meta.k8s.io/v1";
  const isList = (body: unknown): body is { items: readonly ApiObject[]; metadata: object } =>
    Array.isArray((body as { items?: unknown }).items);
  const isStatus = (body: unknown) => (body as Partial<ApiObject>).kind === "Status";
  if (wanted.as === "Table") {
    const includeObject = included(query);
    return (body, noHeaders) => {
      if (isStatus(body)) return body;
      const objects = isList(body) ? body.items : [body as ApiObject];
      const { resourceVersion } = (body as ApiObject).metadata;
      const metadata = isList(body) ? body.metadata : resourceVersion === undefined ? {} : { resourceVersion };
      return tableOf(resource.rules.table, objects, {
        now: clock.now(),
        includeObject,
        metadata,
        apiVersion,
        noHeaders,
      });
    };
  }
  return (body) => {
    if (isStatus(body)) return body;
    return isList(body)
      ? partialObjectMetadataList(body.items, body.metadata, apiVersion)
      : partialObjectMetadata(body as ApiObject, apiVersion);
  };
}

function included(query: Query): IncludeObject {
  try {
    return parseIncludeObject(query.get("includeObject"));
  } catch (error) {
    throw badRequest(
      `Unable to convert to Table as requested: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Every frame in its other form; the first one brings the columns. */
function converted(source: WatchSource, convert: Convert): WatchSource {
  return {
    start(sink) {
      let first = true;
      return source.start({
        frame(frame) {
          if (frame.type === "ERROR") return sink.frame(frame);
          sink.frame({ type: frame.type, object: convert(frame.object, !first) } as WatchFrame);
          first = false;
        },
        end: () => sink.end(),
      });
    },
  };
}
