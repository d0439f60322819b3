import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createPiiDetector } from './detector.ts';
import { PII_DETECTOR_TYPES, type PiiDetectorType, type PiiPiece } from './types.ts';

const everything = createPiiDetector(PII_DETECTOR_TYPES);

function findIn(text: string, types: readonly PiiDetectorType[] = PII_DETECTOR_TYPES): [string, string][] {
  const detector = types === PII_DETECTOR_TYPES ? everything : createPiiDetector(types);
  return detector.find(text).map(({ type, start, end }) => [type, text.slice(start, end)]);
}

// Each text is looked through for one type: what is found, and nothing where nothing is to be found.
const cases: Readonly<Record<PiiDetectorType, { found: readonly [text: string, match: string][]; not: readonly string[] }>> = {
  EMAIL: {
    found: [
      ['mail jo.doe+tag@example.co.uk now', 'jo.doe+tag@example.co.uk'],
      ["'jo@example.com'", 'jo@example.com'],
      ['...jo@example.com.', 'jo@example.com'],
      ['<jo_doe@sub-domain.example.org>', 'jo_doe@sub-domain.example.org'],
      ['jürgen@müller.de', 'jürgen@müller.de'],
      ['mailto:a@b.io?x', 'a@b.io'],
      ['a@xn--bcher-kva.xn--p1ai', 'a@xn--bcher-kva.xn--p1ai'],
      ['x=a@b.org-y', 'a@b.org'],
    ],
    not: ['jo@localhost', '@example.com', 'jo@', 'jo@.com', 'a @ b.com', 'jo@example.1'],
  },
  PHONE: {
    found: [
      ['call +491701234567.', '+491701234567'],
      ['+49 170 1234567', '+49 170 1234567'],
      ['+44 (0)20 7946 0958', '+44 (0)20 7946 0958'],
      ['+1-202-555-0143', '+1-202-555-0143'],
      ['(+33) +33 1 23 45 67 89', '+33 1 23 45 67 89'],
      ['call 555-123-4567 or', '555-123-4567'],
      ['(555) 123-4567', '(555) 123-4567'],
      ['(555)123-4567', '(555)123-4567'],
      ['1-555-123-4567', '1-555-123-4567'],
      ['555.123.4567', '555.123.4567'],
      ['030 12345678', '030 12345678'],
      ['0171/1234567', '0171/1234567'],
      ['020 7946 0958', '020 7946 0958'],
      ['01 23 45 67 89', '01 23 45 67 89'],
      ['0049 170 1234567', '0049 170 1234567'],
      ['(030) 12345678', '(030) 12345678'],
    ],
    not: [
      '1234567890', '5551234567', '0301234567', 'x+491701234567', '+12345', '+1234567890123456', '01/02/2024 10:30',
      '01.02.2024', '2024-01-02', '12-31-2024', '0.5 12345678', '555-1234', 'A555-123-4567', '555-123-45678',
    ],
  },
  CREDIT_DEBIT_CARD_NUMBER: {
    found: [
      ['4111111111111111', '4111111111111111'],
      ['card: 4111 1111 1111 1111.', '4111 1111 1111 1111'],
      ['5500-0000-0000-0004', '5500-0000-0000-0004'],
      ['3782 822463 10005', '3782 822463 10005'],
      ['378282246310005', '378282246310005'],
      ['4222222222222', '4222222222222'],
      ['6304 0000 0000 0000 000', '6304 0000 0000 0000 000'],
      ['4111 1111 1111 1111 123', '4111 1111 1111 1111'],
    ],
    not: [
      '4111111111111112', '4111 1111 1111 1112', '5500-0000-0000-0005', '378282246310006', '41111111111111111111111',
      'a4111111111111111', '4111111111111111b', '0000000000000000', '0.4111111111111111', '411111111111', '41 11 11 11 11 11 11 11',
    ],
  },
  INTERNATIONAL_BANK_ACCOUNT_NUMBER: {
    found: [
      ['DE89370400440532013000', 'DE89370400440532013000'],
      ['pay DE89 3704 0044 0532 0130 00 NOW PLEASE', 'DE89 3704 0044 0532 0130 00'],
      ['gb82 west 1234 5698 7654 32', 'gb82 west 1234 5698 7654 32'],
      ['NO9386011117947', 'NO9386011117947'],
      ['FR1420041010050500013M02606', 'FR1420041010050500013M02606'],
      ['MT84MALT011000012345MTLCAST001S', 'MT84MALT011000012345MTLCAST001S'],
    ],
    not: [
      'DE89370400440532013001', 'DE88370400440532013000', 'DE8937040044053201300', 'DE893704004405320130000',
      'XX89370400440532013000', 'ADE89370400440532013000',
    ],
  },
  US_SOCIAL_SECURITY_NUMBER: {
    found: [
      ['fake_ssn = "123-45-6789"', '123-45-6789'],
      ['123 45 6789', '123 45 6789'],
      ['899-99-9999,', '899-99-9999'],
    ],
    not: ['000-12-3456', '666-12-3456', '900-12-3456', '123-00-4567', '123-45-0000', '123456789', '1123-45-6789', '123-45-67890', '123-45 6789', 'a123-45-6789'],
  },
  IP_ADDRESS: {
    found: [
      ['at 10.0.0.1.', '10.0.0.1'],
      ['http 192.168.1.254:8080', '192.168.1.254'],
      ['10.0.0.0/24', '10.0.0.0'],
      ['255.255.255.255', '255.255.255.255'],
      ['::1', '::1'],
      ['fe80::1ff:fe23:4567:890a', 'fe80::1ff:fe23:4567:890a'],
      ['2001:0db8:85a3:0000:0000:8a2e:0370:7334', '2001:0db8:85a3:0000:0000:8a2e:0370:7334'],
      ['on 2001:db8::1: yes', '2001:db8::1'],
      ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ],
    not: ['256.1.1.1', '1.2.3', '1.2.3.4.5', 'v1.2.3.4', '1.2.3.4a', '10:20:30', 'std::vector', 'dead::beef', '::', 'a'.repeat(70), 'Ab1/'.repeat(90), '@b.org', '1:2:3:4:5:6:7:8:9', '1.2.3.999'],
  },
  MAC_ADDRESS: {
    found: [
      ['00:1A:2b:3C:4d:5E', '00:1A:2b:3C:4d:5E'],
      ['mac 00-1a-2b-3c-4d-5e.', '00-1a-2b-3c-4d-5e'],
      ['001a.2b3c.4d5e', '001a.2b3c.4d5e'],
      ['02:00:5e:10:00:00:00:01', '02:00:5e:10:00:00:00:01'],
      ['is 00:1A:2b:3C:4d:5E: up', '00:1A:2b:3C:4d:5E'],
    ],
    not: ['00:1A:2b:3C:4d', '00:1A:2b:3C:4d:5E:6F', '00:1A-2b:3C-4d:5E', '00:1G:2b:3C:4d:5E', 'x00:1A:2b:3C:4d:5E'],
  },
  URL: {
    found: [
      ['see https://example.com/a?b=c#d.', 'https://example.com/a?b=c#d'],
      ['(www.example.com/x)', 'www.example.com/x'],
      ['HTTP://EXAMPLE.COM', 'HTTP://EXAMPLE.COM'],
      ['postgres://user:pw@db:5432/x', 'postgres://user:pw@db:5432/x'],
      ['"https://example.com"', 'https://example.com'],
      ['s3://bucket/key, and', 's3://bucket/key'],
    ],
    not: ['https://', 'example.com', 'awww.nice', 'http:/x'],
  },
  AWS_ACCESS_KEY: {
    found: [
      ['AKIAIOSFODNN7EXAMPLE', 'AKIAIOSFODNN7EXAMPLE'],
      ['id=ASIAIOSFODNN7EXAMPLE;', 'ASIAIOSFODNN7EXAMPLE'],
    ],
    not: ['AKIAIOSFODNN7EXAMPL', 'AKIAIOSFODNN7EXAMPLES', 'akiaiosfodnn7example', 'AKIBIOSFODNN7EXAMPLE', 'xAKIAIOSFODNN7EXAMPLE'],
  },
  AWS_SECRET_KEY: {
    found: [
      ['wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'],
      ['secret="je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY"', 'je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY'],
    ],
    not: [
      'da39a3ee5e6b4b0d3255bfef95601890afd80709', 'DA39A3EE5E6B4B0D3255BFEF95601890AFD80709',
      'src/main/java/com/Example/projects/Foo1x', 'thisIsAVeryLongCamelCaseIdentifierName12', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKE',
      'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEYS', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY=',
    ],
  },
}; // prettier-ignore

