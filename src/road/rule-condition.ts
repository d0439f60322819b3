/** Cedar's expressions as Cedar's own JSON: plain data. */
export type RuleExpression = { readonly [operator: string]: unknown };

type Value = boolean | string | number | readonly Value[];
type Evaluate = (fact: (name: string) => Value) => Value;

/** Something that Cedar knows and a rule may not say. */
export class UnsupportedRuleError extends Error {
  override readonly name = 'UnsupportedRuleError';
}

/**
 * Makes a function of a condition. Every closed record is held against every rule, and a decision of Cedar's own engine
 * takes 0.1 ms; so Cedar reads and validates a condition when it is loaded, and what it means is computed here. Of what is
 * valid in strict mode nothing can fail but arithmetic, which is left out. Throws an UnsupportedRuleError.
 */
export function compileCondition(
  condition: RuleExpression,
): (fact: (name: string) => Value | undefined) => boolean {
  const evaluate = compile(condition);
  return (fact) => evaluate((name) => fact(name) ?? '') === true;
}

function compile(expression: unknown): Evaluate {
  const [[operator, body] = ['', undefined]] = Object.entries(asObject(expression));
  const make = OPERATORS[operator];
  if (make === undefined) throw new UnsupportedRuleError(`a rule cannot use ${operator || 'nothing'}`);
  return make(asObject(body), body);
}

type Body = Readonly<Record<string, unknown>>;
type Make = (body: Body, raw: unknown) => Evaluate;

const binary =
  (apply: (left: Value, right: Value) => Value): Make =>
  ({ left, right }) => {
    const [first, second] = [compile(left), compile(right)];
    return (fact) => apply(first(fact), second(fact));
  };

const FACTS_ALONE = 'a rule speaks of facts of the record alone, such as context.outcome';

/** Keyed by what Cedar calls them in its JSON. */
const OPERATORS: Readonly<Record<string, Make>> = {
  Value: (_body, raw) => {
    if (typeof raw !== 'string' && typeof raw !== 'number' && typeof raw !== 'boolean')
      throw new UnsupportedRuleError('a rule compares texts, numbers, and true and false');
    return () => raw;
  },
  Set: (_body, raw) => {
    const items = Array.isArray(raw) ? raw.map(compile) : [];
    return (fact) => items.map((item) => item(fact));
  },
  Var: () => {
    throw new UnsupportedRuleError(FACTS_ALONE);
  },
  '.': ({ left, attr }) => {
    if (asObject(left)['Var'] !== 'context' || typeof attr !== 'string')
      throw new UnsupportedRuleError(FACTS_ALONE);
    return (fact) => fact(attr);
  },
  '&&': ({ left, right }) => {
    const [first, second] = [compile(left), compile(right)];
    return (fact) => first(fact) === true && second(fact) === true;
  },
  '||': ({ left, right }) => {
    const [first, second] = [compile(left), compile(right)];
    return (fact) => first(fact) === true || second(fact) === true;
  },
  '!': ({ arg }) => {
    const inner = compile(arg);
    return (fact) => inner(fact) !== true;
  },
  'if-then-else': (body) => {
    const [test, yes, no] = [compile(body['if']), compile(body['then']), compile(body['else'])];
    return (fact) => (test(fact) === true ? yes(fact) : no(fact));
  },
  '==': binary((left, right) => isEqual(left, right)),
  '!=': binary((left, right) => !isEqual(left, right)),
  '<': binary((left, right) => left < right),
  '<=': binary((left, right) => left <= right),
  '>': binary((left, right) => left > right),
  '>=': binary((left, right) => left >= right),
  contains: binary((set, item) => listItems(set).some((each) => isEqual(each, item))),
  containsAll: binary((set, items) => containsAll(listItems(set), listItems(items))),
  containsAny: binary((set, items) =>
    listItems(items).some((item) => listItems(set).some((each) => isEqual(each, item))),
  ),
  isEmpty: ({ arg }) => {
    const inner = compile(arg);
    return (fact) => listItems(inner(fact)).length === 0;
  },
  like: ({ left, pattern }) => {
    const [text, parts] = [compile(left), readPattern(pattern)];
    return (fact) => isLike(String(text(fact)), parts);
  },
};

function asObject(value: unknown): Body {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function listItems(value: Value): readonly Value[] {
  return Array.isArray(value) ? value : [];
}

function containsAll(set: readonly Value[], items: readonly Value[]): boolean {
  return items.every((item) => set.some((each) => isEqual(each, item)));
}

/** Sets have neither order nor number. */
function isEqual(left: Value, right: Value): boolean {
  if (!Array.isArray(left) || !Array.isArray(right)) return left === right;
  return containsAll(left, right) && containsAll(right, left);
}

/** The literal texts between the wildcards of a pattern. */
function readPattern(pattern: unknown): readonly string[] {
  const parts = [''];
  for (const element of Array.isArray(pattern) ? pattern : []) {
    if (element === 'Wildcard') parts.push('');
    else parts.push(`${parts.pop()}${String(asObject(element)['Literal'])}`);
  }
  return parts;
}

/** Each part at its first place after the one before: in linear time, whatever the pattern. */
function isLike(text: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at === -1) return false;
    from = at + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}
