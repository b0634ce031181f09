import { beforeAll, expect, it } from "vitest";
import { describeKubectl } from "./kubectl.fixture.ts";
import { shop } from "./shop.fixture.ts";

const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/** A Deployment, with some of its text replaced. */
const deployment = (find = "", replacement = "") =>
  `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: bad
spec:
  replicas: 1
  selector:
    matchLabels: {app: bad}
  template:
    metadata:
      labels: {app: bad}
    spec:
      containers:
      - name: main
        image: nginx
        resources:
          requests: {cpu: 100m}
`.replace(find, replacement);

/** The texts are those of kube-apiserver 1.35. */
describeKubectl("what the server refuses", ({ kubectl, apply }) => {
  beforeAll(async () => {
    await apply(shop);
  });

  // What begins with a brace would be read as JSON.
  const refused = async (command: string | readonly string[], manifest = "") =>
    (await kubectl(command, { stdin: `---\n${manifest}`, expectFailure: true })).stderr;

  it.each([
    ["get foo", 'error: the server doesn\'t have a resource type "foo"\n'],
    ["get pods/none", 'Error from server (NotFound): pods "none" not found\n'],
    ["get deploy none -n shop", 'Error from server (NotFound): deployments.apps "none" not found\n'],
    ["describe nodepool none", 'Error from server (NotFound): nodepools.karpenter.sh "none" not found\n'],
    [
      "get pods x y",
      'Error from server (NotFound): pods "x" not found\nError from server (NotFound): pods "y" not found\n',
    ],
    ["create cm x -n nowhere", 'error: failed to create configmap: namespaces "nowhere" not found\n'],
    ["create cm settings -n shop", 'error: failed to create configmap: configmaps "settings" already exists\n'],
    ["get --raw /nothing", "Error from server (NotFound): the server could not find the requested resource\n"],
    ["get pods --token=nope", "error: You must be logged in to the server (Unauthorized)\n"],
  ])("%s", async (command, expected) => {
    expect(await refused(command)).toBe(expected);
  });

  it.each([
    [
      ["get", "pods", "-l", "a in b"],
      `Unable to find "/v1, Resource=pods" that match label selector "a in b", field selector "": unable to parse requirement: found 'b' expected: '('`,
    ],
    [
      ["get", "pods", "--field-selector=foo=bar"],
      'Unable to find "/v1, Resource=pods" that match label selector "", field selector "foo=bar": field label not supported: foo',
    ],
    [
      ["get", "deploy", "--field-selector=status.replicas=1"],
      'Unable to find "apps/v1, Resource=deployments" that match label selector "", field selector "status.replicas=1": "status.replicas" is not a known field selector: only "metadata.name", "metadata.namespace"',
    ],
    [
      ["get", "--raw", "/api/v1/configmaps?resourceVersion=abc"],
      'invalid resource version: resourceVersion: Invalid value: "abc": strconv.ParseUint: parsing "abc": invalid syntax',
    ],
    [["get", "--raw", "/api/v1/configmaps?limit=abc"], 'strconv.ParseInt: parsing "abc": invalid syntax'],
  ])("%j is a bad request", async (words, expected) => {
    expect(await refused(words)).toBe(`Error from server (BadRequest): ${expected}\n`);
  });

  it.each([
    [
      "get pods --as=jane",
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
    ],
    [
      "get pod x --as=jane",
      'pods "x" is forbidden: User "jane" cannot get resource "pods" in API group "" in the namespace "default"',
    ],
    [
      "get nodes --as=jane",
      'nodes is forbidden: User "jane" cannot list resource "nodes" in API group "" at the cluster scope',
    ],
    [
      "get deploy -A --as=jane",
      'deployments.apps is forbidden: User "jane" cannot list resource "deployments" in API group "apps" at the cluster scope',
    ],
    [
      "delete ns shop --as=jane",
      'namespaces "shop" is forbidden: User "jane" cannot delete resource "namespaces" in API group "" in the namespace "shop"',
    ],
    ["get --raw /metrics --as=jane", 'forbidden: User "jane" cannot get path "/metrics"'],
  ])("%s is forbidden", async (command, expected) => {
    expect(await refused(command)).toBe(`Error from server (Forbidden): ${expected}\n`);
  });

  it("fields that are unknown, unless it is told to let them pass", async () => {
    const manifest = deployment("replicas", "replcas").replace(
      "image: nginx",
      "image: nginx\n        imagePolicy: Never",
    );
    expect(await refused("apply -f -", manifest)).toBe(
      'Error from server (BadRequest): error when creating "STDIN": Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.replcas", unknown field "spec.template.spec.containers[0].imagePolicy"\n',
    );
    const warned = await kubectl("apply -f - --validate=warn --dry-run=server", { stdin: manifest });
    expect(warned.stderr).toBe(
      'Warning: unknown field "spec.replcas"\nWarning: unknown field "spec.template.spec.containers[0].imagePolicy"\n',
    );
    expect((await kubectl("create -f - --validate=false --dry-run=server", { stdin: manifest })).stderr).toBe("");
  });

  it.each([
    ["a quantity", "100m", "100mm", "unable to parse quantity's suffix"],
    [
      "a quantity",
      "100m",
      "lots",
      "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
    ],
    [
      "a number",
      "replicas: 1",
      "replicas: three",
      "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
    ],
    [
      "a text",
      "image: nginx",
      "image: 5",
      "json: cannot unmarshal number into Go struct field Container.spec.template.spec.containers.image of type string",
    ],
  ])("%s of a wrong form: %s is %s", async (_, find, replacement, expected) => {
    expect(await refused("apply -f -", deployment(find, replacement))).toBe(
      `Error from server (BadRequest): error when creating "STDIN": Deployment in version "v1" cannot be handled as a Deployment: ${expected}\n`,
    );
  });

  it("a selector that does not select its own pods", async () => {
    expect(await refused("apply -f -", deployment("labels: {app: bad}", "labels: {app: other}"))).toBe(
      'The Deployment "bad" is invalid: spec.template.metadata.labels: Invalid value: {"app":"other"}: `selector` does not match template `labels`\n',
    );
  });

  it("a selector that changes", async () => {
    const patch = '{"spec":{"selector":{"matchLabels":{"app":"other"}}}}';
    expect(await refused(["patch", "deployment", "web", "-n", "shop", "-p", patch])).toBe(
      [
        'The Deployment "web" is invalid: ',
        '* spec.template.metadata.labels: Invalid value: {"app":"web","tier":"front"}: `selector` does not match template `labels`',
        '* spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable\n',
      ].join("\n"),
    );
  });

  it("names that are none", async () => {
    expect(await refused("run BAD --image=nginx")).toContain(`* metadata.name: Invalid value: "BAD": ${subdomain}\n`);
    expect(await refused("create cm ..x")).toBe(
      `error: failed to create configmap: ConfigMap "..x" is invalid: metadata.name: Invalid value: "..x": ${subdomain}\n`,
    );
    expect(await refused("create ns Bad_Name")).toContain("a lowercase RFC 1123 label must consist of");
    expect(await refused(["label", "deploy", "web", "-n", "shop", "a b=c"])).toContain(
      'The Deployment "web" is invalid: metadata.labels: Invalid value: "a b": name part must consist of',
    );
  });

  it("pods that could never run, with every reason", async () => {
    const pod = (containers: string, rest = "") =>
      `{apiVersion: v1, kind: Pod, metadata: {name: bad}, spec: {${containers}${rest}}}`;
    expect(await refused("apply -f -", pod(""))).toBe('The Pod "bad" is invalid: spec.containers: Required value\n');
    expect(
      await refused(
        "apply -f -",
        pod("containers: [{name: a, image: b}, {name: a, image: b}]", ", restartPolicy: Sometimes"),
      ),
    ).toBe(
      'The Pod "bad" is invalid: \n* spec.containers[1].name: Duplicate value: "a"\n* spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"\n',
    );
    const greedy =
      "containers: [{name: a, image: b, ports: [{containerPort: 99999}], resources: {requests: {cpu: 2}, limits: {cpu: 1}}}]";
    expect(await refused("apply -f -", pod(greedy))).toBe(
      'The Pod "bad" is invalid: \n* spec.containers[0].ports[0].containerPort: Invalid value: 99999: must be between 1 and 65535, inclusive\n* spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1\n',
    );
  });

  it("kinds that it does not have", async () => {
    expect(await refused("apply -f -", "{apiVersion: example.com/v1, kind: Foo, metadata: {name: x}}")).toBe(
      'error: resource mapping not found for name: "x" namespace: "" from "STDIN": no matches for kind "Foo" in version "example.com/v1"\nensure CRDs are installed first\n',
    );
  });

  it("custom resources that their schema does not allow", async () => {
    const pool =
      "{apiVersion: karpenter.sh/v1, kind: NodePool, metadata: {name: bad}, spec: {weight: 500, template: {spec: {requirements: [], nodeClassRef: {group: a.b, kind: C, name: d}}}}}";
    expect(await refused("apply -f -", pool)).toMatch(
      /^The NodePool "bad" is invalid: (\n\* )?spec\.weight: Invalid value: 500: spec\.weight in body should be less than or equal to 100\n/,
    );
    const stderr = await refused("apply -f -", pool.replace("weight: 500", "colour: red"));
    expect(stderr).toContain('strict decoding error: unknown field "spec.colour"\n');
  });

  it("writes of what has changed in the meantime, and deletes of another", async () => {
    const manifest = (version: string) =>
      `{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop, resourceVersion: "${version}"}}`;
    expect(await refused("replace -f -", manifest("1"))).toBe(
      'Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on configmaps "settings": the object has been modified; please apply your changes to the latest version and try again\n',
    );
    const version = (await kubectl("get cm settings -n shop -o jsonpath={.metadata.resourceVersion}")).stdout;
    expect((await kubectl("replace -f -", { stdin: `---\n${manifest(version)}` })).stdout).toBe(
      "configmap/settings replaced\n",
    );
    expect(await refused("annotate cm settings -n shop a=b --resource-version=1")).toContain(
      "the object has been modified",
    );
  });

  it("fields that another manager owns", async () => {
    const manifest =
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: 7}}";
    const stderr = await refused("apply --server-side -f - --field-manager=other", manifest);
    expect(stderr).toMatch(
      /^error: Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps\/v1: \.spec\.replicas\nPlease review the fields above/,
    );
  });

  it("patches that do not fit", async () => {
    const patch = (body: string, type = "strategic") =>
      refused(["patch", "deployment", "web", "-n", "shop", `--type=${type}`, "-p", body]);
    expect(await patch('{"spec":{"replicas":"three"}}')).toBe(
      'The request is invalid: patch: Invalid value: "map[spec:map[replicas:three]]": unrecognized type: int32\n',
    );
    expect(await patch('[{"op":"remove","path":"/spec/foo"}]', "json")).toBe(
      "The request is invalid: the server rejected our request due to an error in our request\n",
    );
    expect(await patch('{"spec":{"replicas":-1}}', "merge")).toBe(
      'The Deployment "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0\n',
    );
  });
});