for (const type of PII_DETECTOR_TYPES) {
  describe(`PII detector for ${type}`, () => {
    for (const [text, match] of cases[type].found) {
      it(`finds ${match} in ${text}`, () => assert.deepEqual(findIn(text, [type]), [[type, match]]));
    }
    for (const text of cases[type].not) {
      it(`finds nothing in ${text}`, () => assert.deepEqual(findIn(text, [type]), []));
    }
  });
}

const DOCUMENT = [
  'Dear Ms. Ünal 😀, write to jo.doe@example.com or https://jo@example.com/a(b). Call +49 170 1234567,',
  '(555) 123-4567. Pay 4111 1111 1111 1111 or DE89 3704 0044 0532 0130 00 AS SOON. SSN 123-45-6789;',
  'hosts 10.0.0.1, fe80::1: and 00:1A:2b:3C:4d:5E. Keys AKIAIOSFODNN7EXAMPLE and',
  'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY. 😀 Not: 1.2.3.4.5, 4111 1111 1111 1112, da39a3ee5e6b4b0d3255bfef95601890afd80709.',
].join('\n');

function piecesOf(chunks: readonly string[]): PiiPiece[] {
  const stream = everything.stream();
  return [...chunks.flatMap((chunk) => stream.push(chunk)), ...stream.end()];
}

