import type { InterruptionQueue, QueueMessage } from "@bellows/aws";
import { type Clock, type Random, randomUuid, sleep, timestamp } from "@bellows/kube";

const visibilityTimeoutMs = 20_000;
const maxMessages = 10;
/** SQS drops what nobody read; four days by default, 5 minutes in the queue that Karpenter's template makes. */
const retentionMs = 300_000;
const pollMs = 1_000;

interface Entry {
  readonly message: QueueMessage;
  visibleAt: number;
}

/** An SQS queue fed by EventBridge rules: what is received stays hidden for 20 s, and comes back unless deleted. */
export class SimulatedQueue implements InterruptionQueue {
  readonly name: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #region: string;
  #entries: Entry[] = [];

  constructor(name: string, region: string, clock: Clock, random: Random) {
    this.name = name;
    this.#region = region;
    this.#clock = clock;
    this.#random = random;
  }

  async receive({
    waitMs = 0,
    signal,
  }: {
    waitMs?: number;
    signal?: AbortSignal;
  } = {}): Promise<readonly QueueMessage[]> {
    const until = this.#clock.now() + Math.min(20_000, waitMs);
    for (;;) {
      const now = this.#clock.now();
      this.#entries = this.#entries.filter(({ message }) => message.sentAt > now - retentionMs);
      const visible = this.#entries.filter(({ visibleAt }) => visibleAt <= now).slice(0, maxMessages);
      for (const entry of visible) entry.visibleAt = now + visibilityTimeoutMs;
      if (visible.length > 0 || now >= until || signal?.aborted) return visible.map(({ message }) => message);
      await sleep(this.#clock, Math.min(pollMs, until - now), signal);
    }
  }

  async delete(receiptHandle: string): Promise<void> {
    this.#entries = this.#entries.filter(({ message }) => message.receiptHandle !== receiptHandle);
  }

  /** Puts an EventBridge event of EC2 about one instance into the queue. */
  send(detailType: string, instanceId: string, detail: Readonly<Record<string, string>> = {}): void {
    const sentAt = this.#clock.now();
    const id = randomUuid(this.#random);
    const event = {
      version: "0",
      id,
      "detail-type": detailType,
      source: "aws.ec2",
      account: "111122223333",
      time: timestamp(sentAt),
      region: this.#region,
      resources: [`arn:aws:ec2:${this.#region}:111122223333:instance/${instanceId}`],
      detail: { "instance-id": instanceId, ...detail },
    };
    this.#entries.push({
      message: { id, receiptHandle: `receipt-${id}`, body: JSON.stringify(event), sentAt },
      visibleAt: sentAt,
    });
  }
}
