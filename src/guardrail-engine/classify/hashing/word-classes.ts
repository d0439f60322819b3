/**
 * Words that play the same part in an attack, or in an honest sentence that looks like one. A classifier learns what
 * sequences of these parts mean; the lists alone decide nothing.
 */
const CLASSES: readonly string[] = [
  /* override */ 'ignore ignores ignored ignoring disregard disregarding forget forgets forgetting override overrides overriding bypass bypassing skip neglect dismiss discard drop abandon omit erase cancel void overrule supersede supersedes nullify unlearn ignora ignorez ignoriere vergiss olvida oublie',
  /* prior */ 'previous prior above preceding earlier before past former foregoing aforementioned existing original initial current first old last precedentes anteriores anterior vorherigen',
  /* directive */ 'instruction instructions directive directives rule rules guideline guidelines command commands order orders prompt prompts direction directions constraint constraints restriction restrictions policy policies programming protocol protocols guardrail guardrails filter filters limitation limitations instrucciones anweisungen regles consignes',
  /* quantity */ 'all any every everything entire whole each anything',
  /* new */ 'new updated revised following next additional actual real true different instead now henceforth',
  /* system */ 'system developer admin administrator root operator sudo debug maintenance kernel superuser privileged moderator',
  /* assistant */ 'assistant ai chatbot bot model llm gpt chatgpt openai agent robot machine language claude gemini',
  /* reveal */ 'reveal reveals tell show print output repeat display give share disclose leak expose say write list recite spell dump return provide echo unveil translate summarize encode state quote copy read',
  /* secret */ 'password passwords secret secrets key keys passphrase passcode credential credentials code token confidential hidden pin flag keyword pwd pass codeword',
  /* persona */ 'act pretend roleplay imagine simulate impersonate become embody assume play personify emulate behave',
  /* persona noun */ 'role character persona personality mode alter ego identity dan jailbreak jailbroken jailbreaking stan dude evil unfiltered uncensored unrestricted amoral unethical immoral',
  /* freedom */ 'free freed unbound unlimited limitless without restrictionless unchained uninhibited disabled disable unlock unlocked freely',
  /* harm */ 'illegal unethical immoral harmful dangerous explicit offensive nsfw profanity vulgar inappropriate forbidden unsafe criminal hateful violent controversial',
  /* refuse */ 'refuse refuses decline deny reject apologize apologise sorry cannot cant wont unable disclaimer disclaimers warning warnings warn moralize refusal',
  /* must */ 'must shall should always never only strictly mandatory required obey comply follow adhere respond answer reply execute perform confirm',
  /* you */ 'you your youre yourself u ur yours du tu usted vous',
  /* i */ 'i im ive my me id mine ill',
  /* human owner */ 'user users human customer client boss manager creator owner supervisor employee',
  /* question */ 'what why how who when where which whats',
  /* polite can */ 'can could would will may please kindly',
  /* urgency */ 'important urgent attention immediately critical emergency priority crucial essential urgently asap alert imperative vital pivotal paramount',
  /* hypothetical */ 'hypothetical hypothetically fictional fiction story game novel scenario movie scene fantasy imaginary poem',
  /* text parts */ 'text sentence sentences word words letter letters character characters message messages conversation context backwards reverse reversed input line beginning start end phrase paragraph',
  /* encoding */ 'base64 rot13 hex hexadecimal binary morse ascii caesar cipher cypher encrypt encrypted decode encoded unicode pig leetspeak',
  /* begin */ 'from starting begin beginning until upon whenever when if',
  /* be */ 'is are am be being was were been isnt arent',
  /* do */ 'do does did doing done dont doesnt didnt not no none',
  /* act on things */ 'send transfer delete remove grant forward email wire pay buy purchase order book schedule unlock open enable disable turn set change update modify create add install download upload export retrieve fetch get access share post publish approve authorize invite register reset cancel withdraw deposit search find run execute call message notify remind rename move copy save sell donate adjust append insert include mention suggest recommend visit click',
  /* things to act on */ 'account accounts payment payments money funds card bank address addresses file files folder data records history email emails inbox contacts contact calendar appointment event door lock camera thermostat lights device devices server database repository permission permissions access location profile settings subscription invoice order orders medical health prescription wallet bitcoin amount dollars link website url',
  /* code */ 'function class import code python script program api sql html javascript compile variable array bug error',
  /* explain */ 'explain describe difference define meaning mean means discuss compare example examples advice tips help learn understand understanding best history overview summary essay',
  /* game */ 'access granted grant allowed permitted security guard protect protected forbidden',
];

const classes = new Map<number, number>();
CLASSES.forEach((words, index) => {
  for (const word of words.split(' ')) {
    const hash = hashWord(word);
    if (!classes.has(hash)) classes.set(hash, index + 1);
  }
});

function hashWord(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i += 1) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  return hash;
}

/** The number of a word's class, 0 where it has none. */
export function classOfWord(hash: number): number {
  return classes.get(hash) ?? 0;
}
