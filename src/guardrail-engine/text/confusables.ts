// Letters of other scripts that are drawn like a Latin letter or a digit, each list after the one they look like.
const LOOKALIKES: Readonly<Record<string, string>> = {
  a: 'аɑαạ⍺𐊠', b: 'ЬƅᏏƄ', c: 'сϲⅽᴄᏟ', d: 'ԁɗᏧԀ', e: 'еҽєɛε℮ǝ', f: 'ƒϝք', g: 'ɡցɢ', h: 'һհḩ', i: 'іıɩιӏⅰ', j: 'јϳ',
  k: 'кκĸᴋ', l: 'ⅼḷǀ', m: 'мᴍⅿ', n: 'пոηɴ', o: 'оοօσᴏ०௦ο', p: 'рρϱᴘ', q: 'ԛգզ', r: 'гᴦⲅʀ', s: 'ѕꜱƽ', t: 'тτᴛ',
  u: 'υսʋᴜц', v: 'νѵᴠⅴ', w: 'ԝшωաᴡ', x: 'хχⅹ×', y: 'уүγʏ', z: 'ᴢʐ',
  A: 'АΑᎪᗅ', B: 'ВΒᏴ', C: 'СϹᏟⅭ', D: 'ᎠⅮ', E: 'ЕΕᎬ', F: 'ϜҒ', G: 'Ԍ', H: 'НΗᎻ', I: 'ІΙӀⅠ', J: 'ЈᎫ', K: 'КΚᏦ',
  L: 'ᏞⅬ', M: 'МΜᎷⅯ', N: 'ΝԊ', O: 'ОΟՕ', P: 'РΡᏢ', Q: 'Ԛ', R: 'ᏒᎡ', S: 'ЅՏᏚ', T: 'ТΤᎢ', U: 'ՍሀԱ', V: 'ѴᏙⅤ',
  W: 'ԜᎳ', X: 'ХΧⅩ', Y: 'ΥҮ', Z: 'ΖᏃ',
}; // prettier-ignore

// Marks and punctuation of typography, for which source code and rules have the ASCII one.
const MARKS: Readonly<Record<string, string>> = {
  '-': '‐‑‒–—―−⁃﹘﹣', "'": '‘’‚‛′ʼ＇`´', '"': '“”„‟″', '.': '․。', ':': '∶ː', '/': '⁄∕', '|': 'ǀ∣', '@': '﹫',
}; // prettier-ignore

/** By code point: the ASCII character that it is taken for. */
export const CONFUSABLES: ReadonlyMap<number, string> = new Map(
  [...Object.entries(LOOKALIKES), ...Object.entries(MARKS)].flatMap(([ascii, others]) =>
    Array.from(others)
      .filter((other) => other.charCodeAt(0) > 0x7f)
      .map((other) => [other.codePointAt(0) ?? 0, ascii] as const),
  ),
);
