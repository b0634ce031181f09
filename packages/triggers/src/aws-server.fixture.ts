import type { IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { type FakeHttpServer, fakeHttpServer } from "./trigger.fixture.ts";

export interface AwsRequest {
  /** `AmazonSQS.GetQueueAttributes`, or the action of a service that is asked by forms. */
  readonly operation: string;
  readonly headers: IncomingHttpHeaders;
  /** A form's fields are all text. */
  readonly input: Readonly<Record<string, unknown>>;
}

export interface AwsAnswer {
  readonly status?: number;
  readonly body: unknown;
}

export interface FakeAws extends FakeHttpServer {
  readonly asked: AwsRequest[];
}

/** Services of AWS: what is asked by JSON is answered with JSON, what is asked by forms (STS) with XML. */
export async function fakeAws(answer: (request: AwsRequest) => AwsAnswer | undefined): Promise<FakeAws> {
  const asked: AwsRequest[] = [];
  const server = await fakeHttpServer(async (message, response) => {
    const { headers } = message;
    const source = await text(message);
    const target = headers["x-amz-target"];
    const form = Object.fromEntries(new URLSearchParams(source));
    const request =
      typeof target === "string"
        ? { operation: target, headers, input: JSON.parse(source) }
        : { operation: form["Action"] ?? "", headers, input: form };
    asked.push(request);
    const answered = answer(request);
    // Without one the request hangs.
    if (!answered) return;
    const { status = 200, body } = answered;
    response.writeHead(status, { "content-type": target ? "application/x-amz-json-1.0" : "text/xml" });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  return { ...server, asked };
}
