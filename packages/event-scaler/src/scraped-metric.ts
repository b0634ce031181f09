import { Counter, type CounterConfiguration, Gauge, type GaugeConfiguration } from "prom-client";

/** One line of a metric. */
export interface Sample {
  readonly labels: Record<string, string>;
  readonly value: number;
}

type Samples = () => Sample[];

/** A gauge that keeps nothing itself: its values are those that there are when it is scraped. */
export class ScrapedGauge extends Gauge<string> {
  readonly #samples: Samples;

  constructor(configuration: GaugeConfiguration<string>, samples: Samples) {
    super(configuration);
    this.#samples = samples;
  }

  override async get() {
    return { ...(await super.get()), values: this.#samples() };
  }
}

/** The same, of counts. */
export class ScrapedCounter extends Counter<string> {
  readonly #samples: Samples;

  constructor(configuration: CounterConfiguration<string>, samples: Samples) {
    super(configuration);
    this.#samples = samples;
  }

  override async get() {
    return { ...(await super.get()), values: this.#samples() };
  }
}
