import { readFileSync } from 'node:fs';
import { allFakers, type Faker } from '@faker-js/faker';
import { HARMLESS, QUOTES, TEMPLATES } from './templates.ts';

/** A text with its entities; a type that is null is an entity of no type of Bedrock's. */
export type LabelledText = { text: string; spans: { type: string | null; start: number; end: number }[] };

/** Reads a data file. */
export function readRows(path: string): LabelledText[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as LabelledText); // the file's own format
}

const LATIN = /^[\p{Script=Latin}\p{M}\p{N}\p{P}\p{S}\s]+$/u;
const SCRIPTS = Object.entries(allFakers).filter(([locale]) => locale !== 'base' && locale !== 'eo');

/** Makes labelled sentences from our own templates, names and addresses of many countries. */
export function* makeSentences(
  count: number,
  { seed, part }: { seed: number; part: 'all' | 'train' | 'held out' },
): Generator<LabelledText> {
  const templates = TEMPLATES.filter((_, i) => part === 'all' || (i % 5 === 0) === (part === 'held out'));
  for (const [, faker] of SCRIPTS) faker.seed(seed);
  const dice = allFakers.en;
  const pick = <Item>(items: readonly Item[]) => items[dice.number.int(items.length - 1)] as Item; // never empty
  for (let i = 0; i < count; i++) {
    const isEnglish = dice.number.int(9) < 4;
    const faker = isEnglish ? pick([allFakers.en_US, allFakers.en_GB, allFakers.en]) : pick(SCRIPTS)[1];
    const template = pick(dice.number.int(9) < 2 ? HARMLESS : templates);
    const made = fill(template, faker, dice);
    if (made) yield vary(made, dice);
  }
}

function fill(template: string, local: Faker, dice: Faker): LabelledText | undefined {
  const source = template.replaceAll('\\n', '\n').replaceAll('\\t', '\t');
  const spans: LabelledText['spans'] = [];
  let text = '';
  let done = 0;
  for (const slot of source.matchAll(/\{([a-z]+)\}/g)) {
    text += blur(source.slice(done, slot.index), dice);
    done = slot.index + slot[0].length;
    const value = makeValue(slot[1] ?? '', local, dice);
    if (value === undefined) return undefined;
    const type = { name: 'NAME', first: 'NAME', last: 'NAME', address: 'ADDRESS', org: null }[slot[1] ?? ''];
    if (type !== undefined) spans.push({ type, start: text.length, end: text.length + value.length });
    text += value;
  }
  return { text: text + blur(source.slice(done), dice), spans };
}

