import { learnTopics, measureLikeness, type TopicLevels } from '../src/guardrail-engine/classify/topics.ts';
import { makeViews } from '../src/guardrail-engine/text/views.ts';
import { readAttackRows } from './prompt-attack.ts';
import { trainRarity } from './rarity.ts';
import { createSeededRandom, shuffle } from './seeded-random.ts';

const SOURCE = 'clinc150-benign';
// More than of harmless texts: a topic's nearest sisters are the hardest there are.
const FALSE_POSITIVES = { low: 0.05, medium: 0.02, high: 0.005 } as const;
const EXAMPLES = 5;
const ROWS_OF_AN_INTENT = 25;
// CLINC150 has ten domains of fifteen intents; a half has seven besides the topic itself.
const SISTERS = 7;

// The rows of CLINC150 stand intent by intent, 25 of each, in the order of these names; a few were taken out as doubles.
const INTENTS =
  'translate,transfer,timer,definition,meaning of life,insurance change,find phone,travel alert,pto request,improve credit score,fun fact,change language,payday,replacement card duration,time,application status,flight status,flip coin,change user name,where are you from,shopping list update,what can i ask you,maybe,oil change how,restaurant reservation,balance,confirm reservation,freeze account,rollover 401k,who made you,distance,user name,timezone,next song,transactions,restaurant suggestion,rewards balance,pay bill,spending history,pto request status,credit score,new card,lost luggage,repeat,mpg,oil change when,yes,travel suggestion,insurance,todo list update,reminder,change speed,tire pressure,no,apr,nutrition info,calendar,uber,calculator,date,carry on,pto used,schedule maintenance,travel notification,sync device,thank you,roll dice,food last,cook time,reminder update,report lost card,ingredient substitution,make call,alarm,todo list,change accent,w2,bill due,calories,damaged card,restaurant reviews,routing,do you have pets,schedule meeting,gas type,plug type,tire change,exchange rate,next holiday,change volume,who do you work for,credit limit,how busy,accept reservations,order status,pin change,goodbye,account blocked,what song,international fees,last maintenance,meeting schedule,ingredients list,report fraud,measurement conversion,smart home,book hotel,current location,weather,taxes,min payment,whisper mode,cancel,international visa,vaccines,pto balance,directions,spelling,greeting,reset settings,what is your name,direct deposit,interest rate,credit limit change,what are your hobbies,book flight,shopping list,text,bill balance,share location,redeem rewards,play music,calendar update,are you a bot,gas,expiration date,update playlist,cancel reservation,tell joke,change ai name,how old are you,car rental,jump start,meal suggestion,recipe,income,order,traffic,order checks,card declined'.split(
    ',',
  );
const MISSING: Readonly<Record<string, number>> = { yes: 3, 'thank you': 1, 'todo list': 1, goodbye: 1 };

type Request = { row: number; text: string; intent: number };

/** The requests of CLINC150 with the intents that their places say. */
function readRequests(dataDir: string): Request[] {
  const intents = INTENTS.flatMap((name, intent) =>
    Array<number>(ROWS_OF_AN_INTENT - (MISSING[name] ?? 0)).fill(intent),
  );
  const texts = readAttackRows(dataDir, SOURCE);
  if (texts.length !== intents.length)
    throw new Error(`${SOURCE} has ${texts.length} rows instead of ${intents.length}`);
  return texts.map((text, row) => ({ row, text, intent: intents[row] ?? -1 }));
}

/**
 * The likenesses that 5 %, 2 % and 0.5 % of requests about a sister topic reach: each intent is a topic with five
 * examples. Its sisters are the likest intents of its half (the even or the odd ones), of which no rarity was counted: as
 * many as share its domain.
 */
export function trainTopicLevels(dataDir: string): TopicLevels {
  const requests = readRequests(dataDir);
  const sisters: number[] = [];
  for (const half of [0, 1]) {
    const own = requests.filter(({ intent }) => intent % 2 === half);
    const leftOut = new Set(own.map(({ row }) => row));
    sisters.push(
      ...scoreSisters(
        own,
        trainRarity(dataDir, (source, row) => source === SOURCE && leftOut.has(row)),
      ),
    );
  }
  const sorted = sisters.toSorted((a, b) => b - a);
  const at = (share: number) => Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 1e4) / 1e4;
  return [at(FALSE_POSITIVES.low), at(FALSE_POSITIVES.medium), at(FALSE_POSITIVES.high)];
}

function scoreSisters(requests: readonly Request[], rarity: Uint8Array): number[] {
  const random = createSeededRandom(13);
  const intents = [...new Set(requests.map(({ intent }) => intent))];
  const asked: Request[] = [];
  const topics = intents.map((intent) => {
    const rows = shuffle(requests.filter((request) => request.intent === intent), random); // prettier-ignore
    asked.push(...rows.slice(EXAMPLES));
    const name = INTENTS[intent] ?? '';
    const examples = rows.slice(0, EXAMPLES).map(({ text }) => text);
    return { name, definition: `Questions about ${name}.`, examples };
  });
  const compiled = learnTopics(topics, rarity);
  const scored = asked.map(({ text, intent }) => ({
    own: intents.indexOf(intent),
    likeness: measureLikeness(makeViews(text), compiled),
  }));
  return intents.flatMap((_, topic) => {
    const others = intents.flatMap((_intent, own) => {
      const scores = scored.filter((one) => one.own === own).map(({ likeness }) => likeness[topic] ?? 0);
      return own === topic ? [] : [{ scores, sum: scores.reduce((sum, score) => sum + score, 0) }];
    });
    const nearest = others.toSorted((one, other) => other.sum - one.sum).slice(0, SISTERS);
    return nearest.flatMap(({ scores }) => scores);
  });
}
