import type { GovernanceCase } from './edit.ts';

const ROOT = 'goldenpath.yaml';
const HEAD = 'name: desk\nowner: a\nenvironment: development\nloopbackIssuer: true\nedge:\n';
const edge = (yaml: string) => ({ [ROOT]: `${HEAD}${yaml}` });

/** What may come in before anybody knows who is asking. */
export const EDGE_CASES: readonly GovernanceCase[] = [
  { name: 'an empty edge', edit: edge('  {}\n'), problems: [] },
  {
    name: 'proxies, origins and patterns that are right',
    edit: edge(
      "  trustedProxies: [10.0.0.0/8, 'fd00::/8', 192.0.2.7]\n  origins: [https://app.example.com, http://localhost:5173, capacitor://localhost]\n" +
        '  credentials: true\n  attackPatterns:\n    - { name: a, pattern: (?i)attack }\n',
    ),
    problems: [],
  },
  {
    name: 'every page, without credentials',
    edit: edge("  origins: ['*']\n"),
    problems: [],
  },
  {
    name: 'every page, with credentials',
    edit: edge("  origins: ['*']\n  credentials: true\n"),
    problems: [
      { file: ROOT, line: 6, cause: 'every web page could act in the name', fix: 'List the origins' },
    ],
  },
  {
    name: 'every page, and one more',
    edit: edge("  origins: ['*', https://app.example.com]\n"),
    problems: [{ file: ROOT, line: 6, cause: '* allows every origin already', fix: 'Remove the others' }],
  },
  {
    name: 'origins that no browser sends',
    edit: edge('  origins:\n    - https://App.example.com\n    - https://app.example.com:443\n'),
    problems: [
      { file: ROOT, line: 7, cause: 'would never be allowed', fix: 'Write https://app.example.com.' },
      { file: ROOT, line: 8, cause: 'would never be allowed', fix: 'Write https://app.example.com.' },
    ],
  },
  {
    name: 'an address of a page in place of an origin',
    edit: edge('  origins: [https://app.example.com/chat]\n'),
    problems: [
      { file: ROOT, line: 6, cause: 'write an origin such as https://app.example.com', fix: 'JSON Schema' },
    ],
  },
  {
    name: 'proxies that are no networks, or everybody',
    edit: edge("  trustedProxies:\n    - 10.0.0.256\n    - 10.0.0.0/33\n    - 0.0.0.0/0\n    - '::/0'\n"),
    problems: [
      { file: ROOT, line: 7, cause: '10.0.0.256 is no address', fix: '10.0.0.0/8' },
      { file: ROOT, line: 8, cause: '10.0.0.0/33 is no address', fix: '10.0.0.0/8' },
      { file: ROOT, line: 9, cause: 'every client could say that it is another', fix: 'your proxies' },
      { file: ROOT, line: 10, cause: 'every client could say that it is another', fix: 'your proxies' },
    ],
  },
  {
    name: 'proxies by number and by network',
    edit: edge('  trustedProxies: [10.0.0.0/8]\n  proxyHops: 1\n'),
    problems: [{ file: ROOT, line: 7, cause: 'only one can decide', fix: 'Remove one of the two' }],
  },
  {
    name: 'a rate of nothing',
    edit: edge('  perAddress: { requests: 0, windowSeconds: 300 }\n'),
    problems: [{ file: ROOT, line: 6, cause: 'edge.perAddress.requests is', fix: 'at least 1' }],
  },
  {
    name: 'patterns that stand twice, or cannot be looked for in linear time',
    edit: edge(
      String.raw`  attackPatterns:
    - { name: a, pattern: attack }
    - { name: a, pattern: other }
    - { name: b, pattern: '(a)\1' }
    - { name: c, pattern: '(' }
`,
    ),
    problems: [
      { file: ROOT, line: 8, cause: 'a pattern with the name a stands twice', fix: 'a name of its own' },
      { file: ROOT, line: 9, cause: 'b: ', fix: 'linear time' },
      { file: ROOT, line: 10, cause: 'c: ', fix: 'linear time' },
    ],
  },
];
