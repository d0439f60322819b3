import { acceptIf } from './context.ts';
import type { PiiPattern } from './patterns.ts';

// What says that a value follows: a colon, an equals sign, `is`, and quotes around it.
const GIVES = String.raw`["'\u0060]?(?:[ \t]{0,3}(?:[:=]|=>|:=)[ \t]{0,3}|[ \t]+(?i:is|was)[ \t]+(?::[ \t]*)?|[ \t]*->[ \t]*)["'\u0060]?`;
const PASSWORD_WORDS =
  '(?:pass(?:word|wd|code|phrase|wort)?|pwd|pw|passwords?|secret|api[_ -]?secret|client[_ -]?secret)';
const USER_WORDS =
  '(?:user[ _-]?(?:name|id)|userid|username|login(?:[ _-]?(?:name|id))?|screen[ _-]?name|nick(?:name)?|handle|user|account[ _-]?name|sam[ _-]?account[ _-]?name)';
const KEYWORD = new RegExp(`^(?:${PASSWORD_WORDS}|${USER_WORDS})${GIVES.replaceAll('(?i:', '(?:')}`, 'i');

/** How much of a match is the word that a value was known by. */
export function countKeyword(match: string): number {
  return KEYWORD.exec(match)?.[0].length ?? 0;
}

const valueOf = (match: string) => match.slice(countKeyword(match));

// Words that stand where a secret would, in sentences about secrets.
const NO_SECRET =
  /^(?:a|an|the|not|too|very|required|incorrect|correct|wrong|invalid|valid|expired|weak|strong|empty|null|undefined|none|true|false|string|optional|missing|in|on|at|to|for|my|your|his|her|their|our|this|that|it|being|been|used|stored|reset|changed|set|same|case|safe|secure|hashed|encrypted|\*+|x+|\.{3}|<[^>]*>|\[[^\]]*\]|\$?\{[^}]*\}|getenv|process|os)[.,;!?)"'\u0060]*$/i;

function isPassword(match: string): boolean {
  const value = valueOf(match);
  if (value.length < 4 || NO_SECRET.test(value) || /^[$({<[]/.test(value)) return false;
  // After `is`, a plain word is rather a word.
  return /[\d\W_]/.test(value) || /[:=]\s*["'\u0060]?$/.test(match.slice(0, match.length - value.length));
}

function isUsername(match: string): boolean {
  const value = valueOf(match);
  return value.length >= 3 && value.length <= 64 && !NO_SECRET.test(value) && !/^[$({<[]/.test(value);
}

/** Values that are named before they stand. */
export const SECRET_PATTERNS: Readonly<Record<'PASSWORD' | 'USERNAME', readonly PiiPattern[]>> = {
  PASSWORD: [
    {
      source: String.raw`(?<![\p{L}\p{N}])(?i:${PASSWORD_WORDS})${GIVES}[^\s"'\u0060,;]{4,64}(?![^\s"'\u0060,;])`,
      accept: trimmed(isPassword),
      countPrefix: countKeyword,
      maxUnits: 128,
    },
  ],
  USERNAME: [
    {
      source: String.raw`(?<![\p{L}\p{N}])(?i:${USER_WORDS})${GIVES}[\p{L}\p{N}_.@+\-\\]{3,64}(?![\p{L}\p{N}_@])`,
      accept: trimmed(isUsername),
      countPrefix: countKeyword,
      maxUnits: 128,
    },
    {
      source: String.raw`(?<![\p{L}\p{N}_.@/])@[A-Za-z_][A-Za-z0-9_]{2,30}(?![\p{L}\p{N}_@.])`,
      accept: acceptIf(
        (match) =>
          !/^@(?:media|import|override|param|return|everyone|here|channel|type|property|deprecated|author|app)s?$/i.test(
            match,
          ),
      ),
    },
  ],
};

// The full stop or bracket of the sentence is not part of the secret.
function trimmed(isRight: (match: string) => boolean): NonNullable<PiiPattern['accept']> {
  return (text, start, end) => {
    let last = end;
    while (last > start && `.,;:)'"`.includes(text[last - 1] ?? '')) last--;
    const isEnd = last === end || last > start;
    return isEnd && isRight(text.slice(start, last)) ? last : -1;
  };
}