function matchesOf(pieces: readonly PiiPiece[]) {
  return pieces.flatMap((piece) => (piece.kind === 'match' ? [piece.match] : []));
}

describe('PII detector', () => {
  it('finds every type in one text', () => {
    const found = findIn(DOCUMENT);
    assert.deepEqual(
      found.map(([type]) => type).sort(),
      [...PII_DETECTOR_TYPES, 'IP_ADDRESS', 'PHONE'].sort(),
    );
  });

  it('resolves overlaps: leftmost, longest, then by type', () => {
    assert.deepEqual(findIn('https://jo@example.com/x'), [['URL', 'https://jo@example.com/x']]);
    assert.deepEqual(findIn('a@10.0.0.1.com'), [['EMAIL', 'a@10.0.0.1.com']]);
  });

  it('leaves nothing of a match uncovered where another one covers its beginning', () => {
    // The URL begins inside the e-mail address and reaches further.
    const text = 'jo@www.example.com/secret?x';
    const found = findIn(text);
    assert.deepEqual(
      found.map(([type]) => type),
      ['EMAIL', 'URL'],
    );
    assert.equal(found.map(([, match]) => match).join(''), text);
  });

  it('gives the same matches for every place to cut', () => {
    const whole = everything.find(DOCUMENT);
    for (let cut = 0; cut <= DOCUMENT.length; cut++) {
      const pieces = piecesOf([DOCUMENT.slice(0, cut), DOCUMENT.slice(cut)]);
      assert.deepEqual(matchesOf(pieces), whole, `cut at ${cut}`);
      assert.equal(pieces.map(({ text }) => text).join(''), DOCUMENT);
    }
  });

  it('gives the same matches for random cuts of random texts', () => {
    const bits = DOCUMENT.split(/(?<=\s)/).concat([
      '+49 ',
      '4111 ',
      'a@b',
      '.com',
      '-',
      '123',
      '\ud83d',
      '\ude00',
      ':',
      '::',
      '1.',
    ]);
    const texts = fc.array(fc.constantFrom(...bits), { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, fc.array(fc.nat({ max: 200 }), { maxLength: 12 }), (text, cuts) => {
        const points = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
        const pieces = piecesOf(points.slice(1).map((end, i) => text.slice(points[i], end)));
        assert.deepEqual(matchesOf(pieces), everything.find(text));
        assert.equal(pieces.map((piece) => piece.text).join(''), text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('holds no more of an endless word back than an e-mail address could be long', () => {
    const stream = everything.stream();
    let released = 0;
    for (let i = 0; i < 1_000; i++) for (const { text } of stream.push('abcd')) released += text.length;
    assert.ok(released >= 4_000 - 325, `${released} of 4,000`);
    const last = [...stream.push('@example.org '), ...stream.end()];
    const match = last.find((piece) => piece.kind === 'match');
    assert.equal(match?.text, `${'abcd'.repeat(16)}@example.org`);
  });

  it('never cuts a surrogate pair, and passes lone surrogates on', () => {
    const stream = everything.stream();
    const texts = [...'a😀b\ud83d'.split('').map((unit) => stream.push(unit)), stream.end()].map((pieces) =>
      pieces.map(({ text }) => text).join(''),
    );
    assert.equal(texts.join(''), 'a😀b\ud83d');
    assert.ok(texts.some((text) => text.includes('😀')));
  });

  it('finds nothing in nothing', () => {
    assert.deepEqual(everything.find(''), []);
    assert.deepEqual(piecesOf([]), []);
    assert.deepEqual(piecesOf(['', '']), []);
  });
});