// Some words give way to others, so that what is learned is not the sentence.
function blur(text: string, dice: Faker): string {
  return text.replaceAll(/(?<![\w<"'{=])[a-z]{2,}(?![\w>"'}=:])/g, (word) =>
    dice.number.int(6) === 0 ? dice.word.sample() : word,
  );
}

const PRONOUN =
  /(?<![\w'’])(?:[Hh]e|[Ss]he|him|(?:the|my|our|a) (?:customer|user|friend|manager|teacher|doctor|author|client|patient|boss|colleague|neighbou?r))(?![\w'’])/g;

// Where something stands that may as well be an address.
const PLACE =
  /(?<=(?<![\w'’])(?:at|in|from|to|near|of|on|is|visit|see|for)) (?:the|a|an|my|our|your|this|their) [a-z]+(?: [a-z]+)?(?=[.,;:!? ]|$)/g;

/** Real sentences in which people who are not named have been given names, and things addresses. */
export function* nameSomebody(texts: readonly string[], seed: number): Generator<LabelledText> {
  for (const [, faker] of SCRIPTS) faker.seed(seed);
  const dice = allFakers.en;
  for (const paragraph of texts) {
    for (const whole of paragraph.match(/[^\n]{20,400}/g) ?? []) {
      const places = [...whole.matchAll(PRONOUN)].map((match) => ({ match, type: 'NAME' }));
      if (dice.number.int(2) === 0) {
        for (const match of whole.matchAll(PLACE))
          if (dice.number.int(3) === 0) places.push({ match, type: 'ADDRESS' });
      }
      places.sort((a, b) => a.match.index - b.match.index);
      const made = putIn(whole, places, dice);
      if (made.spans.length > 0) yield made;
    }
  }
}

/** Real sentences with an address put in anywhere: it must be told by itself. */
export function* putAnywhere(texts: readonly string[], seed: number): Generator<LabelledText> {
  for (const [, faker] of SCRIPTS) faker.seed(seed);
  const dice = allFakers.en;
  for (const paragraph of texts) {
    for (const whole of paragraph.match(/[^\n]{20,300}/g) ?? []) {
      if (dice.number.int(3) !== 0) continue;
      const gaps = [...whole.matchAll(/ (?=[a-z])/g)];
      const gap = gaps[dice.number.int(Math.max(0, gaps.length - 1))];
      const local = dice.number.int(1) === 0 ? allFakers.en_US : dice.helpers.arrayElement(SCRIPTS)[1];
      const value = makeValue('address', local, dice);
      if (gap === undefined || value === undefined) continue;
      const before =
        whole.slice(0, gap.index) + dice.helpers.arrayElement([' ', ' ', ', ', ': ', '\n', ' at ', ' (']);
      const behind =
        dice.helpers.arrayElement([' ', ' ', ', ', '. ', '\n', ') ', ' - ']) + whole.slice(gap.index + 1);
      const span = { type: 'ADDRESS', start: before.length, end: before.length + value.length };
      yield { text: before + value + behind, spans: [span] };
    }
  }
}

function putIn(
  whole: string,
  places: readonly { match: RegExpExecArray; type: string }[],
  dice: Faker,
): LabelledText {
  let text = '';
  let done = 0;
  const spans: LabelledText['spans'] = [];
  for (const { match, type } of places) {
    if (match.index < done) continue;
    const local = dice.number.int(1) === 0 ? allFakers.en_US : dice.helpers.arrayElement(SCRIPTS)[1];
    const slot = type === 'ADDRESS' ? 'address' : dice.number.int(2) === 0 ? 'first' : 'name';
    const value = makeValue(slot, local, dice);
    if (value === undefined) continue;
    text += whole.slice(done, match.index) + (type === 'ADDRESS' ? ' ' : '');
    spans.push({ type, start: text.length, end: text.length + value.length });
    text += value;
    done = match.index + match[0].length;
  }
  return { text: text + whole.slice(done), spans };
}

function makeValue(slot: string, local: Faker, dice: Faker): string | undefined {
  try {
    return makers[slot]?.(local, dice);
  } catch {
    // A locale without such data.
    return undefined;
  }
}

const makers: Readonly<Record<string, (local: Faker, dice: Faker) => string>> = {
  name: makeName,
  first: (local) => local.person.firstName(),
  last: (local) => local.person.lastName(),
  address: makeAddress,
  org: makeOrganisation,
  city: (local, dice) => (dice.number.int(1) === 0 ? local : dice).location.city(),
  country: (_, dice) => dice.location.country(),
  month: (_, dice) => dice.date.month(),
  weekday: (_, dice) => dice.date.weekday(),
  n: (_, dice) => String(dice.number.int({ min: 1, max: 10 ** dice.number.int({ min: 1, max: 5 }) })),
  year: (_, dice) => String(dice.number.int({ min: 1900, max: 2030 })),
  time: (_, dice) => `${dice.number.int(23)}:${String(dice.number.int(59)).padStart(2, '0')}`,
  date: (_, dice) => dice.date.past().toISOString().slice(0, 10),
  email: (_, dice) => dice.internet.email().toLowerCase(),
  phone: (local) => local.phone.number(),
  job: (_, dice) => dice.person.jobType().toLowerCase(),
  quote: (_, dice) => QUOTES[dice.number.int(QUOTES.length - 1)] ?? '',
};

function makeName(local: Faker, dice: Faker): string {
  const first = local.person.firstName();
  const last = local.person.lastName();
  if (!LATIN.test(first + last)) return dice.number.int(3) === 0 ? `${last}${first}` : `${last} ${first}`;
  const kind = dice.number.int(19);
  const initial = String.fromCharCode(65 + dice.number.int(25));
  if (kind < 3) return `${first} ${initial}. ${last}`;
  if (kind === 3) return `${initial}. ${last}`;
  if (kind === 4) return `${first} ${last}-${local.person.lastName()}`;
  if (kind === 5) return `${first} ${local.person.firstName()} ${last}`;
  if (kind === 6)
    return `${first} ${dice.helpers.arrayElement(['van', 'de', 'von', 'del', 'da', 'bin', 'van der', 'de la', 'al'])} ${last}`;
  if (kind === 7) return `${last} ${first}`;
  if (kind === 8) return first;
  return `${first} ${last}`;
}

function makeOrganisation(local: Faker, dice: Faker): string {
  const kind = dice.number.int(5);
  if (kind === 0)
    return `${local.person.lastName()} ${dice.helpers.arrayElement(['Group', 'Bank', 'Systems', 'Industries', 'Partners', 'Holdings', 'Orchestra', 'Museum', 'Foundation', 'Airlines'])}`;
  if (kind === 1)
    return `${dice.word.adjective().replace(/^./, (c) => c.toUpperCase())} ${dice.word.noun().replace(/^./, (c) => c.toUpperCase())}${dice.number.int(1) === 0 ? ' Inc' : ''}`;
  return local.company.name();
}

function makeAddress(local: Faker, dice: Faker): string {
  const { location } = local;
  const street = location.streetAddress(dice.number.int(2) === 0);
  const city = location.city();
  const zip = location.zipCode();
  const separator = dice.helpers.arrayElement([', ', ', ', ', ', ', ', ', ', '\n', ' ', ',\n']);
  const state = dice.number.int(1) === 0 ? dice.location.state({ abbreviated: true }) : '';
  const country = dice.number.int(2) === 0 ? `${separator}${dice.location.country()}` : '';
  const unit =
    dice.number.int(4) === 0
      ? ` ${dice.helpers.arrayElement(['Apt.', 'Apt', 'Suite', 'Unit', '#', 'Flat', 'Floor'])} ${dice.number.int({ min: 1, max: 999 })}`
      : '';
  switch (dice.number.int(8)) {
    case 0:
      return street + unit;
    case 1:
      return `${street}${unit}${separator}${city}`;
    case 2:
      return `${street}${unit}${separator}${city}${state ? `, ${state}` : ''} ${zip}${country}`;
    case 3:
      return `${street}${unit}${separator}${zip} ${city}${country}`;
    case 4:
      return `${city}, ${street}${unit}${country}`;
    case 5:
      return `${dice.number.int({ min: 1, max: 9999 })} ${location.street()}${unit}${separator}${city}${separator}${country ? country.replace(separator, '') : zip}`;
    case 6:
      return `${location.street()} ${dice.number.int({ min: 1, max: 400 })}${unit}${separator}${city} ${zip}${country}`;
    case 7:
      return `P.O. Box ${dice.number.int({ min: 1, max: 9999 })}, ${city} ${zip}`;
    default:
      return `${street}${unit}${separator}${city}${separator}${state}${separator}${zip}${country}`;
  }
}

// As people write: all small, all capitals, and disguised.
function vary(made: LabelledText, dice: Faker): LabelledText {
  const kind = dice.number.int(39);
  const keepLength = (text: string) => (text.length === made.text.length ? { ...made, text } : made);
  if (kind < 2) return keepLength(made.text.toLowerCase());
  if (kind === 2) return keepLength(made.text.toUpperCase());
  return made;
}
